//! The code.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{parse_quote, spanned::Spanned};

use crate::{
    attr::Listed,
    callback::{CALLBACKS, Callback},
    tokens::{at_one_place, captured, located, without_self},
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
    pub(crate) fn implement(&self, callbacks: impl Iterator<Item = TokenStream>) -> TokenStream {
        let (root, info, this) = (&self.root, self.info(), self.this());
        let mut generics = self.generics();
        if !self.listed.is_empty() {
            generics.make_where_clause().predicates.push(parse_quote!(#this: #root::__private::Itself<Type = #this>));
        }
        let (parameters, _, bounds) = generics.split_for_impl();
        let info = quote_spanned!(self.info_span()=> type Info = #info;);
        quote! {
            #[automatically_derived]
            impl #parameters #root::Handler for #this #bounds {
                #info
                #(#callbacks)*
            }
        }
    }

    /// A callback that calls the method of the same name, through a function in which the trait's own method of this
    /// name is out of sight. See `fresh::__private`.
    fn forwarded(&self, Listed { callback, span }: &Listed) -> TokenStream {
        let at = Span::mixed_site().located_at(*span);
        let (root, this, info) = (located(&self.root, at), at_one_place(self.this(), at), self.info());
        let (name, argument, future) = (callback.name(at), callback.argument(at), callback.future(at, &root));
        let argument_type = callback.argument_type(at, &root, &info);
        let by_reference = callback.takes_reference();
        let outer_type = if by_reference { quote!(&#argument_type) } else { argument_type.clone() };
        let inner_type = if by_reference { quote!(&'__argument #argument_type) } else { argument_type };

        let mut generics = self.generics();
        if by_reference {
            generics.params.insert(0, parse_quote!('__argument));
        }
        generics.params.insert(0, parse_quote!('__this));
        generics.params.push(parse_quote!(__Other));
        generics.make_where_clause().predicates.push(parse_quote!(#this: #root::__private::Itself<Type = __Other>));
        let captured = captured(&generics);
        let (parameters, _, bounds) = generics.split_for_impl();

        // The type's own bounds may stand in two places, which is refused of functions alone.
        let function = quote_spanned! {at=>
            #[allow(clippy::multiple_bound_locations)]
            fn forward #parameters (this: &'__this mut #this, #argument: #inner_type) -> #future + use<#captured> #bounds {
                use #root::__private::Missing as _;
                #root::__private::#name(this, #argument, <#this>::#name)
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
        let (root, info) = (located(&self.root, at), self.info());
        let (name, argument, future) = (callback.name(at), callback.argument(at), callback.future(at, &root));
        let argument_type = callback.argument_type(at, &root, &info);
        let reference = callback.takes_reference().then(|| quote!(&));
        let given = if callback.takes_info() && self.info.is_some() {
            quote_spanned!(at=> <#info as #root::__private::SameInfo<<#ty as #root::Handler>::Info>>::same(#argument))
        } else {
            argument.to_token_stream()
        };
        quote_spanned! {at=>
            fn #name(&mut self, #argument: #reference #argument_type) -> #future {
                #root::Handler::#name(&mut self.#member, #given)
            }
        }
    }
}
