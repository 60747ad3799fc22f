//! What the type and its attributes mean together, and whether they do.

use syn::{Field, Fields, Member, Path, Type, spanned::Spanned};

use crate::{
    ast::{Container, Shape, member_name, members},
    attr::{Attrs, Listed},
    ctxt::Ctxt,
    suggest,
};

/// What the code is written from.
pub(crate) struct Plan<'a> {
    pub(crate) container: &'a Container<'a>,
    pub(crate) root: Path,
    pub(crate) info: Option<Type>,
    pub(crate) delegate: Option<Delegate<'a>>,
    pub(crate) listed: Vec<Listed>,
}

/// The field that takes the callbacks that are not listed. `member` has the place in the attribute.
pub(crate) struct Delegate<'a> {
    pub(crate) member: Member,
    pub(crate) ty: &'a Type,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(ctxt: &Ctxt, container: &'a Container<'a>, root: Path, attrs: Attrs) -> Self {
        let Attrs { root: _, info, delegate, listed } = attrs;
        let delegate = delegate.and_then(|member| find_delegate(ctxt, &container.shape, member));
        Self { container, root, info, delegate, listed }
    }
}

fn find_delegate<'a>(ctxt: &Ctxt, shape: &Shape<'a>, member: Member) -> Option<Delegate<'a>> {
    match shape {
        Shape::Struct(fields) => {
            let found = members(fields).find(|(candidate, _)| *candidate == member).or_else(|| {
                let meant = meant(fields, &member);
                ctxt.mistake(member.span(), no_such_field(fields, &member, meant.as_ref().map(|(meant, _)| meant)));
                meant
            });
            found.map(|(_, field)| Delegate { member, ty: &field.ty })
        }
        Shape::Enum => {
            ctxt.mistake(
                member.span(),
                "an enum has no delegate, as its fields belong to its variants; hold it in a struct beside the \
                 delegate, or list the callbacks and `match` in them",
            );
            None
        }
        // Refused already.
        Shape::Union => None,
    }
}

/// The field with the nearest name; the fallback takes it, so that `Info` is what it will be.
fn meant<'a>(fields: &'a Fields, member: &Member) -> Option<(Member, &'a Field)> {
    let names = names(fields);
    let meant = suggest::nearest(&member_name(member), names.iter().map(String::as_str))?;
    members(fields).find(|(candidate, _)| member_name(candidate) == meant)
}

fn no_such_field(fields: &Fields, member: &Member, meant: Option<&Member>) -> String {
    let name = member_name(member);
    let names = names(fields);
    let list = || suggest::list(names.iter().map(String::as_str));
    match (meant, names.len()) {
        (Some(meant), _) => format!("there is no field `{name}`: did you mean `{}`?", member_name(meant)),
        (None, 0) => format!("there is no field `{name}`: this struct has none"),
        (None, 1) => format!("there is no field `{name}`; there is {}", list()),
        (None, _) => format!("there is no field `{name}`; there are {}", list()),
    }
}

fn names(fields: &Fields) -> Vec<String> {
    members(fields).map(|(member, _)| member_name(&member)).collect()
}
