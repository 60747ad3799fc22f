//! In place of the feature: nothing is ever offered, so none of this is ever there.

use http::HeaderValue;

use super::Tally;
use crate::{
    error::DecodeError,
    options::{DeflateOptions, Limits},
    wire::piece::Place,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreed {}

#[derive(Debug)]
pub(crate) enum Inflater {}

#[derive(Debug)]
pub(crate) enum Deflater {}

pub(crate) fn offer(options: &DeflateOptions) -> HeaderValue {
    match *options {}
}

pub(crate) fn judge(_: &str, options: &DeflateOptions) -> Option<Agreed> {
    match *options {}
}

impl Inflater {
    pub(crate) fn new(agreed: Agreed, _: &Limits) -> Self {
        match agreed {}
    }

    pub(crate) fn inflate(
        &mut self,
        _: &[u8],
        _: bool,
        _: impl FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        match *self {}
    }

    pub(crate) fn take_tally(&mut self) -> Tally {
        match *self {}
    }

    pub(crate) fn shrink(&mut self) {
        match *self {}
    }
}

impl Deflater {
    pub(crate) fn new(agreed: Agreed, _: &DeflateOptions) -> Self {
        match agreed {}
    }

    pub(crate) fn deflate(&mut self, _: &[u8]) -> Option<Vec<u8>> {
        match *self {}
    }

    pub(crate) fn deflate_piece(&mut self, _: Place, _: &[u8]) -> Option<Vec<u8>> {
        match *self {}
    }

    pub(crate) fn take_tally(&mut self) -> Tally {
        match *self {}
    }

    pub(crate) fn shrink(&mut self) {
        match *self {}
    }
}
