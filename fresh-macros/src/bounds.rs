//! The parts of the impl's head: the type, its `Info`, its parameters and bounds.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Generics, WherePredicate, parse_quote, parse_quote_spanned, spanned::Spanned};

use crate::{
    tokens::{in_place, located},
    valid::{Delegate, Plan},
};

impl Plan<'_> {
    /// The type itself, with its parameters.
    pub(crate) fn this(&self) -> TokenStream {
        let ident = in_place(self.container.ident);
        let (_, parameters, _) = self.container.generics.split_for_impl();
        quote!(#ident #parameters)
    }

    /// `Handler::Info`: what the attribute says, or the delegate's, or `()`.
    pub(crate) fn info(&self) -> TokenStream {
        match (&self.info, &self.delegate) {
            (Some(info), _) => info.to_token_stream(),
            (None, Some(Delegate { ty, .. })) => {
                let ty = in_place(ty);
                quote!(<#ty as __Handler>::Info)
            }
            (None, None) => quote!(()),
        }
    }

    /// The entry that says what `Info` is.
    pub(crate) fn info_span(&self) -> Span {
        let entry = match (&self.info, &self.delegate) {
            (Some(info), _) => info.span(),
            (None, Some(Delegate { member, .. })) => member.span(),
            (None, None) => Span::call_site(),
        };
        Span::mixed_site().located_at(entry)
    }

    /// Where the path to `fresh` stands.
    pub(crate) fn root_span(&self) -> Span {
        self.root.segments.last().map_or_else(Span::call_site, Spanned::span)
    }

    /// The type's parameters and bounds, and those that a handler needs.
    pub(crate) fn generics(&self) -> Generics {
        let mut generics = self.container.generics.clone();
        let parameters = self.container.generics.type_params().map(|param| &param.ident);
        let sendable = |parameter| -> WherePredicate { parse_quote!(#parameter: __fresh::Send + 'static) };
        let bounds = &mut generics.make_where_clause().predicates;
        bounds.extend(parameters.map(sendable));
        bounds.extend(self.delegate.iter().flat_map(|delegate| self.delegate_bounds(delegate)));
        bounds.extend(self.lifetime_bounds());
        generics
    }

    /// What the delegate must fulfil: here, and not only where it is used, so that it is refused once.
    fn delegate_bounds(&self, Delegate { member, ty }: &Delegate<'_>) -> Vec<WherePredicate> {
        let at = Span::mixed_site().located_at(member.span());
        let ty = located(ty, at);
        let mut bounds = vec![parse_quote_spanned!(at=> #ty: __Handler)];
        if let Some(info) = &self.info
            && !self.listed.iter().any(|listed| listed.callback.takes_info())
        {
            let info = located(info, at);
            bounds.push(parse_quote_spanned!(at=> #info: __fresh::SameInfo<<#ty as __Handler>::Info>));
        }
        bounds
    }

    /// Lifetimes are refused, so only the fallback gets these: whatever is said of a handler holds.
    fn lifetime_bounds(&self) -> Vec<WherePredicate> {
        let this = self.this();
        let lifetimes = self.container.generics.lifetimes().map(|param| &param.lifetime);
        let outlives = |lifetime| -> Vec<WherePredicate> {
            vec![parse_quote!(#lifetime: 'static), parse_quote!(#this: __fresh::Send)]
        };
        lifetimes.flat_map(outlives).collect()
    }
}

/// The same bounds, all of them in the `where` clause: in a function, two places for the bounds of one type are a lint's.
pub(crate) fn in_where_clause(mut generics: Generics) -> Generics {
    let mut moved: Vec<WherePredicate> = Vec::new();
    for parameter in generics.type_params_mut() {
        let (ident, bounds) = (&parameter.ident, std::mem::take(&mut parameter.bounds));
        if !bounds.is_empty() {
            moved.push(parse_quote!(#ident: #bounds));
        }
        parameter.colon_token = None;
    }
    generics.make_where_clause().predicates.extend(moved);
    generics
}
