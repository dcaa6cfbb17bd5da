//! The credential of a request.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::error::Rejection;

/// The one bearer token in a request's `Authorization` header
/// ([RFC 6750, section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
///
/// The scheme's case does not matter; between it and the token stand one or more spaces and nothing else. Tokens in
/// the body or the query are not looked for: they end up in logs and histories
/// ([RFC 9700, section 4.3.2](https://www.rfc-editor.org/rfc/rfc9700#section-4.3.2)).
///
/// # Errors
/// [`Rejection::CredentialsMissing`], [`Rejection::CredentialsRepeated`], [`Rejection::SchemeUnsupported`] or
/// [`Rejection::CredentialsMalformed`].
///
/// ```
/// use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
/// use portcullis::http::bearer_token;
///
/// let mut headers = HeaderMap::new();
/// assert_eq!(bearer_token(&headers).unwrap_err().code(), "credentials_missing");
/// headers.insert(AUTHORIZATION, HeaderValue::from_static("bearer abc.def.ghi"));
/// assert_eq!(bearer_token(&headers).unwrap(), "abc.def.ghi");
/// headers.append(AUTHORIZATION, HeaderValue::from_static("Bearer abc.def.ghi"));
/// assert_eq!(bearer_token(&headers).unwrap_err().code(), "credentials_repeated");
/// ```
pub fn bearer_token(headers: &HeaderMap) -> Result<&str, Rejection> {
    let token = sent_bearer_token(headers)?;
    check_form(token)
}

/// What stands in the place of the one bearer token, in whatever form.
///
/// # Errors
/// Those of [`bearer_token`]; [`check_form`] has the rest.
#[inline]
pub(super) fn sent_bearer_token(headers: &HeaderMap) -> Result<&[u8], Rejection> {
    // Inlined, so that the comparison is one of a known length.
    sent_token(headers, b"bearer")
}

/// What stands in the place of the one token of this scheme, in whatever form.
///
/// # Errors
/// Those of [`bearer_token`]; [`check_form`] has the rest.
#[inline(always)]
pub(super) fn sent_token<'h>(headers: &'h HeaderMap, wanted: &[u8]) -> Result<&'h [u8], Rejection> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Rejection::CredentialsMissing)?.as_bytes();
    if values.next().is_some() {
        return Err(Rejection::CredentialsRepeated);
    }
    let mut halves = value.splitn(2, |byte| *byte == b' ');
    let scheme = halves.next().unwrap_or_default();
    if !scheme.eq_ignore_ascii_case(wanted) {
        return Err(if is_token(scheme) {
            Rejection::SchemeUnsupported
        } else {
            Rejection::CredentialsMalformed
        });
    }
    let mut token = halves.next().unwrap_or_default();
    while let [b' ', rest @ ..] = token {
        token = rest;
    }
    Ok(token)
}

/// A token as text, if it is a `b64token`.
///
/// # Errors
/// [`Rejection::CredentialsMalformed`].
pub(super) fn check_form(token: &[u8]) -> Result<&str, Rejection> {
    let text = str::from_utf8(token).ok().filter(|text| is_b64token(text.as_bytes()));
    text.ok_or(Rejection::CredentialsMalformed)
}

/// `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="` (RFC 6750, section 2.1).
fn is_b64token(text: &[u8]) -> bool {
    let mut body = text;
    while let [rest @ .., b'='] = body {
        body = rest;
    }
    !body.is_empty()
        && body.iter().all(|byte| B64TOKEN.get(usize::from(*byte)).is_some_and(|allowed| *allowed))
}

/// Which bytes a `b64token` consists of, before its padding: looked up, as tokens are long.
const B64TOKEN: [bool; 256] = {
    let mut allowed = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "evaluated at compile time")]
        {
            let character = byte as u8;
            allowed[byte] = character.is_ascii_alphanumeric()
                || matches!(character, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
        }
        byte += 1;
    }
    allowed
};

