//! A verifier, what is thrown at it, and what nobody may see of either.

use std::collections::HashSet;
use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use portcullis::Algorithm::{ES256, EdDSA, HS256, RS256};
use portcullis::jose::{Jwk, KeyMaterial};
use portcullis::testkit::SigningKey;
use portcullis::{Issuer, UnixTime, Verifier};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://id.example.com";
/// The other issuer of the second verifier, which sets a greatest age.
pub(crate) const SECOND: &str = "https://second.example.com";
pub(crate) const AUDIENCE: &str = "https://api.example.com";
pub(crate) const NOW: i64 = 1_700_000_000;

/// Texts that a sender chose. Nothing else in any output looks like them.
pub(crate) const CHOSEN: [&str; 6] = [
    "Zq8vWk3XpL0tYd5RmGcH",
    "b7NfTs1JxUe9QaKzVoWi",
    "yR4hDm6PwCl2gXqEuBtA",
    "kS0nLv8FjYi5ZrMdTxWc",
    "oH3pGb9QaVe1UfNkXzRy",
    "tJ6wCs2DmEo7IhBgLqPu",
];

/// The one key pair that is trusted.
pub(crate) static TRUSTED: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(EdDSA, "trusted"));
/// A shared secret that is trusted too.
pub(crate) static SHARED: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(HS256, "shared"));

/// The bytes of [`SHARED`].
pub(crate) fn secret() -> Vec<u8> {
    match SHARED.jwk().material() {
        KeyMaterial::Oct { secret } => secret.to_vec(),
        other => panic!("{other:?} is no secret"),
    }
}

pub(crate) fn issuer() -> Issuer {
    let keys: Vec<Jwk> = vec![TRUSTED.jwk().clone(), SHARED.jwk().clone()];
    Issuer::new(ISSUER, keys).audience(AUDIENCE).algorithms([EdDSA, ES256, RS256, HS256])
}

/// Verifiers of one issuer and of two, at [`NOW`].
pub(crate) static VERIFIERS: LazyLock<[Verifier; 2]> = LazyLock::new(|| {
    let builder = || Verifier::builder().clock(|| UnixTime::from_seconds(NOW));
    let second =
        Issuer::new(SECOND, TRUSTED.jwk().clone()).audience(AUDIENCE).max_token_age(Duration::from_secs(60));
    [builder().issuer(issuer()).build().unwrap(), builder().issuer(issuer()).issuer(second).build().unwrap()]
});

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The modulus of a key of the attack corpus; nobody has its private half.
pub(crate) const RSA: &str = "zzMiObfzoovTZLjJsEYwRC8XHfK5_cmeSVko8-N1TFovD_PK6gwqHs53pzcILC8rzFZfsIYVw-WmAPywd91EVk_eLKQjz2R70JVuaCN2U1mnr7QsauHcEJRN8wrWuqlTeypvL6EJHIWtchUA_1glp6v08FDB1A6HkSiDxEZXL7eZ5BDZb9TpzKj7UpdX1139J-aUv6V_gnaKPWlrdfEBgd1e_F2DevWrHIQMdX-PPuiETk7r-za522HSb0kyjIixV0tJ0dfGruses0ceXLiR-suucfqj_5OTB454R3UkyvKN3thRfajnFO8vuv4GWKZ6OiAEiDqzCZ66hu-24cdk8w";

/// The header of a good token.
pub(crate) fn header() -> Value {
    json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "trusted"})
}

/// The claims of a good token.
pub(crate) fn claims() -> Value {
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": CHOSEN[0], "client_id": "c", "jti": "j", "iat": NOW,
        "exp": NOW + 600, "scope": "a"})
}

pub(crate) fn with(mut object: Value, member: &str, value: Value) -> Value {
    object[member] = value;
    object
}

/// A token of exactly these bytes, signed by the trusted key whatever its header says.
pub(crate) fn signed(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    let input = format!("{}.{}", b64(header), b64(payload));
    format!("{input}.{}", b64(TRUSTED.sign(input.as_bytes())))
}

