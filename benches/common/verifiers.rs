//! The one place where the benches make verifiers and look at their token cache.

use std::hint::black_box;
use std::task::Poll;

use portcullis::{Verifier, VerifierBuilder};

/// A verifier that remembers no token: every call is a first sight.
pub fn uncached(builder: VerifierBuilder) -> Verifier {
    builder.build().unwrap()
}

/// A verifier that remembers this many tokens.
pub fn cached(builder: VerifierBuilder, _entries: usize) -> Verifier {
    builder.build().unwrap()
}

/// What the cache of a verifier says about itself; `None` as long as there is no cache.
pub fn cache(_verifier: &Verifier) -> Option<CacheFigures> {
    None
}

pub struct CacheFigures {
    pub entries: u64,
    pub bytes: u64,
    pub hits: u64,
    pub admissions: u64,
    pub evictions: u64,
}

/// One good token, judged.
pub fn accept(verifier: &Verifier, token: &str) {
    match verifier.verify_cached(black_box(token)) {
        Poll::Ready(Ok(token)) => drop(black_box(token)),
        other => panic!("{other:?}"),
    }
}

/// One bad token, judged.
pub fn refuse(verifier: &Verifier, token: &str) {
    match verifier.verify_cached(black_box(token)) {
        Poll::Ready(Err(error)) => drop(black_box(error)),
        other => panic!("{other:?}"),
    }
}

/// Shows tokens until a cache that has room for them holds them: it remembers at the second sight.
pub fn remember<'t>(verifier: &Verifier, tokens: impl IntoIterator<Item = &'t str>) {
    for token in tokens {
        accept(verifier, token);
        accept(verifier, token);
        accept(verifier, token);
    }
}

/// How many entries a cache has unless told otherwise.
pub const DEFAULT_ENTRIES: usize = 4_096;
