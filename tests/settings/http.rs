//! Layers made from settings, with requests.

use http::{HeaderMap, Request, Response};
use portcullis::http::{Anonymous, AuthLayer, ProtectedResource, RefusalBody};
use portcullis::settings::SettingsBody;
use portcullis::testkit::TestIssuer;
use portcullis::{Settings, Verifier};
use tower::{Layer, ServiceExt, service_fn};

use crate::{KEY, one_issuer, twins};

/// One issuer with fixed keys, and this beside it.
fn with(more: &str) -> String {
    format!("{}\n{more}", one_issuer(&format!("jwks = '{KEY}'")))
}

fn made(more: &str) -> (Verifier, AuthLayer<SettingsBody>, Option<ProtectedResource>) {
    let settings = Settings::from_toml(&with(more)).unwrap_or_else(|error| panic!("{error}: {more}"));
    let verifier = settings.verifier().unwrap();
    let layer = settings.layer(&verifier).unwrap();
    let resource = settings.protected_resource(&verifier).unwrap();
    (verifier, layer, resource)
}

async fn answered<W>(layer: &AuthLayer<W>, headers: &[(&'static str, &str)]) -> Response<String>
where
    W: RefusalBody<String> + Send + Sync + 'static,
{
    let inner = service_fn(async |request: Request<()>| {
        let seen = if request.extensions().get::<Anonymous>().is_some() { "anonymous" } else { "known" };
        Ok::<_, std::convert::Infallible>(Response::new(seen.to_owned()))
    });
    let mut request = Request::new(());
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    if headers.iter().any(|(name, _)| *name == "origin") {
        *request.method_mut() = http::Method::OPTIONS;
    }
    layer.layer(inner).oneshot(request).await.unwrap()
}

fn challenges(headers: &HeaderMap) -> Vec<&str> {
    headers.get_all("www-authenticate").iter().map(|value| value.to_str().unwrap()).collect()
}

#[tokio::test]
async fn challenges_are_worded_as_the_file_says() {
    let plain = r#"Bearer realm="https://api.example.com""#;
    let resource = r#"Bearer realm="https://api.example.com", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource""#;
    for (more, want) in [
        ("", &[plain][..]),
        ("[http]", &[plain]),
        ("[http]\nrealm = 'orders'", &[r#"Bearer realm="orders""#]),
        (
            "[http]\nchallenge_scopes = ['a', 'b']",
            &[r#"Bearer realm="https://api.example.com", scope="a b""#],
        ),
        ("[http]\noffers = ['Negotiate']", &[plain, "Negotiate"]),
        ("[http]\ntoken_sources = [{ scheme = 'JWT' }]", &[r#"JWT realm="https://api.example.com""#]),
        ("[http]\ntoken_sources = ['bearer', { cookie = 't' }]", &[plain]),
        ("[http.protected_resource]", &[resource]),
        ("[http]\nprotected_resource = { name = 'Orders' }", &[resource]),
    ] {
        let response = answered(&made(more).1, &[]).await;
        assert_eq!(
            (response.status().as_u16(), challenges(response.headers())),
            (401, want.to_vec()),
            "{more}"
        );
        assert_eq!(response.body(), "", "{more}");
    }
}

#[tokio::test]
async fn a_layer_of_settings_is_the_layer_of_the_verifier() {
    let (verifier, layer, _) = made("");
    for headers in [&[][..], &[("authorization", "Bearer a.b.c")], &[("authorization", "Basic eDp5")]] {
        let (ours, theirs) = (answered(&layer, headers).await, answered(&verifier.layer(), headers).await);
        assert_eq!(
            (ours.status(), ours.headers(), ours.body()),
            (theirs.status(), theirs.headers(), theirs.body())
        );
    }
}

#[tokio::test]
async fn the_body_and_the_detail_are_the_files_choice() {
    let bad = &[("authorization", "Bearer a.b.c")][..];
    for (more, body, challenge) in [
        ("", "", r#", error_description="#),
        ("[http]\nproblem_details = true", r#""code":"#, r#", error_description="#),
        ("[http]\nproblem_details = true\ndetail = 'full'", r#""detail":"#, r#", error_description="#),
        ("[http]\ndetail = 'code'", "", r#", reason="#),
        ("[http]\nproblem_details = true\ndetail = 'bare'", r#""status":401}"#, r#"error="invalid_token""#),
    ] {
        let response = answered(&made(more).1, bad).await;
        assert!(response.body().contains(body), "{more}: {}", response.body());
        assert_eq!(response.body().is_empty(), body.is_empty(), "{more}");
        let challenge_sent = challenges(response.headers())[0];
        assert!(challenge_sent.contains(challenge), "{more}: {challenge_sent}");
        let told = (challenge_sent.contains("error_description"), challenge_sent.contains("reason"));
        let want = (!more.contains("'code'") && !more.contains("'bare'"), !more.contains("'bare'"));
        assert_eq!(told, want, "{more}");
    }
}

#[tokio::test]
async fn who_passes_without_a_token_is_the_files_choice() {
    let preflight = &[("origin", "https://a.example"), ("access-control-request-method", "PUT")][..];
    for (more, nothing, asked) in [
        ("", 401, 401),
        ("[http]\noptional = false\npreflight_passes = false", 401, 401),
        ("[http]\noptional = true", 200, 200),
        ("[http]\npreflight_passes = true", 401, 200),
    ] {
        let (_, layer, _) = made(more);
        for (headers, want) in
            [(&[][..], nothing), (preflight, asked), (&[("authorization", "Bearer a")], 401)]
        {
            let response = answered(&layer, headers).await;
            assert_eq!(response.status().as_u16(), want, "{more}");
            assert_eq!(response.body() == "anonymous", want == 200, "{more}");
        }
    }
}

#[tokio::test]
async fn tokens_are_taken_from_the_places_of_the_file_and_no_others() {
    let issuer = TestIssuer::start().await;
    let token = issuer.token().mint();
    let made = |more: &str| {
        let text = format!(
            "[[issuers]]\nidentifier = '{}'\naudiences = ['{}']\n{more}",
            issuer.identifier(),
            issuer.audience()
        );
        let settings = Settings::from_toml(&text).unwrap();
        let verifier = settings.builder().unwrap().clock(issuer.clock()).build().unwrap();
        settings.layer(&verifier).unwrap()
    };
    let bearer = format!("Bearer {token}");
    let (jwt, cookie) = (format!("JWT {token}"), format!("t={token}"));
    let protocol = format!("chat, bearer.{token}");
    let header = [("authorization", bearer.as_str())];
    let own = [("authorization", jwt.as_str())];
    let cookie = [("cookie", cookie.as_str())];
    let protocol = [("upgrade", "websocket"), ("sec-websocket-protocol", protocol.as_str())];
    for (more, want) in [
        ("", [200, 401, 401, 401]),
        ("[http]\ntoken_sources = ['bearer']", [200, 401, 401, 401]),
        ("[http]\ntoken_sources = [{ scheme = 'JWT' }]", [401, 200, 401, 401]),
        ("[http]\ntoken_sources = [{ cookie = 't' }]", [401, 401, 200, 401]),
        ("[http]\ntoken_sources = [{ cookie = 'u' }]", [401, 401, 401, 401]),
        ("[http]\ntoken_sources = [{ websocket_protocol = 'bearer.' }, 'bearer']", [200, 401, 401, 200]),
    ] {
        let layer = made(more);
        for (headers, want) in [&header[..], &own, &cookie, &protocol].into_iter().zip(want) {
            assert_eq!(answered(&layer, headers).await.status().as_u16(), want, "{more}: {}", headers[0].0);
        }
    }
}

#[test]
fn the_metadata_are_those_of_the_file() {
    assert!(made("[http]\nrealm = 'orders'").2.is_none());
    let (_, _, resource) = made("[http.protected_resource]");
    let document = resource.unwrap().to_json();
    let want = r#"{"resource":"https://api.example.com","authorization_servers":["https://id.example.com"],"bearer_methods_supported":["header"]}"#;
    assert_eq!(document, want);
    let (_, _, resource) = made(
        "[http.protected_resource]\nresource = 'https://api.example.com/orders'\nname = 'Orders'\nscopes = ['a', 'b']\n\
         documentation = 'https://docs.example.com'\npolicy = 'https://p.example'\nterms_of_service = 'https://t.example'\n\
         authorization_servers = ['https://more.example']",
    );
    assert_eq!(
        resource.unwrap().to_json(),
        concat!(
            r#"{"resource":"https://api.example.com/orders","authorization_servers":["https://id.example.com","https://more.example"],"#,
            r#""scopes_supported":["a","b"],"bearer_methods_supported":["header"],"resource_name":"Orders","#,
            r#""resource_documentation":"https://docs.example.com","resource_policy_uri":"https://p.example","#,
            r#""resource_tos_uri":"https://t.example"}"#
        )
    );
}

#[test]
fn mistakes_in_the_section_are_refused_with_their_place() {
    let fields = "`realm`, `detail`, `optional`, `preflight_passes`, `credentials_removed`, `forward_auth`, `token_sources`, \
        `challenge_scopes`, `offers`, `problem_details`, `protected_resource`";
    let http = |line: &str| with(&format!("[http]\n{line}"));
    let resource = |line: &str| with(&format!("[http.protected_resource]\n{line}"));
    let name = "a name that a header can carry, without spaces";
    let sources = "`bearer`, `scheme`, `cookie`, `websocket_protocol`, `dangerous_query`";
    for (accepted, refused, want) in [
        (http("realm = 'a'"), http("relm = 'a'"), format!("http.relm (line 6): unknown field, expected one of {fields}")),
        (
            http("detail = 'bare'"),
            http("detail = 'none'"),
            "http.detail (line 6): unknown value, expected one of `full`, `code`, `bare`".to_owned(),
        ),
        (
            http("optional = true"),
            http("optional = 'true'"),
            "http.optional (line 6): text where true or false is expected".to_owned(),
        ),
        (
            http("challenge_scopes = ['a', 'b']"),
            http("challenge_scopes = ['a', 'b c']"),
            "http.challenge_scopes[1] (line 6): text that is not the name of a scope, without spaces".to_owned(),
        ),
        (
            http("offers = ['Basic realm=\"a\"']"),
            http("offers = [\"Basic\\r\\nrealm=a\"]"),
            "http.offers[0] (line 6): text that is not a challenge such as \"Negotiate\", in ASCII".to_owned(),
        ),
        (
            http("offers = ['Negotiate']"),
            http("offers = [' ']"),
            "http.offers[0] (line 6): text that is not a challenge such as \"Negotiate\", in ASCII".to_owned(),
        ),
        (
            http("token_sources = [{ cookie = 'a' }]"),
            http("token_sources = [{ cookie = 'a b' }]"),
            format!("http.token_sources[0].cookie (line 6): text that is not {name}"),
        ),
        (
            http("token_sources = [{ cookie = 'a' }]"),
            http("token_sources = [{ cokie = 'a' }]"),
            "http.token_sources[0] (line 6): unknown value, expected one of ".to_owned() + sources,
        ),
        (
            http("token_sources = ['bearer', { cookie = 'a' }]"),
            http("token_sources = [{ scheme = 'JWT', cookie = 'a' }]"),
            format!("http.token_sources[0] (line 6): exactly one is expected of {sources}"),
        ),
        (
            http("token_sources = ['bearer']"),
            http("token_sources = ['cookie']"),
            "http.token_sources[0].cookie (line 6): a name alone where a table with its value is expected".to_owned(),
        ),
        (
            http("token_sources = ['bearer']"),
            http("token_sources = []"),
            "http.token_sources: without a place for its token every request would count as one without".to_owned(),
        ),
        (
            http("token_sources = ['bearer', { scheme = 'JWT' }]"),
            http("token_sources = ['bearer', { scheme = 'BEARER' }]"),
            "http.token_sources[1]: the same place stands here twice".to_owned(),
        ),
        (
            http("token_sources = [{ scheme = 'JWT' }, { cookie = 'jwt' }]"),
            http("token_sources = [{ scheme = 'JWT' }, { scheme = 'jwt' }]"),
            "http.token_sources[1]: the same place stands here twice".to_owned(),
        ),
        (
            http("token_sources = [{ cookie = 'a' }, { cookie = 'A' }]"),
            http("token_sources = [{ cookie = 'a' }, { cookie = 'a' }]"),
            "http.token_sources[1]: the same place stands here twice".to_owned(),
        ),
        (
            resource("resource = 'https://a.example'"),
            resource("resource = 'https://a.example/?b'"),
            "http.protected_resource.resource: not the identifier of a protected resource: it has a query".to_owned(),
        ),
        (
            resource(""),
            resource("").replace("https://api.example.com", "orders"),
            "http.protected_resource.resource: it is missing, and the first audience of the first issuer is not the \
             identifier of a protected resource: it is not an address with scheme and host"
                .to_owned(),
        ),
        (
            resource("name = 'a'"),
            resource("nam = 'a'"),
            "http.protected_resource.nam (line 6): unknown field, expected one of `resource`, `name`, `scopes`, \
             `documentation`, `policy`, `terms_of_service`, `authorization_servers`"
                .to_owned(),
        ),
    ] {
        twins(&[(&accepted, &refused, &want)]);
    }
}
