//! Turning tokens into other tokens.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::Generics;

/// The names of all parameters, for `use<...>`.
pub(crate) fn captured(generics: &Generics) -> TokenStream {
    let names = generics.params.iter().map(|param| match param {
        syn::GenericParam::Lifetime(param) => param.lifetime.to_token_stream(),
        syn::GenericParam::Type(param) => param.ident.to_token_stream(),
        syn::GenericParam::Const(param) => param.ident.to_token_stream(),
    });
    quote!(#(#names),*)
}

/// These tokens, shown in messages as if they stood there.
pub(crate) fn located(tokens: &impl ToTokens, at: Span) -> TokenStream {
    map(tokens.to_token_stream(), &|mut token| {
        token.set_span(token.span().located_at(at));
        token.into()
    })
}

/// These tokens, all of one span. The compiler tells a mistake once a span, so an expression that may be one has one.
pub(crate) fn at_one_place(tokens: TokenStream, at: Span) -> TokenStream {
    map(tokens, &|mut token| {
        token.set_span(at);
        token.into()
    })
}

/// An inner function does not know the impl's `Self`: the type stands in its place.
pub(crate) fn without_self(tokens: TokenStream, this: &TokenStream) -> TokenStream {
    let name = format_ident!("Self");
    map(tokens, &|token| match token {
        TokenTree::Ident(ident) if ident == name => quote!(#this),
        TokenTree::Ident(_) | TokenTree::Group(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => token.into(),
    })
}

fn map(tokens: TokenStream, change: &dyn Fn(TokenTree) -> TokenStream) -> TokenStream {
    let inner = |token| match token {
        TokenTree::Group(group) => {
            let mut mapped = Group::new(group.delimiter(), map(group.stream(), change));
            mapped.set_span(group.span());
            TokenTree::Group(mapped)
        }
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => token,
    };
    tokens.into_iter().flat_map(|token| change(inner(token))).collect()
}
