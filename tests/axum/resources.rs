//! The metadata of the protected resource, and the way from a refusal to it (RFC 9728, section 5).

use axum::Router;
use axum::http::{Method, Request};
use axum::routing::get;
use portcullis::http::ProtectedResource;
use portcullis::{Scope, require, scope};
use serde_json::{Value, json};

use crate::minting::{expired, token, verifier};
use crate::stage::{answer, client, serve, subject, told, with};

/// A resource at an address that is only known once the port is.
async fn served() -> (String, ProtectedResource) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    let verifier = verifier();
    let resource = ProtectedResource::of(&verifier, &format!("{at}/orders")).unwrap();
    let resource = resource.name("Orders").scopes([Scope::new("orders:read").unwrap()]);
    let app = Router::new()
        .route("/orders", get(subject).route_layer(require(scope("orders:read"))))
        .layer(verifier.layer().protected_resource(&resource))
        .layer(resource.layer());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (at, resource)
}

/// The value of a parameter in a challenge.
fn parameter<'c>(challenge: &'c str, name: &str) -> Option<&'c str> {
    let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

#[tokio::test]
async fn a_client_finds_the_authorization_server_by_a_refusal() {
    let (at, resource) = served().await;
    for token in [None, Some(expired()), Some(token("a"))] {
        let mut request = client().get(format!("{at}/orders"));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let refused = told(request).await;
        let [challenge] = refused.challenges()[..] else { panic!("one challenge: {refused:?}") };
        let address = parameter(challenge, "resource_metadata").unwrap();
        assert_eq!(address, resource.metadata_url());
        let found = told(client().get(address)).await;
        assert_eq!((found.status, found.header("content-type")), (200, "application/json"));
        let document: Value = serde_json::from_str(&found.body).unwrap();
        assert_eq!(
            document,
            json!({
                "resource": format!("{at}/orders"), "authorization_servers": ["https://id.example.com"],
                "scopes_supported": ["orders:read"], "bearer_methods_supported": ["header"],
                "resource_name": "Orders",
            })
        );
    }
    let passed = told(client().get(format!("{at}/orders")).bearer_auth(token("orders:read"))).await;
    assert_eq!(passed.said(), (200, "alice"));
}

#[tokio::test]
async fn the_document_is_for_anyone_from_anywhere() {
    let (at, resource) = served().await;
    let address = format!("{at}{}", resource.metadata_path());
    for (method, status, name, value) in [
        (Method::GET, 200, "access-control-allow-origin", "*"),
        (Method::HEAD, 200, "content-type", "application/json"),
        (Method::OPTIONS, 204, "access-control-allow-methods", "GET, HEAD"),
        (Method::POST, 405, "allow", "GET, HEAD, OPTIONS"),
        (Method::DELETE, 405, "allow", "GET, HEAD, OPTIONS"),
    ] {
        let request = client().request(method.clone(), &address);
        let got = told(request.header("origin", "https://app.example.com")).await;
        assert_eq!((got.status, got.header(name)), (status, value), "{method}");
        assert_eq!(got.header("access-control-allow-origin"), "*", "{method}");
        assert_eq!(got.body.is_empty(), method != Method::GET, "{method}");
    }
    // What lies near it is not it.
    for path in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/orders/"] {
        assert_eq!(told(client().get(format!("{at}{path}"))).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn behind_the_guard_nobody_without_a_token_would_find_it() {
    let verifier = verifier();
    let resource = verifier.protected_resource().unwrap();
    let app = Router::new().route("/", get(subject)).layer(resource.layer()).layer(verifier.layer());
    let got = answer(&app, Request::get(resource.metadata_path())).await;
    assert_eq!(got.verdict(), (401, "credentials_missing"));
    assert_eq!(answer(&app, with(resource.metadata_path(), &token("a"))).await.status, 200);
}

/// Its path is one of the whole server, and a nested router does not see that.
#[tokio::test]
async fn it_belongs_around_the_outermost_router() {
    let verifier = verifier();
    let resource = ProtectedResource::of(&verifier, "https://api.example.com/orders").unwrap();
    let orders = || Router::new().route("/", get(subject)).layer(verifier.layer());
    let nested = Router::new().nest("/orders", orders().layer(resource.layer()));
    assert_eq!(answer(&nested, Request::get(resource.metadata_path())).await.status, 404);
    let around = Router::new().nest("/orders", orders()).layer(resource.layer());
    assert_eq!(answer(&around, Request::get(resource.metadata_path())).await.status, 200);
    let at = serve(around).await;
    assert_eq!(
        told(client().get(format!("{at}{}", resource.metadata_path()))).await.body,
        resource.to_json()
    );
}
