//! What an explanation says, and that it decides as a verification does.
#![cfg(feature = "testkit")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

use portcullis::testkit::{Flaw, Mint};
use portcullis::{Issuer, Verifier, scope};

#[tokio::test]
async fn smoke() {
    let mint = Mint::new("https://id.example.com");
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    let verifier = Verifier::builder().issuer(issuer).clock(mint.clock()).build().unwrap();
    println!("{}", verifier.explain_with(&mint.token().mint(), &scope("orders:delete")).await);
    for flaw in Flaw::ALL {
        let token = mint.token().flawed(*flaw);
        let explanation = verifier.explain(&token).await;
        println!("{flaw:?} {explanation}");
        println!("{}", serde_json::to_string(&explanation).unwrap());
    }
}
