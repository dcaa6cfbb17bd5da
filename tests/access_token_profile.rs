//! The example of RFC 9068, section 3, and tokens that differ from it in one place.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml allows them inside of tests; helpers of tests are meant too"
)]

mod support;

use std::time::Duration;

use portcullis::crypto::Backend;
use portcullis::{Algorithm, Issuer, Verifier};
use support::mint::MintKey;
use support::{decide, standing_at, verdict};

use Algorithm::RS256;

/// RFC 9068 prints no signature for its example, so the header and claims of its section 3 are signed here.
#[test]
fn rfc_9068_example() {
    const HEADER: &str = r#"{"typ":"at+JWT","alg":"RS256","kid":"RjEwOwOA"}"#;
    const CLAIMS: &str = r#"{
  "iss": "https://authorization-server.example.com/",
  "sub": "5ba552d67",
  "aud":   "https://rs.example.com/",
  "exp": 1639528912,
  "iat": 1618354090,
  "jti" : "dbe39bf3a3ba4238a513f51d6e1691c4",
  "client_id": "s6BhdRkqt3",
  "scope": "openid profile reademail"
}"#;
    let key = MintKey::new(RS256, "RjEwOwOA");
    for backend in Backend::available() {
        let verifier = |audience: &str, now| {
            let issuer =
                Issuer::new("https://authorization-server.example.com/", key.jwk()).audience(audience);
            let issuer = issuer.clock_skew(Duration::ZERO);
            Verifier::builder().issuer(issuer).backend(*backend).clock(standing_at(now)).build().unwrap()
        };
        let ours = verifier("https://rs.example.com/", 1_639_528_911);
        let token = decide(&ours, &key.token_of_texts(HEADER, CLAIMS)).expect("the example of section 3");
        assert_eq!(token.subject(), Some("5ba552d67"));
        assert_eq!(token.client_id(), Some("s6BhdRkqt3"));
        assert_eq!(token.token_id(), Some("dbe39bf3a3ba4238a513f51d6e1691c4"));
        assert_eq!(token.scopes().collect::<Vec<_>>(), ["openid", "profile", "reademail"]);
        assert_eq!(token.issued_at().map(|time| time.seconds()), Some(1_618_354_090));
        assert_eq!((token.algorithm(), token.key_id()), (RS256, Some("RjEwOwOA")));

        let late = verifier("https://rs.example.com/", 1_639_528_912);
        let elsewhere = verifier("https://rs.example.com", 1_639_528_911);
        for (name, verifier, header, claims, want) in [
            ("at its expiry second", &late, HEADER.to_owned(), CLAIMS.to_owned(), "token_expired"),
            ("for another audience", &elsewhere, HEADER.to_owned(), CLAIMS.to_owned(), "audience_mismatch"),
            ("plain JWT", &ours, HEADER.replace("at+JWT", "JWT"), CLAIMS.to_owned(), "type_not_allowed"),
            ("without jti", &ours, HEADER.to_owned(), CLAIMS.replace("jti", "jtj"), "claim_missing"),
            (
                "without client_id",
                &ours,
                HEADER.to_owned(),
                CLAIMS.replace("client_id", "client"),
                "claim_missing",
            ),
        ] {
            let token = key.token_of_texts(&header, &claims);
            assert_eq!(verdict(verifier, &token), want, "{name} on {}", backend.name());
        }
    }
}
