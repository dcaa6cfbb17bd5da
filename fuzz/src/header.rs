//! The JOSE header, as JSON.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::Algorithm;
use portcullis::jose::{Header, MAX_HEADER_BYTES, MAX_TOKEN_BYTES, UnverifiedToken};
use serde_json::json;

use super::json::{self, Json, Unread};

/// A header is taken and refused exactly as RFC 7515 and our documentation say, read by another parser; what is taken can
/// be written down and read again; nothing of it is printed; `jsonwebtoken` reads the same from it, or is known to differ.
pub fn check(input: &[u8]) {
    let got = Header::parse(input);
    let code = got.as_ref().map(drop).map_err(|rejection| rejection.code());
    match json::parse(input) {
        Ok(document) => assert_eq!(code, expected(&document), "{document:?}"),
        Err(Unread::Refused) => {
            assert!(matches!(code, Err("header_malformed" | "header_unsupported")), "{code:?}")
        }
        Err(Unread::Open) => {}
    }
    if let Ok(header) = &got {
        check_header(header);
    }
    check_peer(input, &got, code);
}

/// Why a header is refused, if it is: the first fault in the order of the text, and what is not supported before all.
fn expected(document: &Json) -> Result<(), &'static str> {
    let Json::Object(members) = document else { return Err("header_malformed") };
    let mut unsupported = false;
    let mut fault = false;
    for (at, (name, value)) in members.iter().enumerate() {
        unsupported |= ["crit", "b64", "zip", "enc"].contains(&&**name);
        let repeated = members[..at].iter().any(|(earlier, _)| earlier == name);
        let typed = !["alg", "kid", "typ"].contains(&&**name) || value.text().is_some();
        if repeated || !typed || value.repeats() {
            fault = true;
            break;
        }
    }
    if unsupported {
        return Err("header_unsupported");
    }
    let algorithm = document.member("alg").and_then(Json::text);
    if fault || algorithm.is_none() {
        return Err("header_malformed");
    }
    if !algorithm.is_some_and(|name| NAMES.contains(&name)) {
        return Err("algorithm_unknown");
    }
    let long = document.member("kid").and_then(Json::text).is_some_and(|kid| kid.len() > 256);
    if long { Err("header_malformed") } else { Ok(()) }
}

fn check_header(header: &Header<'_>) {
    let algorithm = header.algorithm();
    assert_eq!(Algorithm::from_name(algorithm.name()), Some(algorithm));
    let mut members = json!({ "alg": algorithm.name() });
    if let Some(key_id) = header.key_id() {
        members["kid"] = key_id.into();
    }
    if let Some(token_type) = header.token_type() {
        members["typ"] = token_type.into();
        let bare = token_type.to_ascii_lowercase();
        let bare = bare.strip_prefix("application/").unwrap_or(&bare);
        assert_eq!(header.is_type("at+jwt"), bare == "at+jwt", "{token_type:?}");
    } else {
        assert!(!header.is_type("at+jwt") && !header.is_type(""));
    }
    let written = members.to_string();
    assert!(
        Header::parse(written.as_bytes()).as_ref() == Ok(header),
        "a header changed when it was written down"
    );
    assert_eq!(format!("{header:?}"), format!("Header {{ algorithm: {algorithm:?}, .. }}"));
}

/// Differences from `jsonwebtoken`:
///
/// - it knows neither ES512, ES256K, ML-DSA nor the name `Ed25519`, and types members that we read past
///   (`jku`, `jwk`, `x5u`, `x5c`, `x5t`, `cty`, `url`, `nonce`): what only we take may be refused there;
/// - it allows `crit`, `zip` and `enc`, repeated members that it does not know, objects with repeated members inside,
///   `null` for `kid` and `typ`, and a `kid` of any length: what only it takes we refuse as malformed or unsupported.
fn check_peer(input: &[u8], got: &Result<Header<'_>, portcullis::Rejection>, code: Result<(), &'static str>) {
    if input.len() > MAX_HEADER_BYTES {
        return;
    }
    let token = format!("{}.e30.", URL_SAFE_NO_PAD.encode(input));
    let parsed = UnverifiedToken::parse(&token, MAX_TOKEN_BYTES).expect("canonical segments");
    assert!(parsed.header() == *got, "a header reads the same inside of a token");
    match (got, jsonwebtoken::decode_header(&token)) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!(format!("{:?}", theirs.alg), ours.algorithm().name());
            assert_eq!((theirs.kid.as_deref(), theirs.typ.as_deref()), (ours.key_id(), ours.token_type()));
        }
        (Err(_), Ok(_)) => {
            assert!(
                matches!(code, Err("header_malformed" | "header_unsupported")),
                "only we refuse: {code:?}"
            );
        }
        (Ok(ours), Err(error)) => {
            let unknown = ["ES512", "ES256K", "Ed25519", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"];
            let typed = ["jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "cty", "url", "nonce"];
            let document = json::parse(input);
            let differs =
                |name: &&str| document.as_ref().is_ok_and(|document| document.member(name).is_some());
            assert!(
                unknown.contains(&ours.algorithm().name()) || typed.iter().any(differs),
                "only jsonwebtoken refuses: {error}"
            );
        }
        (Err(_), Err(_)) => {}
    }
}

/// RFC 7518, section 3.1; RFC 8037; RFC 8812; RFC 9864; RFC 9964. Not `none`.
const NAMES: [&str; 18] = [
    "HS256",
    "HS384",
    "HS512",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "ES256K",
    "EdDSA",
    "Ed25519",
    "ML-DSA-44",
    "ML-DSA-65",
    "ML-DSA-87",
];
