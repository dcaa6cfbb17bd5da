//! How an explanation reads.

use std::time::Duration;

use portcullis::require::role;
use portcullis::revoke::RevocationStatus;
use portcullis::testkit::{Flaw, Mint, TokenBuilder};
use portcullis::{Issuer, Profile, VerifiedToken, Verifier, VerifierBuilder, scope};
use serde_json::json;

use crate::explained::{agreed, failed};

const OURS: &str = "https://id.example.com";

fn verifier(mint: &Mint) -> Verifier {
    let issuer = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    Verifier::builder().issuer(issuer).clock(mint.clock()).build().unwrap()
}

#[tokio::test]
async fn as_a_table() {
    let mint = Mint::new(OURS);
    let token = mint.token().scope("orders:read").claim("cnf", json!({"jkt": "x"}));
    let explanation = agreed(&verifier(&mint), &token.mint(), Some(&scope("orders:write"))).await;
    assert_eq!(explanation.to_string(), TABLE);
}

const TABLE: &str = r#"refused: the token is bound to a key and possession is not checked here (confirmation_unsupported, HTTP 401)

      check            expected                                         found
pass  size             at most 16384 bytes                              403 bytes
pass  form             three segments of canonical base64url, a header  3 segments of 59, 256, 86 characters
                       of at most 4096 bytes
pass  header           a JSON object, no member twice, a known alg, no  alg ES256, typ "at+jwt", kid "key-1"
                       crit, b64, zip or enc
pass  issuer           "https://id.example.com"                         one issuer alone is trusted: iss is read behind
                                                                        the signature
pass  algorithm        RS256, PS256, ES256, ES384, EdDSA, Ed25519       ES256
pass  type             at+jwt                                           "at+jwt"
pass  keys             keys of the issuer, not expired                  fixed, 1 key
pass  key              "key-1" for ES256                                kid "key-1" for ES256
pass  signature        holds under key "key-1"                          holds
pass  claims           a JSON object, no member twice, registered       aud, client_id, cnf, exp, iat, iss, jti, scope,
                       claims of their types                            sub
pass  issuer_claim     "https://id.example.com"                         "https://id.example.com"
pass  audience         "https://api.example.com"                        "https://api.example.com"
pass  client           any, or none                                     "client-1"
pass  expiry           exp has not come, skew 60 s                      exp 1767225900, in 5 min; now 1767225600
pass  not_before       nbf has come or is absent, skew 60 s             no nbf
pass  age              any age                                          iat 1767225600, now; now 1767225600
pass  kind             an access token, with sub, client_id, iat and    sub, client_id, iat, jti
                       jti
pass  required_claims  none                                             not looked at
FAIL  confirmation     no cnf, as possession of a key is not checked    cnf with "jkt"
-     revocation       no check is set up
-     requirement      scope orders:write
"#;

/// Nobody vouches for the payload of a token whose signature does not hold.
#[tokio::test]
async fn nothing_of_a_payload_is_shown_before_the_signature_holds() {
    let (mint, other) = (Mint::new(OURS), Mint::new("https://other.example.com"));
    let marked =
        |token: TokenBuilder| token.subject("marked-by-sender").claim("marked-by-sender", "marked-by-sender");
    let of = |mint: &Mint| Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    let two = Verifier::builder().issuer(of(&mint)).issuer(of(&other)).clock(mint.clock()).build().unwrap();
    for (verifier, iss_is_read) in [(verifier(&mint), false), (two, true)] {
        for flaw in
            [Flaw::TamperedSignature, Flaw::EmptySignature, Flaw::UnknownKey, Flaw::WrongType, Flaw::AlgNone]
        {
            let token = marked(mint.token()).flawed(flaw);
            let explanation = agreed(&verifier, &token, None).await;
            let shown = format!("{explanation} {}", serde_json::to_string(&explanation).unwrap());
            assert!(!shown.contains("marked"), "{flaw:?} {shown}");
            let issuer = &explanation.checks()[3];
            let shows_issuer = issuer.found.as_ref().is_some_and(|found| found.contains(OURS));
            assert_eq!(shows_issuer, iss_is_read && flaw != Flaw::AlgNone, "{flaw:?}");
        }
        // The twin: once it holds, the names of the claims are shown.
        let explanation = agreed(&verifier, &marked(mint.token()).mint(), None).await;
        assert!(explanation.to_string().contains("marked"));
        assert!(!format!("{explanation:?} {:?}", explanation.checks()).contains("marked"));
    }
}

