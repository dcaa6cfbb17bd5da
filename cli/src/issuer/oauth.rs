//! What clients of OAuth 2.0 ask an authorization server for: its metadata, and tokens.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use hyper::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::minting::Wish;
use super::routes::{Answer, JSON, with_body};
use super::site::Site;

/// The metadata of [RFC 8414](https://www.rfc-editor.org/rfc/rfc8414#section-2) and of OpenID Connect Discovery, as far as
/// there is anything to tell.
pub(super) fn metadata(site: &Site) -> Value {
    let algorithms: Vec<_> = site.offered().iter().map(|algorithm| algorithm.name()).collect();
    json!({
        "issuer": site.identifier(),
        "jwks_uri": site.address_of("/jwks"),
        "token_endpoint": site.address_of("/token"),
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "id_token_signing_alg_values_supported": algorithms,
    })
}

/// The token endpoint: `client_credentials`
/// ([RFC 6749, section 4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)) for any client, whatever its secret.
///
/// The token is about the client ([RFC 9068, section 2.2](https://www.rfc-editor.org/rfc/rfc9068#section-2.2)) and means
/// the `resource` (RFC 8707) or `audience` asked for.
pub(super) async fn token(site: &Site, headers: &HeaderMap, body: &[u8]) -> Answer {
    let form = match Form::read(body) {
        Ok(form) => form,
        Err(problem) => return refused(problem),
    };
    match form.grant.as_deref() {
        Some("client_credentials") => {}
        Some(_) => return refused(Problem::UnsupportedGrantType),
        None => return refused(Problem::InvalidRequest),
    }
    let Some(client) = basic_client(headers).or(form.client).filter(|client| !client.is_empty()) else {
        return refused(Problem::InvalidClient);
    };
    let wish = Wish {
        subject: Some(client.clone()),
        client: Some(client),
        scope: form.scope,
        audience: form.audience,
        ..Wish::default()
    };
    match site.mint(&wish).await {
        Ok(minted) => {
            let answer = json!({
                "access_token": minted.token,
                "token_type": "Bearer",
                "expires_in": minted.expires_in,
                "scope": minted.scope,
            });
            with_body(StatusCode::OK, JSON, answer.to_string())
        }
        Err(_) => refused(Problem::InvalidRequest),
    }
}

/// The parameters that count; others are left alone, as RFC 6749 asks for.
#[derive(Debug, Default, Eq, PartialEq)]
struct Form {
    grant: Option<String>,
    client: Option<String>,
    scope: Option<String>,
    audience: Option<String>,
}

impl Form {
    fn read(body: &[u8]) -> Result<Self, Problem> {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            let place = match &*name {
                "grant_type" => &mut form.grant,
                "client_id" => &mut form.client,
                "scope" => &mut form.scope,
                "resource" | "audience" => &mut form.audience,
                _ => continue,
            };
            // Section 3.2: parameters must not be included more than once.
            if place.replace(value.into_owned()).is_some() {
                return Err(Problem::InvalidRequest);
            }
        }
        Ok(form)
    }
}

/// The errors of [RFC 6749, section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2) that can come up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Problem {
    InvalidRequest,
    InvalidClient,
    UnsupportedGrantType,
}

fn refused(problem: Problem) -> Answer {
    let (status, code, hint) = match problem {
        Problem::InvalidRequest => (
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "send grant_type=client_credentials and client_id as a form, each parameter once",
        ),
        Problem::InvalidClient => {
            (StatusCode::UNAUTHORIZED, "invalid_client", "say who you are: any client_id is good enough here")
        }
        Problem::UnsupportedGrantType => {
            (StatusCode::BAD_REQUEST, "unsupported_grant_type", "client_credentials is the only grant here")
        }
    };
    let mut answer = with_body(status, JSON, json!({ "error": code, "error_description": hint }).to_string());
    if problem == Problem::InvalidClient {
        answer
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"development\""));
    }
    answer
}

/// The client of HTTP Basic, form-encoded as section 2.3.1 of RFC 6749 says; its secret is not looked at.
fn basic_client(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client, _) = pair.split_once(':')?;
    // Read as the name of a parameter, which `=` and `&` would end; neither stands in a name encoded so.
    form_urlencoded::parse(client.as_bytes()).next().map(|(name, _)| name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_name_each_parameter_once() {
        let form =
            Form::read(b"grant_type=client_credentials&client_id=a%20b&scope=x+y&other=1&other=2").unwrap();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            form,
            Form {
                grant: text("client_credentials"),
                client: text("a b"),
                scope: text("x y"),
                audience: None
            }
        );
        assert_eq!(Form::read(b"scope=x&scope=x"), Err(Problem::InvalidRequest));
        assert_eq!(Form::read(b"resource=x&audience=x"), Err(Problem::InvalidRequest));
    }

    #[test]
    fn basic_names_a_client() {
        let named = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            basic_client(&headers)
        };
        assert_eq!(
            named(&format!("Basic {}", STANDARD.encode("ci%3Abot:secret"))).as_deref(),
            Some("ci:bot")
        );
        for bad in ["Basic", "Basic !", "Bearer Y2k6cw==", &format!("Basic {}", STANDARD.encode("no colon"))]
        {
            assert_eq!(named(bad), None, "{bad}");
        }
    }
}
