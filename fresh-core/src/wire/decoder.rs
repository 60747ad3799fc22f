//! Bytes → frames, without I/O: every check of RFC 6455 §5.
