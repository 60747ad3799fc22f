//! The path to `fresh` where `#[handler(crate = …)]` gives none: the name of the dependency in `Cargo.toml`.

use proc_macro_crate::{Error, FoundCrate, crate_name};
use proc_macro2::Span;
use syn::{Ident, Path, parse_quote};

/// The package in `Cargo.toml`, and the name of its library, under which Rust knows it unless it is renamed.
const PACKAGE: &str = "fresh";
const LIBRARY: &str = "fresh";

/// No dependency of the crate is `fresh`, under any name.
#[derive(Debug)]
pub(crate) struct NotADependency;

impl std::fmt::Display for NotADependency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "`{PACKAGE}` is not among the dependencies of this crate; add it, or write where it is: \
             `#[handler(crate = path)]`"
        )
    }
}

pub(crate) fn find() -> Result<Path, NotADependency> {
    path_of(crate_name(PACKAGE))
}

fn path_of(found: Result<FoundCrate, Error>) -> Result<Path, NotADependency> {
    match found {
        Ok(FoundCrate::Name(name)) if name != PACKAGE.replace('-', "_") => {
            let name = Ident::new(&name, Span::call_site());
            Ok(parse_quote!(::#name))
        }
        Err(Error::CrateNotFound { .. }) => Err(NotADependency),
        // The package itself, its name unchanged, or a build without a readable `Cargo.toml`.
        Ok(FoundCrate::Name(_) | FoundCrate::Itself) | Err(_) => {
            let library = Ident::new(LIBRARY, Span::call_site());
            Ok(parse_quote!(::#library))
        }
    }
}

#[cfg(test)]
mod tests {
    use quote::ToTokens;

    use super::*;

    fn text(path: Result<Path, NotADependency>) -> String {
        path.map_or_else(|mistake| mistake.to_string(), |path| path.to_token_stream().to_string())
    }

    #[test]
    fn a_dependency_is_found_under_its_own_name_and_under_another_one() {
        assert_eq!(text(path_of(Ok(FoundCrate::Name("fresh".into())))), ":: fresh");
        assert_eq!(text(path_of(Ok(FoundCrate::Name("websocket".into())))), ":: websocket");
        assert_eq!(text(path_of(Ok(FoundCrate::Itself))), ":: fresh");
        // This crate's own tests know it under another name.
        assert_eq!(text(find()), ":: renamed");
    }

    #[test]
    fn without_a_manifest_the_name_is_the_librarys_own() {
        assert_eq!(text(path_of(Err(Error::CargoManifestDirNotSet))), ":: fresh");
    }

    #[test]
    fn a_missing_dependency_is_reported_with_the_entry_that_helps() {
        let missing = Error::CrateNotFound { crate_name: PACKAGE.into(), path: "Cargo.toml".into() };
        assert!(text(path_of(Err(missing))).contains("`#[handler(crate = path)]`"));
    }
}
