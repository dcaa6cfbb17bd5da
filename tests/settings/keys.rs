//! Keys and secrets in settings: which may stand there, and which are only named.

use crate::{KEY, one_issuer, twins};

#[test]
fn keys_in_the_settings_are_public_and_whole() {
    let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----";
    let private = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----";
    let private_jwk = KEY.replace("}", r#","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}"#);
    twins(&[
        (
            &one_issuer(&format!("jwks = '{{\"keys\":[{KEY}]}}'")),
            &one_issuer("jwks = '{\"keys\":{}}'"),
            "issuers[0].jwks: malformed JWK: member kty is missing",
        ),
        (
            &one_issuer(&format!("jwks = '{KEY}'")),
            &one_issuer("jwks = 'hunter2'"),
            "issuers[0].jwks: not a JSON object",
        ),
        (
            &one_issuer(&format!("public_key = '''{pem}'''")),
            &one_issuer(&format!("public_key = '''{private}'''")),
            "issuers[0].public_key: the private key is in the JWK",
        ),
        (
            &one_issuer(&format!("jwks = '{KEY}'")),
            &one_issuer(&format!("jwks = '{private_jwk}'")),
            "issuers[0]: a key of issuer https://id.example.com cannot be used: the private key is in the JWK",
        ),
    ]);
}

#[test]
fn secrets_are_named_and_never_written() {
    let hmac = |secret: &str| one_issuer(&format!("algorithms = ['HS256']\nshared_secret = {secret}"));
    // Long, and set by cargo for every test.
    let good = hmac("{ env = 'CARGO_PKG_DESCRIPTION' }");
    let inline = "issuers[0].shared_secret (line 5): a secret must not stand in the settings; write { env = \"NAME\" } or \
        { file = \"/path\" } in its place";
    let one = "issuers[0].shared_secret (line 5): a secret is in one place; write either { env = \"NAME\" } or { file = \"/path\" }";
    let unknown =
        "issuers[0].shared_secret.value (line 5): unknown field, expected one of `env`, `file`, `encoding`";
    twins(&[
        (&good, &hmac("'hunter2'"), inline),
        (&good, &hmac("1234"), inline),
        (&good, &hmac("-1234"), inline),
        (&good, &hmac("1.5"), inline),
        (&good, &hmac("{ value = 'hunter2' }"), unknown),
        (&good, &hmac("{}"), one),
        (&good, &hmac("{ env = 'A', file = '/b' }"), one),
        (
            &good,
            &hmac("{ env = 'PORTCULLIS_NOT_SET' }"),
            "issuers[0].shared_secret: the environment variable PORTCULLIS_NOT_SET is not set",
        ),
        (
            &good,
            &hmac("{ file = '/portcullis/missing' }"),
            "issuers[0].shared_secret: /portcullis/missing cannot be read: entity not found",
        ),
        (
            &good,
            &hmac("{ env = 'CARGO_PKG_NAME' }"),
            "issuers[0].shared_secret: secret of 10 bytes, shorter than the 32 that the algorithm needs",
        ),
        (
            &good,
            &hmac("{ env = 'CARGO_PKG_DESCRIPTION', encoding = 'base64url' }"),
            "issuers[0].shared_secret: the secret is not base64url without padding",
        ),
        (
            &good,
            &good.replace("['HS256']", "['HS256', 'HS512']"),
            "issuers[0].algorithms: a shared secret is for exactly one of `HS256`, `HS384`, `HS512`; name it here",
        ),
        (
            &good,
            &good.replace("['HS256']", "['RS256']"),
            "issuers[0].algorithms: a shared secret is for exactly one of `HS256`, `HS384`, `HS512`; name it here",
        ),
    ]);
    let snapshot =
        |seal: &str| one_issuer(&format!("keys = {{ snapshot = {{ file = '/a/b', seal = {seal} }} }}"));
    twins(&[
        (
            &snapshot("{ env = 'CARGO_PKG_DESCRIPTION' }"),
            &snapshot("{ env = 'CARGO_PKG_NAME' }"),
            "issuers[0]: snapshot seal must be between 32 and 1024",
        ),
        (
            &snapshot("{ env = 'CARGO_PKG_DESCRIPTION' }"),
            &snapshot("{ env = 'PORTCULLIS_NOT_SET' }"),
            "issuers[0].keys.snapshot.seal: the environment variable PORTCULLIS_NOT_SET is not set",
        ),
    ]);
}

#[test]
fn certificates_and_tokens_for_fetching_are_judged_at_once() {
    let bearer = |server: &str| {
        one_issuer(&format!("keys = {{ bearer_token = {{ server = '{server}', file = '/a' }} }}"))
    };
    twins(&[
        (
            &bearer("https://id.example.com"),
            &bearer("http://id.example.com"),
            "issuers[0]: http://id.example.com is not an address to fetch from: http is allowed to the loopback host only; use https",
        ),
        (
            &one_issuer(""),
            &one_issuer("keys = { root_certificates = '/portcullis/missing' }"),
            "issuers[0]: /portcullis/missing cannot be read: entity not found",
        ),
    ]);
}
