//! The derive macro of `fresh`: a room that stands ready and is still empty.
