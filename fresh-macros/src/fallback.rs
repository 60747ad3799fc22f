//! What is written where there are mistakes: the messages, and an impl that is complete.
//!
//! With the impl, the rest of the program still has its handler, and no message follows from the first ones.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Error;

use crate::valid::Plan;

pub(crate) fn expand(mut plan: Plan<'_>, mistakes: &Error) -> TokenStream {
    plan.listed.clear();
    if plan.info.is_some() {
        // It fits whatever the delegate's is, where nothing is delegated.
        plan.delegate = None;
    }
    let messages = mistakes.to_compile_error();
    let fallback = plan.implement(std::iter::empty());
    quote! {
        #messages
        #fallback
    }
}
