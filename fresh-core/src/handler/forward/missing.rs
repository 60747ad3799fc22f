//! What the compiler finds where a listed callback has no method.

/// What no method takes.
#[derive(Debug)]
pub struct NoMethod(());

macro_rules! missing {
    ($($callback:ident)*) => {
        /// Has every callback's name, for every type. The type's own methods come first.
        ///
        /// A listed method that comes from another trait is ambiguous, and this name is a part of that message.
        pub trait ListedMethodIsInherent {
            $(fn $callback(_: NoMethod) {})*
        }
    };
}

missing! {
    handle_connect handle_in handle_control handle_info handle_down handle_disconnect handle_error handle_terminate
}

impl<T: ?Sized> ListedMethodIsInherent for T {}
