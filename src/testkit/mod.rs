//! Support for your tests: an issuer of your own, tokens that are good, tokens that are wrong in exactly one way, and a
//! clock that the test holds.
//!
//! For tests and examples, never for production: everything here panics when it is misused, and the keys live as long
//! as the test.
//!
//! | what | for |
//! |---|---|
//! | [`Mint`] | keys and tokens without a socket: unit tests, synchronous code |
//! | [`TestIssuer`] | a real authorization server on a loopback port: discovery, key fetching, rotation, outages |
//! | [`TokenBuilder`], [`Flaw`] | any token, and every way in which one can be wrong |
//! | [`Answer`] | what the server answers in place of its keys |
//! | [`TestClock`] | time that moves when the test says so |
//! | [`SigningKey`] | a key for any algorithm of the table |
//!
//! # Testing your own service
//!
//! Build the service on a verifier that trusts the mint and reads the mint's clock. The clock stands still at
//! 2026-01-01, so a verifier on the system clock would find every token expired.
//!
//! ```
//! use std::time::Duration;
//! use portcullis::{Issuer, Verifier, testkit::{Flaw, Mint}};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! let mint = Mint::new("https://id.example.com");
//! let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
//! let verifier = Verifier::builder().issuer(issuer).clock(mint.clock()).build()?;
//!
//! let token = mint.token().subject("ada").scope("orders:read").claim("tenant", 7).mint();
//! assert_eq!(verifier.verify(&token).await?.subject(), Some("ada"));
//!
//! mint.clock().advance(Duration::from_secs(5 * 60 + 60)); // its life, and the skew
//! assert_eq!(verifier.verify(&token).await.unwrap_err().code(), "token_expired");
//!
//! let forged = mint.token().flawed(Flaw::HmacWithPublicKey);
//! assert_eq!(verifier.verify(&forged).await.unwrap_err().code(), "algorithm_not_allowed");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
#![expect(clippy::expect_used, reason = "a test wants a token, not a Result; misuse ends the test")]

mod answer;
mod clock;
mod flaw;
mod issuer;
mod key;
mod mint;
mod server;
mod token;

pub use answer::Answer;
pub use clock::TestClock;
pub use flaw::Flaw;
pub use issuer::{TestIssuer, TestIssuerBuilder};
pub use key::SigningKey;
pub use mint::{Mint, MintBuilder};
pub use token::TokenBuilder;
