//! Collects mistakes, so that all of them are told at once.

use std::cell::RefCell;

use proc_macro2::Span;
use syn::Error;

#[derive(Default)]
pub(crate) struct Ctxt {
    mistakes: RefCell<Option<Error>>,
}

impl Ctxt {
    pub(crate) fn mistake(&self, at: Span, message: impl std::fmt::Display) {
        self.add(Error::new(at, message));
    }

    pub(crate) fn add(&self, mistake: Error) {
        let mut mistakes = self.mistakes.borrow_mut();
        match &mut *mistakes {
            Some(mistakes) => mistakes.combine(mistake),
            None => *mistakes = Some(mistake),
        }
    }

    pub(crate) fn finish(self) -> Result<(), Error> {
        self.mistakes.into_inner().map_or(Ok(()), Err)
    }
}
