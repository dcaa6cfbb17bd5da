//! The `Authorization` headers of a request: each line of the input is the value of one.

use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use portcullis::http::bearer_token;

/// A token is taken only from the one header there is, as it stands there, and only if it has the form of one; what is
/// plainly a bearer token is always taken.
pub fn check(input: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(AUTHORIZATION, value);
        }
    }
    let values: Vec<_> = headers.get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes).collect();
    let code = bearer_token(&headers).map_err(|rejection| rejection.code());
    match (values.as_slice(), code) {
        ([], code) => assert_eq!(code, Err("credentials_missing")),
        ([value], Ok(token)) => {
            let (scheme, rest) = value.split_at_checked(7).expect("a scheme and a token");
            assert!(scheme.eq_ignore_ascii_case(b"bearer "));
            assert_eq!(rest.trim_ascii_start(), token.as_bytes(), "the token is what follows the scheme");
            assert!(is_b64token(token.as_bytes()), "{token:?}");
        }
        ([value], Err(code)) => {
            assert!(["scheme_unsupported", "credentials_malformed"].contains(&code), "{code}");
            let token = value.strip_prefix(b"Bearer ");
            assert!(!token.is_some_and(is_b64token), "a plain bearer token was refused: {code}");
        }
        (_, code) => assert_eq!(code, Err("credentials_repeated")),
    }
}

/// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="` (RFC 6750, section 2.1).
fn is_b64token(token: &[u8]) -> bool {
    let end = token.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let (body, _) = token.split_at(end);
    !body.is_empty() && body.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte))
}
