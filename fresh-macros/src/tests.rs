//! The expansion, read as code.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{File, Path, UseTree, parse_quote, visit::Visit};

fn expand(input: TokenStream) -> String {
    crate::derive(&syn::parse2(input).unwrap(), || Ok(parse_quote!(::fresh))).to_string()
}

/// Collects the paths that lead neither to `root` nor to its `__private`, and that are not names of the input's or the
/// expansion's own.
struct Foreign<'a> {
    root: &'a str,
    own: &'a [&'a str],
    found: Vec<String>,
}

impl Foreign<'_> {
    fn judge(&mut self, path: String) {
        let leads_to = |root| path.strip_prefix(root).is_some_and(|rest: &str| rest.starts_with("::"));
        let rooted = [self.root, "__fresh", "__Handler"].into_iter().any(leads_to);
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
        let UseTree::Path(path) = &item.tree else { panic!("a `use` without a path") };
        self.judge(format!("{leading}{}::", path.ident));
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
    let inner = ["Self", "self", "this", "forward", "__Other", "__Handler"];
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
        const _: () = {
            use ::fresh::{Handler as __Handler, __private as __fresh};

            #[automatically_derived]
            impl __Handler for Nothing {
                type Info = ();
            }
        };
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
fn the_path_to_fresh_stands_in_one_place_so_that_a_wrong_one_is_one_mistake() {
    let code = expand(quote! {
        #[handler(info = Cmd, handle_connect, handle_in, delegate = base, crate = elsewhere)]
        struct Given<T> { base: Base<T> }
    });
    assert_eq!(code.matches("elsewhere").count(), 1, "{code}");
}

#[test]
fn a_missing_dependency_is_one_mistake_and_no_impl() {
    let input = syn::parse_quote!(
        #[handler(handle_in)]
        struct Given;
    );
    let code = crate::derive(&input, || Err(crate::root::NotADependency)).to_string();
    assert_eq!(code.matches("compile_error").count(), 1, "{code}");
    assert!(code.contains("#[handler(crate = path)]") && !code.contains("impl"), "{code}");
}

/// `#[allow]` is an error or a warning under `forbid`, and `use<…>` is what a lint calls redundant.
#[test]
fn the_expansion_needs_no_allow_and_names_no_captures() {
    let code = expand(quote! {
        #[handler(info = Cmd, handle_connect, handle_in)]
        struct Given<T: Bound> where T: Other { field: T }
    });
    assert!(!code.contains("allow") && !code.contains("use <"), "{code}");
    // Both bounds of a function's type parameter stand in one place, which is another lint's matter.
    assert!(!code.contains("forward < '__this , T :"), "{code}");
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
