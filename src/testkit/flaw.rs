//! Tokens that are wrong in exactly one way.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::key::SigningKey;
use super::token::{TokenBuilder, encode, sign, sign_encoded, text};
use crate::jose::{MAX_HEADER_BYTES, MAX_TOKEN_BYTES};

/// One way in which a token can be wrong, everything else about it being right.
///
/// ```
/// use std::task::Poll;
/// use portcullis::{Issuer, Verifier, testkit::{Flaw, Mint}};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mint = Mint::new("https://id.example.com");
/// let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
/// let verifier = Verifier::builder().issuer(issuer).clock(mint.clock()).build()?;
///
/// for flaw in Flaw::ALL {
///     let Poll::Ready(decision) = verifier.verify_cached(&mint.token().flawed(*flaw)) else { unreachable!() };
///     assert_eq!(decision.unwrap_err().code(), flaw.expected_code(), "{flaw:?}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Flaw {
    /// It expired an hour ago.
    Expired,
    /// It becomes valid in an hour.
    NotYetValid,
    /// It is meant for another API.
    WrongAudience,
    /// It names another issuer.
    WrongIssuer,
    /// `iss` is missing.
    MissingIssuer,
    /// `aud` is missing.
    MissingAudience,
    /// `exp` is missing.
    MissingExpiry,
    /// `sub` is missing.
    MissingSubject,
    /// `client_id` is missing.
    MissingClientId,
    /// `iat` is missing.
    MissingIssueTime,
    /// `jti` is missing.
    MissingTokenId,
    /// `exp` is the right number, written as a string.
    WrongClaimType,
    /// `sub` stands twice, with two values.
    DuplicateClaim,
    /// The subject was changed after signing.
    TamperedPayload,
    /// One bit of the signature was changed.
    TamperedSignature,
    /// The signature was cut in half.
    TruncatedSignature,
    /// The signature was left out, the algorithm was not.
    EmptySignature,
    /// `alg` is `none`, and there is no signature.
    AlgNone,
    /// HS256 with the PEM text of the public key as the secret.
    HmacWithPublicKey,
    /// Signed with a key that the issuer does not have, under an id that it does not have.
    UnknownKey,
    /// Signed with a key that the issuer does not have, under the id of one that it has.
    ForeignKeySameKid,
    /// Signed with a key that the header brings along as `jwk`.
    EmbeddedJwk,
    /// `crit` names an extension.
    Critical,
    /// A member of the header stands twice.
    DuplicateHeader,
    /// `typ` is `JWT`.
    WrongType,
    /// `typ` is missing.
    MissingType,
    /// An ID token: `typ` is `JWT`, with `nonce` and `at_hash`, without what only access tokens have.
    IdToken,
    /// An access token by its header, an ID token by its `at_hash`.
    DisguisedIdToken,
    /// Bound to a key by `cnf`, sent without proof of possession.
    BoundToKey,
    /// The last character of the payload has stray bits: another text for the same bytes. The signature covers it.
    NonCanonicalBase64,
    /// The signature ends in padding.
    PaddedBase64,
    /// A word.
    Garbage,
    /// The signature and its dot are missing.
    TwoSegments,
    /// Five segments, like an encrypted token.
    FiveSegments,
    /// Longer than any token that is looked at.
    TooLarge,
    /// A header longer than any that is read, in a token that is not too long.
    HeaderTooLarge,
}

impl Flaw {
    /// Every flaw.
    pub const ALL: &[Self] = &[
        Self::Expired,
        Self::NotYetValid,
        Self::WrongAudience,
        Self::WrongIssuer,
        Self::MissingIssuer,
        Self::MissingAudience,
        Self::MissingExpiry,
        Self::MissingSubject,
        Self::MissingClientId,
        Self::MissingIssueTime,
        Self::MissingTokenId,
        Self::WrongClaimType,
        Self::DuplicateClaim,
        Self::TamperedPayload,
        Self::TamperedSignature,
        Self::TruncatedSignature,
        Self::EmptySignature,
        Self::AlgNone,
        Self::HmacWithPublicKey,
        Self::UnknownKey,
        Self::ForeignKeySameKid,
        Self::EmbeddedJwk,
        Self::Critical,
        Self::DuplicateHeader,
        Self::WrongType,
        Self::MissingType,
        Self::IdToken,
        Self::DisguisedIdToken,
        Self::BoundToKey,
        Self::NonCanonicalBase64,
        Self::PaddedBase64,
        Self::Garbage,
        Self::TwoSegments,
        Self::FiveSegments,
        Self::TooLarge,
        Self::HeaderTooLarge,
    ];