#[tokio::test]
async fn what_was_found_is_told_beside_what_was_expected() {
    let mint = Mint::new(OURS);
    let ours = verifier(&mint);
    let token = || mint.token();
    let long = "x".repeat(1_000);
    let cut = format!("\"{}…\"", "x".repeat(95));
    for (name, token, check, found) in [
        (
            "with its scheme",
            format!("Bearer {}", token().mint()),
            "form",
            r#"3 segments of 66, 203, 86 characters; character 7 is " ", which no token has"#,
        ),
        ("encrypted", token().flawed(Flaw::FiveSegments), "form", "5 segments, as an encrypted token has"),
        ("opaque", token().flawed(Flaw::Garbage), "form", "1 segment"),
        ("empty", "..".to_owned(), "header", "nothing"),
        ("without algorithm", "e30.e30.AA".to_owned(), "header", "{}"),
        (
            "unsigned",
            token().flawed(Flaw::AlgNone),
            "header",
            r#"{"alg":"none","kid":"key-1","typ":"at+jwt"}"#,
        ),
        ("an ID token by its type", token().flawed(Flaw::IdToken), "type", r#""JWT""#),
        (
            "of another environment",
            token().claim("iss", "https://id.example.org").header("kid", "z").mint(),
            "issuer",
            r#""https://id.example.org""#,
        ),
        ("unknown key", token().flawed(Flaw::UnknownKey), "key", r#"kid "unknown-key" for ES256"#),
        ("forged", token().flawed(Flaw::TamperedPayload), "signature", "does not hold"),
        (
            "an audience of another type",
            token().claim("aud", json!([1, "y"])).mint(),
            "claims",
            r#"aud [1,"y"]"#,
        ),
        (
            "a slash more",
            token().claim("iss", format!("{OURS}/")).mint(),
            "issuer_claim",
            r#""https://id.example.com/""#,
        ),
        (
            "another alphabet",
            token().claim("iss", "https://id.ex\u{430}mple.com").mint(),
            "issuer_claim",
            r#""https://id.ex\u{430}mple.com""#,
        ),
        (
            "many audiences",
            token().audiences(["a", "b", "c", "d", "e", "f", "g"]).mint(),
            "audience",
            r#""a", "b", "c", "d", "e" and 2 more"#,
        ),
        (
            "no audience in the list",
            token().claim("aud", json!([])).mint(),
            "audience",
            "an aud that names nobody",
        ),
        ("a long audience", token().audience(&*long).mint(), "audience", &cut),
        ("expired", token().flawed(Flaw::Expired), "expiry", "exp 1767222000, 1 h ago; now 1767225600"),
        (
            "too early",
            token().flawed(Flaw::NotYetValid),
            "not_before",
            "nbf 1767229200, in 1 h; now 1767225600",
        ),
        (
            "of another kind",
            token().flawed(Flaw::DisguisedIdToken),
            "kind",
            "at_hash, which marks another kind of token",
        ),
        ("incomplete", token().flawed(Flaw::MissingClientId), "kind", "sub, iat, jti; no client_id"),
        (
            "bound in a strange way",
            token().claim("cnf", json!({"\n\u{202e}": 1})).mint(),
            "confirmation",
            r#"cnf with "\n\u{202e}""#,
        ),
    ] {
        let explanation = agreed(&ours, &token, None).await;
        let failed = failed(&explanation).expect(name);
        assert_eq!((failed.name, failed.found.as_deref()), (check, Some(found)), "{name}");
    }
}

#[tokio::test]
async fn what_a_route_asks_for_stands_beside_what_was_granted() {
    let mint = Mint::new(OURS);
    let token = mint.token().scope("a b").mint();
    for (requirement, found) in [
        (scope("a"), r#"scope "a", "b""#),
        (scope("a").and(scope("c")).and(role("admin")), r#"scope "a", "b"; lacks scope c, role admin"#),
        (role("admin").or(role("chief")), r#"scope "a", "b"; lacks role admin, role chief"#),
    ] {
        let explanation = agreed(&verifier(&mint), &token, Some(&requirement)).await;
        let last = explanation.checks().last().unwrap();
        assert_eq!((&*last.expected, last.found.as_deref()), (&*requirement.to_string(), Some(found)));
    }
}

#[tokio::test]
async fn rules_are_told_in_the_words_of_the_set_up() {
    let mint = Mint::new(OURS);
    let many =
        (1..=20).map(|number| Issuer::new(format!("https://{number}.example"), mint.jwks()).audience("a"));
    let strict = Issuer::new(OURS, mint.jwks())
        .audience("a")
        .audience("b")
        .client("web")
        .client("app")
        .profile(Profile::IdToken)
        .require_claim("owner", "acme")
        .require_claim("owner", "labs")
        .require_presence("tid")
        .max_token_age(Duration::from_secs(3_600))
        .clock_skew(Duration::ZERO);
    let strict = Verifier::builder().issuer(strict).revocation(|_: &VerifiedToken| RevocationStatus::Revoked);
    let (strict, many) =
        (strict.build().unwrap(), many.fold(Verifier::builder(), VerifierBuilder::issuer).build().unwrap());
    let expected = async |verifier: &Verifier, check: &str| {
        let explanation = agreed(verifier, "e30.e30.AA", None).await;
        explanation.checks().iter().find(|own| own.name == check).map(|check| check.expected.clone())
    };
    for (check, want) in [
        ("type", "JWT or none"),
        ("audience", r#"one of "a", "b", and no other"#),
        ("client", r#"one of "web", "app""#),
        ("expiry", "exp has not come, skew 0 s"),
        ("age", "iat at most 1 h ago, skew 0 s"),
        ("kind", "an ID token, with sub and iat"),
        ("required_claims", r#"owner = one of "acme", "labs", tid present"#),
        ("revocation", "not revoked"),
    ] {
        assert_eq!(expected(&strict, check).await.as_deref(), Some(want), "{check}");
    }
    for (check, want) in [
        (
            "issuer",
            Some(
                r#"one of "https://1.example", "https://2.example", "https://3.example", "https://4.example", "https://5.example" and 15 more"#,
            ),
        ),
        ("algorithm", Some("by the rules of the issuer")),
        ("issuer_claim", None),
    ] {
        assert_eq!(expected(&many, check).await.as_deref(), want, "{check}");
    }
}
