//! The table of the callbacks: a name, an argument, an answer.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

pub(crate) struct Callback {
    pub(crate) name: &'static str,
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
    Callback { name: "handle_connect", argument: "upgrade", takes: Reference("Upgrade"), answers: Action },
    Callback { name: "handle_in", argument: "message", takes: Value("Message"), answers: Action },
    Callback { name: "handle_control", argument: "control", takes: Value("Control"), answers: Action },
    Callback { name: "handle_info", argument: "info", takes: Info, answers: Action },
    Callback { name: "handle_down", argument: "down", takes: Reference("Down"), answers: Nothing },
    Callback { name: "handle_disconnect", argument: "disconnect", takes: Value("Disconnect"), answers: Recovery },
    Callback { name: "handle_error", argument: "error", takes: Reference("Error"), answers: Recovery },
    Callback { name: "handle_terminate", argument: "reason", takes: Reference("ExitReason"), answers: Nothing },
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

    pub(crate) fn argument(&self, at: Span) -> Ident {
        Ident::new(self.argument, at)
    }

    /// The type of the argument, for a reference without its `&`.
    pub(crate) fn argument_type(&self, at: Span, root: &TokenStream, info: &TokenStream) -> TokenStream {
        match self.takes {
            Value(item) | Reference(item) => {
                let item = Ident::new(item, at);
                quote_spanned!(at=> #root::#item)
            }
            Info => info.clone(),
        }
    }

    /// The type of the returned future.
    pub(crate) fn future(&self, at: Span, root: &TokenStream) -> TokenStream {
        let output = match self.answers {
            Action => quote!(#root::Result<#root::Action>),
            Recovery => quote!(#root::Recovery),
            Nothing => quote!(()),
        };
        quote_spanned!(at=> impl #root::__private::Future<Output = #output> + #root::__private::Send)
    }
}