    /// The reason code that a verifier gives, if the token has no other flaw, the issuer signs with a key pair, and
    /// profile, algorithms and sizes are the defaults.
    #[must_use]
    pub const fn expected_code(self) -> &'static str {
        match self {
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_not_yet_valid",
            Self::WrongAudience => "audience_mismatch",
            Self::WrongIssuer => "issuer_unknown",
            Self::MissingIssuer
            | Self::MissingAudience
            | Self::MissingExpiry
            | Self::MissingSubject
            | Self::MissingClientId
            | Self::MissingIssueTime
            | Self::MissingTokenId => "claim_missing",
            Self::WrongClaimType => "claim_type",
            Self::DuplicateClaim => "claim_repeated",
            Self::TamperedPayload
            | Self::TamperedSignature
            | Self::TruncatedSignature
            | Self::EmptySignature
            | Self::ForeignKeySameKid
            | Self::EmbeddedJwk => "signature_invalid",
            Self::AlgNone => "algorithm_unknown",
            Self::HmacWithPublicKey => "algorithm_not_allowed",
            Self::UnknownKey => "key_unknown",
            Self::Critical => "header_unsupported",
            Self::DuplicateHeader => "header_malformed",
            Self::WrongType | Self::MissingType | Self::IdToken => "type_not_allowed",
            Self::DisguisedIdToken => "not_access_token",
            Self::BoundToKey => "confirmation_unsupported",
            Self::NonCanonicalBase64
            | Self::PaddedBase64
            | Self::Garbage
            | Self::TwoSegments
            | Self::FiveSegments => "token_malformed",
            Self::TooLarge => "token_too_large",
            Self::HeaderTooLarge => "header_too_large",
        }
    }
}

