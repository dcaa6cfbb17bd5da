//! What is sent back for a credential that would not do, from texts of any kind.
//!
//! The input: one byte that picks the reason, and three texts, separated by NUL: the realm, the request's content type,
//! the scopes that a route asks for.

use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use portcullis::http::refuse;
use portcullis::{Algorithm, Error, MemberFault, Rejection, TokenFault, Unavailable, UnixTime, Unmet};

/// A challenge, read by the grammar of RFC 9110, says exactly what was meant: the same parameters in the same order, each
/// character of a value as it was or replaced by one. A gRPC message decodes to what was meant. No other answer exists.
pub fn check(input: &[u8]) {
    let Some((reason, texts)) = input.split_first() else { return };
    let Ok(texts) = std::str::from_utf8(texts) else { return };
    let mut texts = texts.splitn(3, '\0');
    let mut text = || texts.next().unwrap_or_default();
    let (realm, content_type, scopes) = (text(), text(), text());
    let error = error(*reason, scopes, realm);
    let mut request = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(content_type) {
        request.insert(CONTENT_TYPE, value);
    }
    let response: Response<()> = refuse(error.clone(), realm, &request);
    let headers = response.headers();
    assert_eq!(headers[CACHE_CONTROL], "no-store");
    assert_eq!(response.extensions().get(), Some(&error));
    if let Some(family) = grpc_family(&request) {
        assert_eq!((response.status(), headers.len()), (StatusCode::OK, 4));
        let named = headers[CONTENT_TYPE].to_str().expect("ASCII").split('+').next();
        assert_eq!(named, Some(family));
        let status = match &error {
            Error::Rejected(Rejection::ScopeMissing { .. } | Rejection::RequirementUnmet { .. }) => "7",
            Error::Rejected(_) => "16",
            _ => "14",
        };
        assert_eq!(headers["grpc-status"], status);
        let message = decoded(headers["grpc-message"].to_str().expect("printable"));
        assert_eq!(message, format!("{error} ({})", error.code()));
        return;
    }
    assert_eq!(headers.len(), 2);
    let Error::Rejected(rejection) = &error else {
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let wait: u64 =
            headers[RETRY_AFTER].to_str().ok().and_then(|text| text.parse().ok()).expect("seconds");
        assert!(wait >= 1);
        return;
    };
    let (status, oauth) = meaning(rejection.code());
    assert_eq!(response.status(), status);
    let mut want = vec![("realm", replaced(realm))];
    if let Some(oauth) = oauth {
        want.push(("error", oauth.to_owned()));
        want.push(("error_description", replaced(&rejection.to_string())));
        want.push(("reason", rejection.code().to_owned()));
    }
    match rejection {
        Rejection::ScopeMissing { .. } => want.push(("scope", replaced(scopes))),
        Rejection::AuthenticationInsufficient { max_age, .. } => {
            want.push(("acr_values", replaced(scopes)));
            want.extend(max_age.map(|age| ("max_age", age.as_secs().to_string())));
            want.push(("scope", replaced(realm)));
        }
        _ => {}
    }
    want.retain(|(name, value)| *name == "realm" || !value.is_empty());
    let challenge = headers[WWW_AUTHENTICATE].to_str().expect("printable ASCII");
    let (scheme, parameters) = parsed(challenge).unwrap_or_else(|| panic!("not a challenge: {challenge}"));
    assert_eq!(scheme, "Bearer");
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (&**name, value.clone())).collect();
    assert_eq!(parameters, want);
}

/// RFC 6750, section 3.1.
pub fn meaning(code: &str) -> (u16, Option<&'static str>) {
    match code {
        "credentials_missing" | "scheme_unsupported" => (401, None),
        "credentials_repeated" | "credentials_malformed" => (400, Some("invalid_request")),
        "scope_missing" | "role_missing" | "own_word" => (403, Some("insufficient_scope")),
        "authentication_insufficient" => (401, Some("insufficient_user_authentication")),
        _ => (401, Some("invalid_token")),
    }
}

/// Each character that RFC 6750 allows in a value as it is, any other by exactly one.
fn replaced(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '"' => '\'',
            '\\' => '/',
            ' '..='~' => character,
            _ => '?',
        })
        .collect()
}

/// One challenge: `auth-scheme 1*SP auth-param *( OWS "," OWS auth-param )` (RFC 9110, section 11.3).
pub fn parsed(text: &str) -> Option<(&str, Vec<(String, String)>)> {
    let (scheme, mut rest) = text.split_once(' ')?;
    let mut parameters = Vec::new();
    loop {
        let (name, after) = rest.trim_start_matches([' ', '\t']).split_once('=')?;
        let is_token =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let (value, after) = quoted(after)?;
        if !is_token || parameters.iter().any(|(known, _)| known == name) {
            return None;
        }
        parameters.push((name.to_owned(), value));
        match after.trim_start_matches([' ', '\t']).strip_prefix(',') {
            Some(more) => rest = more,
            None => return after.is_empty().then_some((scheme, parameters)),
        }
    }
}

