//! The table of the callbacks: a name, an argument, an answer.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

pub(crate) struct Callback {
    pub(crate) name: &'static str,
    /// The trait of `fresh::__private` that holds if a method has the callback's signature.
    signature: &'static str,
    argument: &'static str,
    takes: Takes,
    answers: Answers,
}

enum Takes {
    /// An item of the crate, by value.
    Value(&'static str),
    /// An item of the crate, by reference.
    Reference(&'static str),
    /// The handler's `Info`.
    Info,
}

enum Answers {
    Action,
    Recovery,
    Nothing,
}

use Answers::{Action, Nothing, Recovery};
use Takes::{Info, Reference, Value};

pub(crate) const CALLBACKS: [Callback; 8] = [
    Callback {
        name: "handle_connect",
        signature: "HandleConnect",
        argument: "upgrade",
        takes: Reference("Upgrade"),
        answers: Action,
    },
    Callback {
        name: "handle_in",
        signature: "HandleIn",
        argument: "message",
        takes: Value("Message"),
        answers: Action,
    },
    Callback {
        name: "handle_control",
        signature: "HandleControl",
        argument: "control",
        takes: Value("Control"),
        answers: Action,
    },
    Callback { name: "handle_info", signature: "HandleInfo", argument: "info", takes: Info, answers: Action },
    Callback {
        name: "handle_down",
        signature: "HandleDown",
        argument: "down",
        takes: Reference("Down"),
        answers: Nothing,
    },
    Callback {
        name: "handle_disconnect",
        signature: "HandleDisconnect",
        argument: "disconnect",
        takes: Value("Disconnect"),
        answers: Recovery,
    },
    Callback {
        name: "handle_error",
        signature: "HandleError",
        argument: "error",
        takes: Reference("Error"),
        answers: Recovery,
    },
    Callback {
        name: "handle_terminate",
        signature: "HandleTerminate",
        argument: "reason",
        takes: Reference("ExitReason"),
        answers: Nothing,
    },
];

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    CALLBACKS.iter().map(|callback| callback.name)
}

pub(crate) fn find(name: &str) -> Option<&'static Callback> {
    CALLBACKS.iter().find(|callback| callback.name == name)
}

impl Callback {
    pub(crate) fn takes_info(&self) -> bool {
        matches!(self.takes, Info)
    }

    pub(crate) fn takes_reference(&self) -> bool {
        matches!(self.takes, Reference(_))
    }

    pub(crate) fn name(&self, at: Span) -> Ident {
        Ident::new(self.name, at)
    }

    /// The trait that holds if a method has the callback's signature.
    pub(crate) fn signature(&self, at: Span) -> Ident {
        Ident::new(self.signature, at)
    }

    /// The trait that holds if there is a method.
    pub(crate) fn exists(&self, at: Span) -> Ident {
        Ident::new(&format!("Has{}", self.signature), at)
    }

    pub(crate) fn argument(&self, at: Span) -> Ident {
        Ident::new(self.argument, at)
    }

    /// The type of the argument, for a reference without its `&`.
    pub(crate) fn argument_type(&self, at: Span, info: &TokenStream) -> TokenStream {
        match self.takes {
            Value(item) | Reference(item) => {
                let item = Ident::new(item, at);
                quote_spanned!(at=> __fresh::#item)
            }
            Info => info.clone(),
        }
    }

    /// The type of the returned future.
    pub(crate) fn future(&self, at: Span) -> TokenStream {
        let output = match self.answers {
            Action => quote_spanned!(at=> __fresh::Result<__fresh::Action>),
            Recovery => quote_spanned!(at=> __fresh::Recovery),
            Nothing => quote!(()),
        };
        quote_spanned!(at=> impl __fresh::Future<Output = #output> + __fresh::Send)
    }
}
