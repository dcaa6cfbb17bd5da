//! The one place where the benches make verifiers and look at their token cache.

use std::hint::black_box;
use std::task::Poll;

use portcullis::{TokenCacheStatus, Verifier, VerifierBuilder};

/// A verifier that remembers no token: every call is a first sight.
pub fn uncached(builder: VerifierBuilder) -> Verifier {
    builder.token_cache(0).build().unwrap()
}

/// A verifier that remembers this many tokens.
pub fn cached(builder: VerifierBuilder, tokens: usize) -> Verifier {
    builder.token_cache(tokens).build().unwrap()
}

/// What the cache of a verifier says about itself.
pub fn cache(verifier: &Verifier) -> TokenCacheStatus {
    verifier.token_cache().unwrap()
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
