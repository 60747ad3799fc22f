//! What `#[handler(...)]` says, entry by entry. A mistake in one entry leaves the others readable.

use proc_macro2::{Span, TokenTree};
use syn::{
    Attribute, Ident, LitStr, Member, Meta, Path, Token, Type, ext::IdentExt, parse::ParseStream, spanned::Spanned,
    token,
};

use crate::{
    callback::{self, Callback},
    ctxt::Ctxt,
    suggest,
};

/// All `#[handler(...)]` of a type, added up.
#[derive(Default)]
pub(crate) struct Attrs {
    pub(crate) root: Option<Path>,
    pub(crate) info: Option<Type>,
    pub(crate) delegate: Option<Member>,
    pub(crate) listed: Vec<Listed>,
}

/// A callback that is forwarded to a method.
pub(crate) struct Listed {
    pub(crate) callback: &'static Callback,
    pub(crate) span: Span,
}

const KEYS: [(&str, &str); 3] = [("info", "info = Type"), ("delegate", "delegate = field"), ("crate", "crate = path")];

impl Attrs {
    pub(crate) fn read(ctxt: &Ctxt, attrs: &[Attribute]) -> Self {
        let mut read = Self::default();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("handler")) {
            let parsed = match &attr.meta {
                Meta::List(list) => list.parse_args_with(|input: ParseStream<'_>| read.entries(ctxt, input)),
                meta @ (Meta::Path(_) | Meta::NameValue(_)) => {
                    Err(syn::Error::new(meta.span(), "expected a list: `#[handler(handle_in, info = Type)]`"))
                }
            };
            if let Err(mistake) = parsed {
                ctxt.add(mistake);
            }
        }
        read
    }

    /// Reads a list; an `Err` is a mistake after which nothing says where the next entry begins.
    fn entries(&mut self, ctxt: &Ctxt, input: ParseStream<'_>) -> syn::Result<()> {
        while !input.is_empty() {
            self.entry(ctxt, input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, ctxt: &Ctxt, input: ParseStream<'_>) -> syn::Result<()> {
        let Ok(key) = input.call(Ident::parse_any) else {
            return Err(input.error(format_args!("expected a callback or a key: {}", all_words())));
        };
        let name = key.to_string();
        if let Some(callback) = callback::find(&name) {
            self.list(ctxt, callback, key.span());
            return refuse_value(ctxt, &key, input);
        }
        match name.as_str() {
            "info" => set(ctxt, &mut self.info, &key, value(ctxt, &key, input)?),
            "delegate" => set(ctxt, &mut self.delegate, &key, value(ctxt, &key, input)?),
            "crate" => set(ctxt, &mut self.root, &key, value(ctxt, &key, input)?),
            _ => {
                ctxt.mistake(key.span(), unknown(&name));
                return skip_value(input);
            }
        }
        Ok(())
    }

    fn list(&mut self, ctxt: &Ctxt, callback: &'static Callback, span: Span) {
        if self.listed.iter().any(|listed| listed.callback.name == callback.name) {
            ctxt.mistake(span, format_args!("`{}` is listed twice", callback.name));
        } else {
            self.listed.push(Listed { callback, span });
        }
    }
}

/// Keeps the first value of a key. Twice is a mistake, unless the value itself was one, and has been told.
fn set<T>(ctxt: &Ctxt, slot: &mut Option<T>, key: &Ident, value: Option<T>) {
    let Some(value) = value else { return };
    if slot.is_some() {
        ctxt.mistake(key.span(), format_args!("`{key}` is given twice"));
    } else {
        *slot = Some(value);
    }
}

/// The value behind `key =`; `None` where it is a mistake behind which the list goes on.
fn value<T: syn::parse::Parse>(ctxt: &Ctxt, key: &Ident, input: ParseStream<'_>) -> syn::Result<Option<T>> {
    let form = KEYS.iter().find(|(name, _)| key == name).map_or("key = value", |(_, form)| form);
    if !input.peek(Token![=]) {
        ctxt.mistake(key.span(), format_args!("`{key}` needs a value: `{form}`"));
        skip_value(input)?;
        return Ok(None);
    }
    input.parse::<Token![=]>()?;
    if let Some(quoted) = input.parse::<Option<LitStr>>()? {
        ctxt.mistake(quoted.span(), format_args!("without quotes: `{key} = {}`", quoted.value()));
        // Good enough for the fallback.
        return Ok(quoted.parse().ok());
    }
    let at = input.span();
    input.parse().map(Some).map_err(|_| syn::Error::new(at, format_args!("expected `{form}`")))
}

fn refuse_value(ctxt: &Ctxt, key: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
    if input.peek(Token![=]) || input.peek(token::Paren) {
        let message = format_args!("`{key}` takes no value: it is forwarded to the type's own method `{key}`");
        ctxt.mistake(input.span(), message);
        skip_value(input)?;
    }
    Ok(())
}

/// Skips what stands up to the next comma.
fn skip_value(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

fn unknown(word: &str) -> String {
    let keys = || KEYS.iter().map(|(key, _)| *key);
    if let Some(meant) = suggest::nearest(word, callback::names().chain(keys())) {
        return format!("unknown entry `{word}`: did you mean `{meant}`?");
    }
    format!("unknown entry `{word}`; there are {}", all_words())
}

fn all_words() -> String {
    let callbacks = suggest::list(callback::names());
    let keys = suggest::list(KEYS.iter().map(|(_, form)| *form));
    format!("the callbacks {callbacks}, and {keys}")
}
