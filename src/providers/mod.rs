//! Presets for common authorization servers, and the shapes of their claims.
//!
//! A preset is a function that gives back an [`Issuer`](crate::Issuer) with the identifier, the place of the keys, the
//! audience rule, the profile and the algorithms of that provider: what you would write yourself after reading its
//! documentation, and nothing that you could not change afterwards.
//!
#![cfg_attr(all(feature = "reqwest", feature = "aws-lc"), doc = "```")]
#![cfg_attr(not(all(feature = "reqwest", feature = "aws-lc")), doc = "```ignore")]
//! use portcullis::{Verifier, providers::keycloak};
//!
//! # fn main() -> Result<(), portcullis::ConfigError> {
//! let issuer = keycloak::realm("https://login.example.com", "shop", "orders-api")?;
//! let verifier = Verifier::builder().issuer(issuer).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! Each module also has `Claims`, what that provider writes beside the registered claims, for
//! [`VerifiedToken::claims`](crate::VerifiedToken::claims). Members that a token lacks read as empty; `Debug` shows none.
//!
//! | module | tokens | who they are for is told by | profile |
//! |---|---|---|---|
//! | [`auth0`] | access tokens | `aud` | `Lenient` |
//! | [`cognito`] | access tokens | `client_id`, `token_use` | `Lenient` |
//! | [`entra`] | access tokens of v1 and v2 | `aud` | `Lenient` |
//! | [`firebase`] | ID tokens | `aud` | `IdToken` |
//! | [`github_actions`] | ID tokens of jobs | `aud`, `repository_owner` | `IdToken` |
//! | [`gitlab_ci`] | ID tokens of jobs | `aud`, `namespace_id` | `IdToken` |
//! | [`google`] | ID tokens | `aud`, for service accounts `sub` | `IdToken` |
//! | [`hydra`] | access tokens | `aud` | `Lenient` |
//! | [`keycloak`] | access tokens | `aud` | `Lenient` |
//! | [`kubernetes`] | service account tokens | `aud` | `IdToken` |
//! | [`okta`] | access tokens of custom servers | `aud` | `Lenient` |
//! | [`zitadel`] | access tokens | `aud` | `Lenient` |
//!
//! Arguments become parts of addresses, so each is checked: what is not of its form is refused as
//! [`ConfigError::Parameter`](crate::ConfigError::Parameter), before anything is fetched.
//!
//! The presets are tested with documents and tokens of the providers' shapes, not against the providers: what they publish
//! today could not be looked at. Compare `iss` and `aud` with a token of yours.

pub mod auth0;
pub mod cognito;
pub mod entra;
pub mod firebase;
pub mod github_actions;
pub mod gitlab_ci;
pub mod google;
pub mod hydra;
pub mod keycloak;
pub mod kubernetes;
pub mod okta;
#[cfg(feature = "reqwest")]
mod parts;
pub mod zitadel;

use serde::{Deserialize, Deserializer};

/// Claims are what an issuer knows of people: `Debug` shows none of them.
macro_rules! shows_no_claim {
    ($shape:ident $(<$inner:ident>)?) => {
        impl$(<$inner>)? std::fmt::Debug for $shape$(<$inner>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($shape)).finish_non_exhaustive()
            }
        }
    };
}
use shows_no_claim;

/// Several strings, or one that stands alone: what a claim of the operator's own making may be.
fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Strings {
        One(String),
        Several(Vec<String>),
    }
    Ok(match Strings::deserialize(deserializer)? {
        Strings::One(one) => vec![one],
        Strings::Several(several) => several,
    })
}

/// The page about providers, so that its examples are compiled and run.
#[cfg(all(doctest, feature = "reqwest", feature = "aws-lc"))]
#[doc = include_str!("../../docs/providers.md")]
struct ProvidersPage;
