//! A scripted server, for tests of handlers and of the runtime itself.