/// `token = 1*tchar`, as the name of a scheme is one (RFC 9110, sections 5.6.2 and 11.1).
pub(super) fn is_token(text: &[u8]) -> bool {
    let allowed = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#'
                    | b'$'
                    | b'%'
                    | b'&'
                    | b'\''
                    | b'*'
                    | b'+'
                    | b'-'
                    | b'.'
                    | b'^'
                    | b'_'
                    | b'`'
                    | b'|'
                    | b'~'
            )
    };
    !text.is_empty() && text.iter().all(allowed)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn with(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[test]
    fn one_header_of_one_scheme_and_one_token() {
        type Case = (&'static str, &'static [&'static [u8]], Result<&'static str, &'static str>);
        let cases: [Case; 29] = [
            ("as in the RFC", &[b"Bearer mF_9.B5f-4.1JqM"], Ok("mF_9.B5f-4.1JqM")),
            ("scheme in another case", &[b"bEARER abc"], Ok("abc")),
            ("several spaces", &[b"Bearer   abc"], Ok("abc")),
            ("every character of b64token", &[b"Bearer aZ09-._~+/=="], Ok("aZ09-._~+/==")),
            ("no header", &[], Err("credentials_missing")),
            ("the same header twice", &[b"Bearer abc", b"Bearer abc"], Err("credentials_repeated")),
            ("two schemes", &[b"Basic abc", b"Bearer abc"], Err("credentials_repeated")),
            ("a second header that is empty", &[b"Bearer abc", b""], Err("credentials_repeated")),
            ("another scheme", &[b"Basic dXNlcjpwYXNz"], Err("scheme_unsupported")),
            ("another scheme and no token", &[b"Negotiate"], Err("scheme_unsupported")),
            ("a scheme that starts like it", &[b"Bearertoken abc"], Err("scheme_unsupported")),
            ("a scheme that it starts with", &[b"Bear abc"], Err("scheme_unsupported")),
            ("a token without scheme", &[b"abc.def.ghi"], Err("scheme_unsupported")),
            ("an empty header", &[b""], Err("credentials_malformed")),
            ("space before the scheme", &[b" Bearer abc"], Err("credentials_malformed")),
            ("no token", &[b"Bearer"], Err("credentials_malformed")),
            ("no token after the space", &[b"Bearer "], Err("credentials_malformed")),
            ("only spaces", &[b"Bearer    "], Err("credentials_malformed")),
            ("tab for space", &[b"Bearer\tabc"], Err("credentials_malformed")),
            ("tab after the space", &[b"Bearer \tabc"], Err("credentials_malformed")),
            ("colon for space", &[b"Bearer:abc"], Err("credentials_malformed")),
            ("two tokens", &[b"Bearer abc def"], Err("credentials_malformed")),
            ("space after the token", &[b"Bearer abc "], Err("credentials_malformed")),
            ("two headers folded into one", &[b"Bearer abc, Bearer def"], Err("credentials_malformed")),
            ("a parameter", &[b"Bearer token=\"abc\""], Err("credentials_malformed")),
            ("percent-encoded", &[b"Bearer abc%20def"], Err("credentials_malformed")),
            ("padding in the middle", &[b"Bearer ab=c"], Err("credentials_malformed")),
            ("padding alone", &[b"Bearer =="], Err("credentials_malformed")),
            ("not ASCII", &[b"Bearer abc\xc3\xa9"], Err("credentials_malformed")),
        ];
        for (name, values, want) in cases {
            let headers = with(values);
            assert_eq!(bearer_token(&headers).map_err(|rejection| rejection.code()), want, "{name}");
        }
    }

    proptest! {
        #![proptest_config(crate::testing::cases(256))]

        #[test]
        fn whatever_is_sent_only_a_b64token_comes_out(value in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
                if let Ok(token) = bearer_token(&headers) {
                    prop_assert!(is_b64token(token.as_bytes()));
                }
            }
        }

        #[test]
        fn every_b64token_comes_out_as_it_was_sent(token in "[A-Za-z0-9._~+/-]{1,60}={0,3}", spaces in " {1,5}") {
            let headers = with(&[format!("BeArEr{spaces}{token}").as_bytes()]);
            prop_assert_eq!(bearer_token(&headers), Ok(&*token));
        }
    }
}
