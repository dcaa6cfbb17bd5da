//! Keys and rules of the [jsonwebtoken](https://docs.rs/jsonwebtoken) crate, version 11, for services that come from there.
//!
//! Its types are read and nothing else of it: signatures are verified by the [backend](crate::crypto::Backend), and none of
//! its own backends is needed or turned on.
//!
//! | theirs | ours | by |
//! |---|---|---|
//! | `jwk::Jwk` | [`Jwk`](crate::jose::Jwk) | `Jwk::try_from(&jwk)` |
//! | `jwk::JwkSet` | [`JwkSet`](crate::jose::JwkSet), and so [`Keys`](crate::keys::Keys) | `JwkSet::try_from(&set)` |
//! | `DecodingKey` | [`Jwk`](crate::jose::Jwk) | `Jwk::try_from(&key)` |
//! | `Algorithm` | [`Algorithm`](crate::Algorithm) | `Algorithm::try_from(algorithm)` |
//! | `Validation` | [`Issuer`](crate::Issuer) | [`Issuer::from_validation`](crate::Issuer::from_validation) |
//!
//! ```
//! # #[cfg(feature = "aws-lc")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use jsonwebtoken::{Algorithm, DecodingKey, Validation};
//! use portcullis::{Issuer, Profile, Verifier, jose::Jwk};
//!
//! // What the service has today.
//! let key = DecodingKey::from_ed_components("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")?;
//! let mut validation = Validation::new(Algorithm::EdDSA);
//! validation.set_issuer(&["https://id.example.com"]);
//! validation.set_audience(&["https://api.example.com"]);
//!
//! let issuer = Issuer::from_validation("https://id.example.com", Jwk::try_from(&key)?, &validation)?;
//! let verifier = Verifier::builder().issuer(issuer.profile(Profile::Lenient)).build()?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "aws-lc"))]
//! # fn main() {}
//! ```
//!
//! # Keys
//!
//! A key or set is judged as if its JSON were read here, entry by entry. What jsonwebtoken has dropped when it read the JSON
//! is gone: the private members `d`, `p`, `q`, so that a private key passes for a public one; Entra ID's member `issuer`; the
//! `alg` that it does not know, so that a key for `ES512` or ML-DSA is refused as `key_algorithm_unknown`. Where the JSON is
//! at hand, [`JwkSet::parse`](crate::jose::JwkSet::parse) sees more. Where its address is,
#![cfg_attr(feature = "reqwest", doc = "[`Issuer::discover`](crate::Issuer::discover)")]
#![cfg_attr(not(feature = "reqwest"), doc = "`Issuer::discover`")]
//! keeps it current.
//!
//! A `DecodingKey` has no id, so it fits a token with any `kid`.
//!
//! # The fields of a `Validation`
//!
//! | field | becomes |
//! |---|---|
//! | `algorithms` | [`Issuer::algorithms`](crate::Issuer::algorithms); refused if empty or of several types of keys |
//! | `iss` | the issuer, exactly: one for each name; refused if it does not have the identifier that was given |
//! | `aud` | [`Issuer::audience`](crate::Issuer::audience), in alphabetical order; refused if there is none |
//! | `validate_aud` | refused if false |
//! | `validate_exp` | refused if false |
//! | `validate_nbf` | nothing: `nbf` is compared whenever it is there |
//! | `leeway` | [`Issuer::clock_skew`](crate::Issuer::clock_skew); refused over 300 s |
//! | `reject_tokens_expiring_in_less_than` | taken off the skew, for `nbf` too; refused if it is more than that |
//! | `sub` | [`Issuer::require_claim`](crate::Issuer::require_claim) |
//! | `required_spec_claims` | `exp`, `iss` and `aud` are required anyway; `sub` and `nbf` by [`Issuer::require_presence`](crate::Issuer::require_presence); refused with any other name, which jsonwebtoken would ignore |
//!
//! # What is judged differently
//!
//! Tokens that `decode` accepts by a `Validation` and that the issuer made of it refuses:
//!
//! | token | reason code | why |
//! |---|---|---|
//! | `typ` is not `at+jwt`, or under [`Profile::Lenient`](crate::Profile::Lenient) neither that nor `JWT` nor absent | `type_not_allowed` | [RFC 8725, section 3.11](https://www.rfc-editor.org/rfc/rfc8725#section-3.11) |
//! | `crit`, `b64`, `zip` or `enc` in the header | `header_unsupported` | nothing of it is understood ([RFC 7515, section 4.1.11](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11)); jsonwebtoken leaves it to you, in `TokenData::header` |
//! | a member of the header stands twice | `header_malformed` | readers differ in which of them counts |
//! | a claim stands twice | `claim_repeated` | the same |
//! | no `iss`, `aud` or `sub` although a value was set for it | `claim_missing` | jsonwebtoken compares them only if they are there |
//! | `iss` in an array, a claim not of the type that RFC 7519 gives it, `nbf` also where `validate_nbf` is false | `claim_type` | types are strict |
//! | another issuer, where `iss` was `None` | `issuer_unknown` | keys are an issuer's |
//! | `nbf` lies ahead, where `validate_nbf` is false | `token_not_yet_valid` | it is false by default |
//! | the very second of `exp` + leeway, or a fraction of it | `token_expired` | [RFC 7519, section 4.1.4](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4): not *on* it either |
//! | marked as an ID, logout, refresh or event token | `not_access_token` | the profile |
//! | bound to a key by `cnf` | `confirmation_unsupported` | possession is not checked |
//! | `kid` is no key's, or that of a key that is not for verifying by its `use` or `key_ops` | `key_unknown` | the key is chosen by its name, if it has one |
//! | `alg` is not the key's own `alg` | `key_unsuitable` | jsonwebtoken binds a key to its type alone |
//! | over 16 KiB | `token_too_large` | `VerifierBuilder::max_token_bytes` |
//!
//! And the other way round, tokens that are accepted here alone, none of which says less:
//!
//! | token | why |
//! |---|---|
//! | members of the header that are not read here (`cty`, `jku`, `jwk`, `x5c`, …) have a wrong type | they are no more than well-formed JSON to us |
//! | `exp` is over 2⁶⁴ | jsonwebtoken takes it for malformed; here it is a date that is far off |
//! | `nbf` is a fraction: up to half a second sooner | jsonwebtoken rounds both times |
//! | `nbf` lies before 1970, where `validate_nbf` is true | jsonwebtoken takes it for malformed; RFC 7519 does not |

mod keys;
mod rules;

pub use rules::ValidationError;
