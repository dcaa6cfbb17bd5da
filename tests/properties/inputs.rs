//! Arbitrary input: bytes without sense, and the real thing with a few places changed.

use std::sync::LazyLock;

use portcullis::Algorithm;
use portcullis::keys::remote::{FetchError, FetchResponse};
use portcullis::testkit::SigningKey;
use proptest::prelude::*;

use crate::hostile::{self, ISSUER, signed};

/// Any bytes; bytes that look like the real thing in most places; the real thing.
pub(crate) fn mutated(seeds: &'static [Vec<u8>]) -> impl Strategy<Value = Vec<u8>> {
    let edit = (
        any::<prop::sample::Index>(),
        0..4u8,
        any::<u8>(),
        prop::sample::select(b"{}[]\",:.e-0\\u=".to_vec()),
    );
    let edits =
        (prop::sample::select(seeds), prop::collection::vec(edit, 0..6)).prop_map(|(mut bytes, edits)| {
            for (place, kind, byte, special) in edits {
                let place = place.index(bytes.len() + 1);
                match kind {
                    0 if place < bytes.len() => bytes[place] = byte,
                    1 => bytes.insert(place, special),
                    2 => bytes.truncate(place),
                    _ if place < bytes.len() => drop(bytes.remove(place)),
                    _ => bytes.extend_from_within(..),
                }
            }
            bytes
        });
    prop_oneof![1 => prop::collection::vec(any::<u8>(), 0..300), 1 => any_text().prop_map(String::into_bytes), 4 => edits]
}

pub(crate) fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ -~]{0,80}", "\\PC{0,40}", json_text()]
}

/// JSON of any shape, with the names and values that have a meaning.
pub(crate) fn json_text() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "alg",
        "kid",
        "typ",
        "crit",
        "b64",
        "kty",
        "crv",
        "x",
        "y",
        "n",
        "e",
        "k",
        "d",
        "use",
        "key_ops",
        "keys",
        "iss",
        "aud",
        "sub",
        "exp",
        "nbf",
        "iat",
        "jti",
        "client_id",
        "scope",
        "scp",
        "cnf",
        "nonce",
        "amr",
        "auth_time",
        "acr",
        "issuer",
        "jwks_uri",
        "\\u0061lg",
        "",
        "\\ud800",
    ]);
    let word = prop::sample::select(vec![
        "\"EdDSA\"",
        "\"RS256\"",
        "\"none\"",
        "\"at+jwt\"",
        "\"RSA\"",
        "\"EC\"",
        "\"OKP\"",
        "\"oct\"",
        "\"AKP\"",
        "\"P-256\"",
        "\"Ed25519\"",
        "\"AQAB\"",
        "\"\"",
        "\"\\u0000\"",
        "\"\\udfff\"",
        "0",
        "-0",
        "1e308",
        "1e999",
        "-1e-400",
        "1700000600",
        "99999999999999999999",
        "true",
        "null",
        "1.7e9",
        "\"https://id.example.com\"",
    ]);
    let leaf =
        prop_oneof![4 => word.prop_map(str::to_owned), 1 => "[0-9.eE+-]{1,12}", 1 => "\"[ -~]{0,20}\""];
    let value = leaf.prop_recursive(4, 40, 8, move |inner| {
        let member = (name.clone(), inner.clone()).prop_map(|(name, value)| format!("\"{name}\":{value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 0..8).prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    });
    (value, prop::sample::select(vec!["", " ", "x", "\u{0}", "{}"])).prop_map(|(value, rest)| value + rest)
}

pub(crate) static TOKENS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let good = signed(hostile::header().to_string(), hostile::claims().to_string());
    let tokens = [hostile::tokens(), vec![good]].concat();
    tokens.into_iter().map(String::into_bytes).collect()
});

pub(crate) static HEADERS: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| vec![hostile::header().to_string().into_bytes()]);
pub(crate) static PAYLOADS: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| vec![hostile::claims().to_string().into_bytes()]);

pub(crate) static SETS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    hostile::key_sets()
        .into_iter()
        .chain([format!(r#"{{"keys":[{}]}}"#, hostile::TRUSTED.jwk_json())])
        .map(String::into_bytes)
        .collect()
});

pub(crate) static KEYS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let kinds = [
        Algorithm::ES256,
        Algorithm::ES512,
        Algorithm::EdDSA,
        Algorithm::RS256,
        Algorithm::MlDsa44,
        Algorithm::HS256,
    ];
    kinds.into_iter().map(|kind| SigningKey::generate(kind, "a").jwk_json().into_bytes()).collect()
});

pub(crate) static PEMS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let kinds = [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::MlDsa44];
    let public = kinds.into_iter().map(|kind| SigningKey::generate(kind, "a").public_pem().unwrap());
    let private = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_owned();
    public.chain([private]).map(String::into_bytes).collect()
});

pub(crate) static DERS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    use base64::Engine;
    let body = |pem: &Vec<u8>| {
        let text = std::str::from_utf8(pem).unwrap();
        let lines: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        base64::engine::general_purpose::STANDARD.decode(lines).unwrap()
    };
    PEMS.iter().map(body).collect()
});

/// Bytes of the lengths that signatures and public keys have.
pub(crate) fn signatures() -> impl Strategy<Value = Vec<u8>> {
    let lengths = vec![0usize, 1, 31, 32, 64, 96, 132, 256, 1_312];
    prop::sample::select(lengths).prop_flat_map(|length| prop::collection::vec(any::<u8>(), length))
}

pub(crate) static METADATA: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    vec![format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"https://id.example.com/jwks"}}"#).into_bytes()]
});

pub(crate) fn addresses() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "https://",
        "http://",
        "//",
        "@",
        ":",
        "[::1]",
        "127.0.0.1",
        "localhost",
        "id.example.com",
        "/",
        "?",
        "#",
        "%",
        "%00",
        "\\",
        ":443",
        ":99999",
        "..",
        "xn--",
        "\u{e9}",
        "[",
        "]",
        " ",
    ]);
    (prop::bool::weighted(0.7), prop::collection::vec(part, 0..7)).prop_map(
        |(start, parts)| if start { "https://".to_owned() } else { String::new() } + &parts.concat(),
    )
}

pub(crate) fn answer(bodies: &'static [Vec<u8>]) -> impl Strategy<Value = Result<FetchResponse, FetchError>> {
    let status = prop_oneof![6 => Just(200u16), 1 => any::<u16>(), 1 => Just(404), 1 => Just(304)];
    let field = prop_oneof![
        prop::sample::select(
            &["age", "Cache-Control", "date", "ETag", "expires", "last-modified", "retry-after"][..]
        )
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    let date = "(Sun, )?[0-3][0-9] (Nov|Feb) [0-9]{4} [0-2][0-9]:[0-6][0-9]:[0-6][0-9] GMT";
    let value = prop_oneof!["(max-age=)?[0-9]{0,25}", date, "[ -~]{0,40}", any::<String>()];
    let fields = prop::collection::vec((field, value), 0..4);
    let response = (status, mutated(bodies), fields).prop_map(|(status, body, fields)| {
        let response = FetchResponse::new(status, body);
        Ok(fields.iter().fold(response, |response, (name, value)| response.with_header(name, value)))
    });
    prop_oneof![9 => response, 1 => Just(Err(FetchError::Connect))]
}
