//! A mint, a verifier that trusts it, and tokens for tests. The clock stands still.

#![allow(dead_code, reason = "each test binary uses its own part")]

use std::sync::LazyLock;
use std::time::Duration;

use portcullis::testkit::{Mint, TestClock, TokenBuilder};
use portcullis::{Issuer, Verifier};

static MINT: LazyLock<Mint> = LazyLock::new(|| Mint::new("https://id.example.com"));

pub(crate) fn verifier() -> Verifier {
    let issuer = Issuer::new(MINT.identifier(), MINT.jwks()).audience(MINT.audience());
    Verifier::builder().issuer(issuer).clock(MINT.clock()).build().unwrap()
}

/// By which the verifier judges.
pub(crate) fn clock() -> TestClock {
    MINT.clock()
}

/// A good token of `alice`, to be changed.
pub(crate) fn of_alice(scope: &str) -> TokenBuilder {
    MINT.token().subject("alice").scope(scope).claim("email", "alice@example.com")
}

/// A good token of `alice` with these scopes.
pub(crate) fn token(scope: &str) -> String {
    of_alice(scope).mint()
}

/// One that expired long ago.
pub(crate) fn expired() -> String {
    of_alice("orders:read").expired_for(Duration::from_secs(600)).mint()
}
