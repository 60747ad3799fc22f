//! The code.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{parse_quote, parse_quote_spanned, spanned::Spanned};

use crate::{
    attr::Listed,
    bounds::in_where_clause,
    callback::{CALLBACKS, Callback},
    tokens::{located, without_self},
    valid::{Delegate, Plan},
};

pub(crate) fn expand(plan: &Plan<'_>) -> TokenStream {
    let callbacks = CALLBACKS.iter().filter_map(|callback| {
        let listed = plan.listed.iter().find(|listed| listed.callback.name == callback.name);
        match (listed, &plan.delegate) {
            (Some(listed), _) => Some(plan.forwarded(listed)),
            (None, Some(delegate)) => Some(plan.delegated(callback, delegate)),
            // The trait has the default.
            (None, None) => None,
        }
    });
    plan.implement(callbacks)
}

impl Plan<'_> {
    /// The impl with these callbacks; the others have the trait's defaults.
    ///
    /// The block names `fresh` in one place, so a path that leads nowhere is one mistake, reported where the path is.
    pub(crate) fn implement(&self, callbacks: impl Iterator<Item = TokenStream>) -> TokenStream {
        let (root, info, this) = (&self.root, self.info(), self.this());
        let mut generics = self.generics();
        if !self.listed.is_empty() {
            generics.make_where_clause().predicates.push(parse_quote!(#this: __fresh::Itself<Type = #this>));
        }
        let (parameters, _, bounds) = generics.split_for_impl();
        let info = quote_spanned!(self.info_span()=> type Info = #info;);
        let (mixed, at) = (Span::mixed_site(), self.root_span());
        let names = quote_spanned!(mixed.located_at(at)=> ::{Handler as __Handler, __private as __fresh});
        quote! {
            const _: () = {
                use #root #names;

                #[automatically_derived]
                impl #parameters __Handler for #this #bounds {
                    #info
                    #(#callbacks)*
                }
            };
        }
    }

    /// A callback that calls the method of the same name, through a function in which the trait's own method of this
    /// name is out of sight. See `fresh::__private`.
    fn forwarded(&self, Listed { callback, span }: &Listed) -> TokenStream {
        let at = Span::mixed_site().located_at(*span);
        let (this, info) = (located(&self.this(), at), self.info());
        let (name, argument, future) = (callback.name(at), callback.argument(at), callback.future(at));
        let argument_type = callback.argument_type(at, &info);
        let by_reference = callback.takes_reference();
        let outer_type = if by_reference { quote!(&#argument_type) } else { argument_type.clone() };
        let inner_type = if by_reference { quote!(&'__argument #argument_type) } else { argument_type };

        let mut generics = in_where_clause(self.generics());
        if by_reference {
            generics.params.insert(0, parse_quote!('__argument));
        }
        generics.params.insert(0, parse_quote!('__this));
        generics.params.push(parse_quote!(__Other));
        let itself = parse_quote_spanned!(at=> #this: __fresh::Itself<Type = __Other>);
        generics.make_where_clause().predicates.push(itself);
        let (parameters, _, bounds) = generics.split_for_impl();

        // The traits hold for each type. Called on a type parameter, their messages do not name them.
        let (signature, exists) = (callback.signature(at), callback.exists(at));
        let other = quote_spanned!(at=> <#this as __fresh::Itself>::Type);
        let call = quote_spanned! {at=>
            <#other as __fresh::#exists<#this, _>>::future(
                <#other as __fresh::#signature<'_, #this, _, _, _>>::call(this, #argument, <#this>::#name)
            )
        };
        // A method may return a future for the shorter of two lifetimes, and only an `async` block can own that one.
        let call = if by_reference { quote_spanned!(at=> async move { #call.await }) } else { call };
        let function = quote_spanned! {at=>
            fn forward #parameters (this: &'__this mut #this, #argument: #inner_type) -> #future #bounds {
                use __fresh::ListedMethodIsInherent as _;
                #call
            }
        };
        let function = without_self(function, &this);
        quote_spanned! {at=>
            fn #name(&mut self, #argument: #outer_type) -> #future {
                #function
                forward(self, #argument)
            }
        }
    }

    /// A callback that the delegate takes.
    fn delegated(&self, callback: &Callback, Delegate { member, ty }: &Delegate<'_>) -> TokenStream {
        let at = Span::mixed_site().located_at(member.span());
        let info = self.info();
        let (name, argument, future) = (callback.name(at), callback.argument(at), callback.future(at));
        let argument_type = callback.argument_type(at, &info);
        let reference = callback.takes_reference().then(|| quote!(&));
        let given = if callback.takes_info() && self.info.is_some() {
            let ty = located(ty, at);
            quote_spanned!(at=> <#info as __fresh::SameInfo<<#ty as __Handler>::Info>>::same(#argument))
        } else {
            argument.to_token_stream()
        };
        quote_spanned! {at=>
            fn #name(&mut self, #argument: #reference #argument_type) -> #future {
                __Handler::#name(&mut self.#member, #given)
            }
        }
    }
}
