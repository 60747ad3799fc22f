//! A call in the wrong state is a typed error that names the state.
