//! What was written: the type, and mistakes that are visible before any attribute is read.

use proc_macro2::Span;
use syn::{Attribute, Data, DeriveInput, Field, Fields, Generics, Ident, Index, Member, spanned::Spanned};

use crate::ctxt::Ctxt;

/// The type that becomes a handler.
pub(crate) struct Container<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    pub(crate) shape: Shape<'a>,
}

pub(crate) enum Shape<'a> {
    Struct(&'a Fields),
    Enum,
    Union,
}

impl<'a> Container<'a> {
    pub(crate) fn new(ctxt: &Ctxt, input: &'a DeriveInput) -> Self {
        let Generics { params, .. } = &input.generics;
        for lifetime in params.iter().filter_map(|param| match param {
            syn::GenericParam::Lifetime(param) => Some(&param.lifetime),
            syn::GenericParam::Type(_) | syn::GenericParam::Const(_) => None,
        }) {
            ctxt.mistake(
                lifetime.span(),
                format_args!(
                    "a handler cannot borrow for `{lifetime}`: it outlives the scope it was made in (`Handler: \
                     'static`); own the data, or share it by an `Arc`"
                ),
            );
        }
        let shape = match &input.data {
            Data::Struct(data) => Shape::Struct(&data.fields),
            Data::Enum(_) => Shape::Enum,
            Data::Union(data) => {
                let union = data.union_token.span;
                ctxt.mistake(union, "a union cannot derive `Handler`: nothing says which of its fields is valid");
                Shape::Union
            }
        };
        refuse_inner_attributes(ctxt, &input.data);
        Self { ident: &input.ident, generics: &input.generics, shape }
    }
}

/// `#[handler(...)]` on a field or a variant would have no effect.
fn refuse_inner_attributes(ctxt: &Ctxt, data: &Data) {
    let refuse = |attrs: &[Attribute], what: &str, instead: &str| {
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("handler")) {
            ctxt.mistake(
                attr.path().span(),
                format_args!("`#[handler(...)]` stands on the type, not on {what}{instead}"),
            );
        }
    };
    let refuse_on = |member: &Member, field: &Field| {
        let name = member_name(member);
        refuse(&field.attrs, "a field", &format!("; `#[handler(delegate = {name})]` there names this one"));
    };
    match data {
        Data::Struct(data) => members(&data.fields).for_each(|(member, field)| refuse_on(&member, field)),
        Data::Enum(data) => {
            for variant in &data.variants {
                refuse(&variant.attrs, "a variant", "");
                variant.fields.iter().for_each(|field| refuse(&field.attrs, "a field", ""));
            }
        }
        Data::Union(_) => {}
    }
}

/// The fields, with the name or the number of each.
pub(crate) fn members(fields: &Fields) -> impl Iterator<Item = (Member, &Field)> {
    fields.iter().enumerate().map(|(at, field)| {
        let unnamed = || Member::Unnamed(Index { index: at as u32, span: Span::call_site() });
        (field.ident.clone().map_or_else(unnamed, Member::Named), field)
    })
}

pub(crate) fn member_name(member: &Member) -> String {
    match member {
        Member::Named(name) => name.to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}
