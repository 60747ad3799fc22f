//! Frames → messages: fragments, UTF-8 and limits, without I/O.
