//! The expansion, read as code.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{File, Path, UsePath, visit::Visit};

fn expand(input: TokenStream) -> String {
    crate::derive(&syn::parse2(input).unwrap()).to_string()
}

/// Collects the paths that are not rooted in `root`, and are no names of the input's or the expansion's own.
struct Foreign<'a> {
    root: &'a str,
    own: &'a [&'a str],
    found: Vec<String>,
}

impl Foreign<'_> {
    fn judge(&mut self, path: String) {
        let rooted = path.strip_prefix(self.root).is_some_and(|rest| rest.starts_with("::"));
        if !rooted && !self.own.contains(&path.as_str()) {
            self.found.push(path);
        }
    }
}

impl<'ast> Visit<'ast> for Foreign<'_> {
    fn visit_path(&mut self, path: &'ast Path) {
        let leading = path.leading_colon.map_or("", |_| "::");
        let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.judge(format!("{leading}{}", names.join("::")));
        syn::visit::visit_path(self, path);
    }

    /// Of `<Type>::method`, the type is what can lead elsewhere.
    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        match &path.qself {
            Some(qself) if qself.position == 0 => self.visit_type(&qself.ty),
            Some(_) | None => syn::visit::visit_expr_path(self, path),
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let leading = item.leading_colon.map_or("", |_| "::");
        let syn::UseTree::Path(UsePath { ident, .. }) = &item.tree else { panic!("a `use` without a path") };
        self.judge(format!("{leading}{ident}::"));
    }

    /// Attributes name what is built in.
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}
}

/// The expansion with all that there is, and every path in it that leads elsewhere.
fn foreign(attribute: &TokenStream, root: &str) -> Vec<String> {
    let code = expand(quote! {
        #[handler(info = Cmd, handle_connect, handle_in, handle_info, delegate = base)]
        #[handler(handle_error, #attribute)]
        struct Given<T: Bound, const N: usize> where T: Other { base: Base<T> }
    });
    let file: File = syn::parse_str(&code).unwrap();
    let given = ["Cmd", "Given", "T", "Bound", "N", "usize", "Other", "Base"];
    // The callbacks' arguments, and what an inner function is made of.
    let arguments = ["upgrade", "message", "control", "info", "down", "disconnect", "error", "reason"];
    let inner = ["Self", "self", "this", "forward", "__Other"];
    let own = [&given[..], &arguments, &inner].concat();
    let mut foreign = Foreign { root, own: &own, found: Vec::new() };
    foreign.visit_file(&file);
    foreign.found
}

#[test]
fn every_path_of_the_expansion_is_rooted_in_fresh() {
    assert_eq!(foreign(&quote!(), "::fresh"), [""; 0]);
}

#[test]
fn every_path_is_rooted_in_the_other_name_where_one_is_given() {
    assert_eq!(foreign(&quote!(crate = ::renamed), "::renamed"), [""; 0]);
    assert_eq!(foreign(&quote!(crate = renamed), "renamed"), [""; 0]);
}

#[test]
fn without_an_attribute_the_impl_is_all_defaults() {
    let code = expand(quote!(
        enum Nothing {}
    ));
    let expected = quote! {
        #[automatically_derived]
        impl ::fresh::Handler for Nothing {
            type Info = ();
        }
    };
    assert_eq!(code, expected.to_string());
}

#[test]
fn a_mistake_leaves_a_complete_impl() {
    let code = expand(quote! {
        #[handler(info = Cmd, handle_inn, handle_in)]
        struct Given;
    });
    let file: File = syn::parse_str(&code).unwrap();
    assert_eq!(file.items.len(), 2, "{code}");
    assert!(code.contains("type Info = Cmd") && code.contains("compile_error"), "{code}");
}

#[test]
fn all_mistakes_are_told_at_once() {
    let code = expand(quote! {
        #[handler(handle_inn, handle_in, handle_in, inof = Cmd)]
        #[handler(delegate = bsae)]
        struct Given { base: Base }
    });
    assert_eq!(code.matches("compile_error").count(), 4, "{code}");
}
