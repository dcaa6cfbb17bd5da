//! One issuer, and tokens of it with any claims.

use std::sync::LazyLock;
use std::task::Poll;

use portcullis::testkit::Mint;
use portcullis::{Algorithm, Clock, Issuer, Profile, Rejection, Requirement, VerifiedToken, Verifier};
use serde_json::Value;

pub(crate) const ISSUER: &str = "https://id.example.com";

pub(crate) static MINT: LazyLock<Mint> =
    LazyLock::new(|| Mint::builder(ISSUER).algorithm(Algorithm::EdDSA).build());

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| verifier(&MINT));

/// Verifies what `mint` makes, by its clock, with the usual skew of a minute.
pub(crate) fn verifier(mint: &Mint) -> Verifier {
    let issuer =
        Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience()).profile(Profile::Lenient);
    Verifier::builder().issuer(issuer).clock(mint.clock()).build().unwrap()
}

/// A token with these claims instead of those that the mint gives it by itself; `null` takes one away.
pub(crate) fn token(claims: &Value) -> VerifiedToken {
    verified(&VERIFIER, &minted(&MINT, claims))
}

pub(crate) fn minted(mint: &Mint, claims: &Value) -> String {
    let mut token = mint.token();
    for (name, value) in claims.as_object().unwrap() {
        token = if value.is_null() { token.without(name) } else { token.claim(name, value) };
    }
    token.mint()
}

pub(crate) fn verified(verifier: &Verifier, text: &str) -> VerifiedToken {
    match verifier.verify_cached(text) {
        Poll::Ready(Ok(token)) => token,
        Poll::Ready(Err(error)) => panic!("not a good token: {error}"),
        Poll::Pending => panic!("fixed keys never wait"),
    }
}

/// The reason for which a token with these claims is refused.
pub(crate) fn judged(requirement: &Requirement, claims: &Value) -> Result<(), &'static str> {
    token(claims).require(requirement).map_err(|rejection| rejection.code())
}

pub(crate) fn rejected(requirement: &Requirement, claims: &Value) -> Rejection {
    token(claims).require(requirement).unwrap_err()
}

/// The second at which the mint's tokens are judged, `offset` later.
pub(crate) fn second(offset: i64) -> i64 {
    MINT.clock().now().seconds() + offset
}