/// Tokens that must be refused, with [`CHOSEN`] texts wherever a sender can put one.
pub(crate) fn tokens() -> Vec<String> {
    let [a, b, c, d, e, f] = CHOSEN;
    let expired = with(claims(), "exp", json!(NOW - 900));
    let of_second = with(claims(), "iss", json!(SECOND));
    let headers = [
        header(),
        with(header(), "kid", json!(a)),
        with(header(), "kid", json!([a])),
        with(header(), "typ", json!(b)),
        with(header(), "typ", json!({ b: b })),
        with(header(), "alg", json!(c)),
        with(header(), "alg", json!("RS256")),
        with(header(), "alg", json!("RS384")),
        with(header(), "alg", json!("none")),
        with(header(), "alg", json!("HS256")),
        with(with(header(), "alg", json!("HS256")), "kid", json!("shared")),
        with(header(), "crit", json!([d])),
        with(header(), d, json!(e)),
        with(header(), "jwk", json!({"kty": "oct", "k": b64(secret()), a: b})),
        with(header(), "jku", json!(format!("https://{e}.example"))),
    ];
    let payloads = [
        with(claims(), "iss", json!(f)),
        with(claims(), "iss", json!({ f: f })),
        with(claims(), "aud", json!(e)),
        with(claims(), "aud", json!([e, 7])),
        with(claims(), "sub", json!([d])),
        with(claims(), "exp", json!(c)),
        expired.clone(),
        with(of_second.clone(), "iat", json!(NOW - 900)),
        with(of_second, "iat", json!(NOW + 900)),
        with(claims(), "nbf", json!(NOW + 900)),
        with(claims(), "cnf", json!({ b: b })),
        with(claims(), "cnf", json!(b)),
        with(claims(), "at_hash", json!(a)),
        with(claims(), "scope", json!({ a: f })),
        json!([a, b, c]),
        json!(d),
        json!({ d: e }),
    ];
    let mut tokens = Vec::new();
    for header in &headers {
        tokens.push(signed(header.to_string(), expired.to_string()));
    }
    for payload in &payloads {
        tokens.push(signed(header().to_string(), payload.to_string()));
    }
    let (good_header, good_claims) = (header().to_string(), claims().to_string());
    tokens.extend([
        signed(&good_header, good_claims.replacen('{', &format!("{{\"{a}\":1,\"{a}\":2,"), 1)),
        signed(&good_header, good_claims.replacen('{', "{\"sub\":\"x\",", 1)),
        signed(good_header.replacen('{', &format!("{{\"{b}\":1,\"{b}\":2,"), 1), &good_claims),
        signed(&good_header, format!("{good_claims}{c}")),
        signed(&good_header, format!("{{\"{c}\":\"\u{0}\"}}")),
        signed(&good_header, [good_claims.as_bytes(), &[0xff], d.as_bytes()].concat()),
        signed(format!("{good_header}{e}"), &good_claims),
        format!("{}.{}.{}", b64(&good_header), b64(&good_claims), b64(f)),
        format!("{}.{}.{f}*", b64(&good_header), b64(&good_claims)),
        format!("{}.{}", signed(&good_header, &good_claims), f),
        format!("{}=.{}.{f}", b64(&good_header), b64(&good_claims)),
        b64(a).repeat(2_000),
        format!("{}.{}.{}", b64(a.repeat(300)), b64(b), b64(c)),
        a.to_owned(),
        String::new(),
    ]);
    tokens
}