/// `quoted-string`, its escapes resolved, and what follows it (RFC 9110, section 5.6.4).
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.strip_prefix('"')?.chars();
    loop {
        match characters.next()? {
            '"' => return Some((value, characters.as_str())),
            '\\' => value.push(characters.next()?),
            character => value.push(character),
        }
    }
}

/// Which gRPC the request speaks, if it does: a known type, in any case, whatever its suffix and parameters.
pub fn grpc_family(request: &HeaderMap) -> Option<&'static str> {
    let value = String::from_utf8_lossy(request.get(CONTENT_TYPE)?.as_bytes()).to_ascii_lowercase();
    let essence = value.split(';').next()?.trim_matches([' ', '\t']).split('+').next()?.to_owned();
    ["application/grpc", "application/grpc-web", "application/grpc-web-text"]
        .into_iter()
        .find(|family| *family == essence)
}

fn decoded(message: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = message.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        if *first != b'%' {
            assert!((b' '..=b'~').contains(first));
            bytes.push(*first);
            continue;
        }
        let (digits, more) = rest.split_at_checked(2).expect("two digits");
        let digits = std::str::from_utf8(digits).expect("ASCII");
        bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal"));
        rest = more;
    }
    String::from_utf8(bytes).expect("what was encoded is text")
}

/// Every reason that there is.
fn error(pick: u8, scopes: &str, realm: &str) -> Error {
    use Rejection::*;
    let number = realm.len();
    let (early, late) = (UnixTime::MIN, UnixTime::from_fractional_seconds(1.5).unwrap_or(UnixTime::MAX));
    let retry_after = Duration::from_millis(u64::try_from(number).unwrap_or(u64::MAX));
    match pick % 44 {
        0 => Unavailable::KeysNotLoaded { retry_after }.into(),
        1 => Unavailable::KeysExpired { retry_after }.into(),
        2 => CredentialsMissing.into(),
        3 => SchemeUnsupported.into(),
        4 => CredentialsRepeated.into(),
        5 => CredentialsMalformed.into(),
        6 => TokenTooLarge { limit: number }.into(),
        7 => TokenMalformed(TokenFault::Segments { found: number }).into(),
        8 => HeaderTooLarge { limit: number }.into(),
        9 => HeaderMalformed(MemberFault::Repeated { member: Some("alg") }).into(),
        10 => HeaderUnsupported { member: "crit" }.into(),
        11 => AlgorithmUnknown.into(),
        12 => AlgorithmNotAllowed(Algorithm::HS256).into(),
        13 => TypeNotAllowed.into(),
        14 => IssuerUnknown.into(),
        15 => KeyUnknown.into(),
        16 => KeyUnsuitable(Algorithm::MlDsa44).into(),
        17 => KeyAmbiguous { found: number, limit: 4 }.into(),
        18 => SignatureInvalid.into(),
        19 => ClaimsMalformed.into(),
        20 => ClaimRepeated { claim: None }.into(),
        21 => ClaimType { claim: "exp" }.into(),
        22 => ClaimMissing { claim: "exp" }.into(),
        23 => AudienceMismatch.into(),
        24 => Expired { exp: early, now: late }.into(),
        25 => NotYetValid { nbf: late, now: early }.into(),
        26 => TooOld { iat: early, max_age: retry_after, now: late }.into(),
        27 => IssuedInFuture { iat: late, now: early }.into(),
        28 => NotAccessToken { evidence: "nonce" }.into(),
        29 => ConfirmationUnsupported.into(),
        30 => ClaimsMismatch.into(),
        31 => ClientMismatch.into(),
        32 => ClaimNotAllowed { claim: "token_use" }.into(),
        33 => NotIdToken { evidence: "scope" }.into(),
        34 => Unavailable::TenantUnresolved { retry_after }.into(),
        35 => Unavailable::TenantsBusy { retry_after }.into(),
        // Reasons with text of their own, from the set-up of a route.
        36 => RequirementUnmet { lacking: Unmet::Role, needed: scopes.into() }.into(),
        37 => RequirementUnmet { lacking: Unmet::Predicate("own_word"), needed: scopes.into() }.into(),
        38 | 39 => {
            let max_age = (pick % 44 == 38).then_some(retry_after);
            let (acr_values, scope) = (scopes.into(), realm.into());
            AuthenticationInsufficient { acr_values, max_age, scope }.into()
        }
        _ => ScopeMissing { required: scopes.into() }.into(),
    }
}
