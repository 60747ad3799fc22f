//! Frames → bytes, on fastwebsockets' `Frame`: head and masking.