/// Key sets, and what comes in their place, with [`CHOSEN`] texts wherever an issuer could put one but for `kid`, which is
/// shown so that an operator can find the key.
pub(crate) fn key_sets() -> Vec<String> {
    let [a, b, c, d, e, f] = CHOSEN;
    let good: Value = serde_json::from_str(&TRUSTED.jwk_json()).unwrap();
    let entries = [
        with(good.clone(), "alg", json!(a)),
        with(good.clone(), "alg", json!([a])),
        with(good.clone(), "use", json!(b)),
        with(good.clone(), "key_ops", json!([b, c])),
        with(good.clone(), "key_ops", json!(b)),
        with(good.clone(), "crv", json!(c)),
        with(good.clone(), "kty", json!(d)),
        with(good.clone(), "x", json!(e)),
        with(good.clone(), "x", json!(format!("{e}*"))),
        with(good.clone(), "d", json!(b64(f))),
        with(good.clone(), f, json!(a)),
        with(good.clone(), "kid", json!(7)),
        json!({"kty": "oct", "kid": "oct", "k": b64(secret())}),
        json!({"kty": "oct", "kid": "oct", "k": format!("{}*", b64(secret()))}),
        json!({"kty": "RSA", "kid": "rsa", "n": b64(a.repeat(13)), "e": b64(b)}),
        json!({"kty": "EC", "kid": "ec", "crv": "P-256", "x": b64(c), "y": b64(d)}),
        json!({"kty": "AKP", "kid": "akp", "alg": "ML-DSA-44", "pub": b64(d)}),
        json!(e),
        json!([f]),
    ];
    let mut documents: Vec<_> =
        entries.iter().map(|entry| json!({"keys": [entry, good.clone()]}).to_string()).collect();
    documents.extend(entries.iter().map(|entry| json!({"keys": [entry]}).to_string()));
    documents.extend([
        json!({"keys": entries}).to_string(),
        json!({"keys": a}).to_string(),
        json!({ b: c }).to_string(),
        format!(r#"{{"keys":[],"{d}":1,"{d}":2}}"#),
        format!(r#"{{"keys":[]}}{e}"#),
        format!("<html>{f}</html>"),
        a.to_owned(),
        String::new(),
    ]);
    documents
}

/// What must not be shown, in every spelling in which it could be.
pub(crate) struct Forbidden {
    /// Any eight characters of it.
    windows: HashSet<Vec<char>>,
    /// Any eight bytes of it as `Debug` prints bytes.
    lists: HashSet<String>,
}

impl Forbidden {
    /// The chosen texts and the shared secret, to begin with.
    pub(crate) fn new() -> Self {
        let mut forbidden = Self { windows: HashSet::new(), lists: HashSet::new() };
        for text in CHOSEN {
            forbidden.bytes(text.as_bytes());
        }
        forbidden.bytes(&secret());
        forbidden
    }

    /// A token: the text, what its signature decodes to, and what stands in its payload.
    pub(crate) fn token(&mut self, token: &str) {
        self.text(token);
        if let Some(signature) = token.rsplit('.').next().and_then(|text| URL_SAFE_NO_PAD.decode(text).ok()) {
            self.bytes(&signature);
        }
    }

    pub(crate) fn text(&mut self, text: &str) {
        let characters: Vec<_> = text.chars().collect();
        self.windows.extend(characters.windows(WINDOW).map(<[char]>::to_vec));
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        if let Ok(text) = std::str::from_utf8(bytes) {
            self.text(text);
        }
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.text(&hex);
        self.text(&hex.to_uppercase());
        // Whatever stands before it: base64 of the rest from each of the three places in which a group can start.
        for start in 0..3 {
            let rest = bytes.get(start..).unwrap_or_default();
            self.text(&URL_SAFE_NO_PAD.encode(rest));
            self.text(STANDARD.encode(rest).trim_end_matches('='));
        }
        for window in bytes.windows(WINDOW) {
            self.lists.insert(format!("{window:?}").trim_matches(['[', ']']).to_owned());
            self.lists.insert(format!("{window:02x?}").trim_matches(['[', ']']).to_owned());
        }
    }

    /// The first part of `shown` that must not be there.
    pub(crate) fn in_text(&self, shown: &str) -> Option<String> {
        let characters: Vec<_> = shown.chars().collect();
        let window = characters.windows(WINDOW).find(|window| self.windows.contains(*window));
        window.map(|window| window.iter().collect()).or_else(|| self.in_lists(shown))
    }

    fn in_lists(&self, shown: &str) -> Option<String> {
        let items: Vec<_> = shown.split(',').map(str::trim).collect();
        let other = |character: char| !character.is_ascii_alphanumeric();
        items.windows(WINDOW).find_map(|items| {
            let (first, rest) = items.split_first()?;
            let first = first.rsplit(other).next()?;
            let rest = rest.iter().map(|item| item.split(other).next().unwrap_or_default());
            let list = std::iter::once(first).chain(rest).collect::<Vec<_>>().join(", ");
            self.lists.contains(&list).then_some(list)
        })
    }
}

/// Long enough to mean something, short enough for a fragment to be found.
const WINDOW: usize = 8;

#[test]
fn what_is_forbidden_is_found_in_every_spelling() {
    let mut forbidden = Forbidden::new();
    let token = signed(header().to_string(), claims().to_string());
    forbidden.token(&token);
    let secret = secret();
    for (name, shown) in [
        ("the token", token.clone()),
        ("a part of it", token.chars().skip(40).take(8).collect()),
        ("a list of the secret's bytes", format!("Key({secret:?})")),
        ("one over several lines", format!("{secret:#?}")),
        ("hexadecimal", secret.iter().map(|byte| format!("{byte:02X}")).collect()),
        ("base64", STANDARD.encode([&b"x"[..], &secret].concat())),
        ("base64url", b64([&b"xy"[..], &secret].concat())),
        ("a chosen text", format!("no key {:?}", CHOSEN[3])),
        ("a part of one", CHOSEN[5].chars().skip(5).take(8).collect()),
    ] {
        assert!(forbidden.in_text(&shown).is_some(), "{name}: {shown}");
    }
    let innocent = "Rejected(HeaderMalformed(WrongType { member: \"kid\" })) [1, 2, 3, 4, 5, 6, 7, 8, 9]";
    assert_eq!(forbidden.in_text(innocent), None);
}
