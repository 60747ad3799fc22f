//! The derive macro of [`fresh`](https://docs.rs/fresh): use that crate, which re-exports it.
//!
//! A pipeline: `ast` is what was written, `attr` what the attributes say, `valid` what holds together, `expand` the
//! code, with `bounds` for its head; `root` finds `fresh`. Mistakes are collected in a `Ctxt`; where there are any, `fallback` writes the code instead.

mod ast;
mod attr;
mod bounds;
mod callback;
mod ctxt;
mod expand;
mod fallback;
mod root;
mod suggest;
mod tokens;
mod valid;

#[cfg(test)]
mod tests;

use proc_macro2::{Span, TokenStream};
use syn::{DeriveInput, Path, parse_macro_input};

use ctxt::Ctxt;
use root::NotADependency;

/// Implements `Handler` with the default callbacks, or with those of your choice: Fresh's `use Fresh`.
///
/// Without an attribute, every callback is the default one, and `Info` is `()`:
///
/// ```
/// # extern crate renamed as fresh;
/// #[derive(fresh::Handler)]
/// struct Listener;
/// ```
///
/// # `#[handler(...)]` on the type
///
/// | entry | effect |
/// |---|---|
/// | `handle_in`, `handle_connect`, … | forwards this callback to the type's own method of the same name, `async` or not |
/// | `info = T` | sets `Handler::Info`, what `client.info(x)` takes |
/// | `delegate = field` | takes every callback that is not listed from a field that is a `Handler` itself; a tuple's field has a number: `delegate = 0` |
/// | `crate = path` | where `fresh` is, for a crate that has it from another crate and not as a dependency of its own |
///
/// Several attributes add up: `#[handler(info = Command)]` and `#[handler(handle_info)]` are
/// `#[handler(info = Command, handle_info)]`.
///
/// ```
/// # extern crate renamed as fresh;
/// use fresh::{Action, Handler, Message};
///
/// enum Command {
///     Say(&'static str),
/// }
///
/// #[derive(Handler)]
/// #[handler(info = Command, handle_in, handle_info)]
/// struct Counter {
///     seen: u64,
/// }
///
/// impl Counter {
///     async fn handle_in(&mut self, _: Message) -> fresh::Result<Action> {
///         self.seen += 1;
///         Ok(Action::Continue)
///     }
///
///     fn handle_info(&mut self, Command::Say(what): Command) -> fresh::Result<Action> {
///         Ok(Action::reply(what))
///     }
/// }
/// ```
///
/// The derive writes the callbacks alone. Being started and supervised is what every handler can, by `HandlerExt`.
///
/// # The methods
///
/// A listed callback is an inherent method with the parameters of the trait's, private or not. It takes `&mut self` or
/// `&self`, and returns what the trait's returns, or a `Send` future of it: an `async fn`, or a `fn` that returns
/// `impl Future + Send`. A method that has a callback's name and is not listed stays what it is: yours. A method that is
/// private to another module, or whose `impl` has bounds that the type does not have, counts as missing.
///
/// # The delegate
///
/// `Info` is the delegate's, unless `info = T` says otherwise; a delegate whose `Info` is another one cannot take
/// `handle_info`, so that callback has to be listed. A handler that is more public than its delegate has to say what
/// `Info` is (E0446 otherwise). An enum has no field of its own, so it has no delegate.
///
/// # Generics
///
/// Type parameters get the bounds `Send + 'static`, and the type of a delegate the bound `Handler`. What else a field
/// needs to be `Send` (an `Arc<T>` needs `T: Sync`) is for the type's own bounds. Lifetimes are refused: a handler
/// outlives the scope it was made in.
#[proc_macro_derive(Handler, attributes(handler))]
pub fn derive_handler(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive(&parse_macro_input!(input as DeriveInput), root::find).into()
}

fn derive(input: &DeriveInput, find_root: fn() -> Result<Path, NotADependency>) -> TokenStream {
    let ctxt = Ctxt::default();
    let container = ast::Container::new(&ctxt, input);
    let mut attrs = attr::Attrs::read(&ctxt, &input.attrs);
    let root = match attrs.root.take().map_or_else(find_root, Ok) {
        Ok(root) => root,
        // No impl can be written without a path, so this is the only message.
        Err(missing) => return syn::Error::new(Span::call_site(), missing).to_compile_error(),
    };
    let plan = valid::Plan::new(&ctxt, &container, root, attrs);
    match ctxt.finish() {
        Ok(()) => expand::expand(&plan),
        Err(mistakes) => fallback::expand(plan, &mistakes),
    }
}