impl TokenBuilder {
    /// The token, made wrong in one way.
    #[must_use]
    pub fn flawed(self, flaw: Flaw) -> String {
        match flaw {
            Flaw::Expired => self.expired_for(HOUR).mint(),
            Flaw::NotYetValid => self.not_before_in(HOUR).mint(),
            Flaw::WrongAudience => self.audience("https://other-api.example.com").mint(),
            Flaw::WrongIssuer => self.claim("iss", "https://other-issuer.example.com").mint(),
            Flaw::MissingIssuer => self.without("iss").mint(),
            Flaw::MissingAudience => self.without("aud").mint(),
            Flaw::MissingExpiry => self.without("exp").mint(),
            Flaw::MissingSubject => self.without("sub").mint(),
            Flaw::MissingClientId => self.without("client_id").mint(),
            Flaw::MissingIssueTime => self.without("iat").mint(),
            Flaw::MissingTokenId => self.without("jti").mint(),
            Flaw::WrongClaimType => {
                let exp = self.claims.get("exp").map(ToString::to_string);
                self.claim("exp", exp).mint()
            }
            Flaw::DuplicateClaim => {
                sign(&text(&self.header), &repeated(&self.claims, "sub", "intruder"), &self.key)
            }
            Flaw::TamperedPayload => {
                let tampered = self.clone().subject("intruder-1").payload();
                self.with_segments(|[header, _, signature]| format!("{header}.{tampered}.{signature}"))
            }
            Flaw::TamperedSignature => self.with_signature(|signature| {
                if let Some(first) = signature.first_mut() {
                    *first ^= 1;
                }
            }),
            Flaw::TruncatedSignature => {
                self.with_signature(|signature| signature.truncate(signature.len() / 2))
            }
            Flaw::EmptySignature => self.with_signature(Vec::clear),
            Flaw::AlgNone => self.header("alg", "none").with_signature(Vec::clear),
            Flaw::HmacWithPublicKey => self.with_public_key_as_secret(),
            Flaw::UnknownKey => {
                let key = SigningKey::generate(self.key.algorithm(), "unknown-key");
                self.signed_by(Arc::new(key)).mint()
            }
            Flaw::ForeignKeySameKid => {
                let key = SigningKey::generate(self.key.algorithm(), self.key.key_id());
                self.signed_by(Arc::new(key)).mint()
            }
            Flaw::EmbeddedJwk => {
                let key = SigningKey::generate(self.key.algorithm(), self.key.key_id());
                let jwk = key.members();
                self.signed_by(Arc::new(key)).header("jwk", jwk).mint()
            }
            Flaw::Critical => self.header("crit", ["urn:example:extension"]).mint(),
            Flaw::DuplicateHeader => {
                let algorithm = self.key.algorithm().name();
                sign(&repeated(&self.header, "alg", algorithm), &text(&self.claims), &self.key)
            }
            Flaw::WrongType => self.header("typ", "JWT").mint(),
            Flaw::MissingType => self.without_header("typ").mint(),
            Flaw::IdToken => self
                .header("typ", "JWT")
                .without("client_id")
                .without("scope")
                .claim("nonce", "n-0S6_WzA2Mj")
                .claim("at_hash", "77QmUPtjPfzWtF2AnpK9RQ")
                .mint(),
            Flaw::DisguisedIdToken => self.claim("at_hash", "77QmUPtjPfzWtF2AnpK9RQ").mint(),
            Flaw::BoundToKey => {
                self.claim("cnf", json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})).mint()
            }
            Flaw::NonCanonicalBase64 => self.non_canonical(),
            Flaw::PaddedBase64 => self.mint() + "==",
            Flaw::Garbage => "garbage".to_owned(),
            Flaw::TwoSegments => self.with_segments(|[header, payload, _]| format!("{header}.{payload}")),
            Flaw::FiveSegments => self.mint() + ".AA.AA",
            Flaw::TooLarge => self.claim("padding", "x".repeat(MAX_TOKEN_BYTES)).mint(),
            Flaw::HeaderTooLarge => self.header("padding", "x".repeat(MAX_HEADER_BYTES)).mint(),
        }
    }

    fn payload(&self) -> String {
        encode(text(&self.claims))
    }

    fn with_segments(self, how: impl FnOnce([&str; 3]) -> String) -> String {
        let token = self.mint();
        let mut segments = token.split('.');
        how([(); 3].map(|()| segments.next().unwrap_or_default()))
    }

    fn with_signature(self, how: impl FnOnce(&mut Vec<u8>)) -> String {
        self.with_segments(|[header, payload, signature]| {
            let mut bytes = URL_SAFE_NO_PAD.decode(signature).expect("a minted token is base64url");
            how(&mut bytes);
            format!("{header}.{payload}.{}", encode(bytes))
        })
    }

    fn with_public_key_as_secret(self) -> String {
        let public = self.key.public_pem().unwrap_or_else(|| self.key.jwk_json());
        let secret = hmac::Key::new(hmac::HMAC_SHA256, public.as_bytes());
        self.header("alg", "HS256").with_segments(|[header, payload, _]| {
            let input = format!("{header}.{payload}");
            format!("{input}.{}", encode(hmac::sign(&secret, input.as_bytes())))
        })
    }

    fn non_canonical(self) -> String {
        let mut payload = text(&self.claims);
        while payload.len() % 3 != 1 {
            payload.push(' ');
        }
        let mut encoded = encode(payload);
        // One byte is left over, so the last of its two characters carries four bits that must be zero.
        let stray = match encoded.pop() {
            Some('A') => 'B',
            Some('Q') => 'R',
            Some('g') => 'h',
            _ => 'x',
        };
        encoded.push(stray);
        sign_encoded(&format!("{}.{encoded}", encode(text(&self.header))), &self.key)
    }
}

/// An object with one member written twice.
fn repeated(members: &Map<String, Value>, name: &str, second: &str) -> String {
    let first = members.get(name).cloned().unwrap_or_else(|| second.into());
    let rest = members.iter().filter(|(other, _)| *other != name);
    let second = Value::from(second);
    let all = [(name, &first), (name, &second)]
        .into_iter()
        .chain(rest.map(|(name, value)| (name.as_str(), value)))
        .map(|(name, value)| format!("{}:{value}", Value::from(name)));
    format!("{{{}}}", all.collect::<Vec<_>>().join(","))
}

const HOUR: Duration = Duration::from_secs(3_600);
