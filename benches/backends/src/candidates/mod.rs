//! The libraries measured, behind one trait.

mod aws_lc;
mod graviola;
mod ring;
mod rust_crypto;

use crate::material::PublicKey;

/// A way to verify with one library.
pub trait Library {
    fn name(&self) -> &'static str;

    /// Does what the library lets a caller do once per key, and returns the rest.
    fn prepare(&self, key: &PublicKey) -> Result<Prepared, Refusal>;
}

/// The work left for each signature: message and signature in, verdict out.
pub type Prepared = Box<dyn Fn(&[u8], &[u8]) -> bool + Send + Sync>;

/// Why there is nothing to measure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The library has no such algorithm, or no such way of handing it a key.
    Lacks,
    /// The library looked at this key and turned it down.
    Key,
}

/// All candidates. The first is the reference that ratios are taken against.
pub fn all() -> Vec<Box<dyn Library>> {
    vec![
        Box::new(aws_lc::Parsed),
        Box::new(aws_lc::ParsedFromDer),
        Box::new(aws_lc::EachCall),
        Box::new(ring::Ring),
        Box::new(graviola::Graviola),
        Box::new(rust_crypto::RustCrypto),
    ]
}
