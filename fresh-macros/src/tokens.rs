//! Turning tokens into other tokens.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};

/// These tokens as the derive's own, shown in messages as if they stood there.
///
/// The compiler reports a mistake once a span, so an expression that may be one has one. In tokens of a derive, it does
/// not report what is deprecated: the user's own line says so already.
pub(crate) fn located(tokens: &impl ToTokens, at: Span) -> TokenStream {
    derived(tokens, &|_| at)
}

/// These tokens as the derive's own, where they are.
pub(crate) fn in_place(tokens: &impl ToTokens) -> TokenStream {
    derived(tokens, &|span| span)
}

fn derived(tokens: &impl ToTokens, place: &dyn Fn(Span) -> Span) -> TokenStream {
    map(tokens.to_token_stream(), &|mut token| {
        let at = place(token.span());
        let knows_its_crate = matches!(&token, TokenTree::Ident(ident) if ident == "$crate");
        token.set_span(if knows_its_crate { token.span() } else { Span::mixed_site() }.located_at(at));
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
