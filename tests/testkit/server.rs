use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;
use portcullis::jose::{JwkSet, MAX_SET_BYTES};
use portcullis::testkit::{Answer, TestIssuer};
use portcullis::{Algorithm, jose::JwkSetError};
use serde_json::Value;

type Http = Client<HttpConnector, Empty<Bytes>>;

/// Keeps no connection: one that the server has closed meanwhile would fail in another way than a refused one.
fn client() -> Http {
    Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http()
}

async fn head(http: &Http, url: &str) -> Result<Response<Incoming>, Error> {
    http.get(url.parse().unwrap()).await
}

async fn get(http: &Http, url: &str) -> (StatusCode, Bytes) {
    let response = head(http, url).await.unwrap();
    (response.status(), response.into_body().collect().await.unwrap().to_bytes())
}

async fn keys(http: &Http, issuer: &TestIssuer) -> Result<JwkSet, JwkSetError> {
    let (status, body) = get(http, &issuer.jwks_url()).await;
    assert_eq!(status, StatusCode::OK);
    JwkSet::parse(&body)
}

async fn key_ids(http: &Http, issuer: &TestIssuer) -> Vec<String> {
    let set = keys(http, issuer).await.unwrap();
    set.keys().iter().map(|key| key.key_id().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn metadata_and_keys_stand_where_the_standards_put_them() {
    let http = client();
    for (path, oidc, oauth) in [
        ("", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"),
        ("/", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"),
        ("/a/b", "/a/b/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/a/b"),
    ] {
        let issuer = TestIssuer::builder().path(path).algorithm(Algorithm::EdDSA).start().await;
        let root = format!("http://{}", issuer.address());
        assert_eq!(issuer.identifier(), format!("{root}{path}"));
        for place in [oidc, oauth] {
            let (status, body) = get(&http, &format!("{root}{place}")).await;
            let metadata: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(status, StatusCode::OK, "{place}");
            assert_eq!(metadata["issuer"], issuer.identifier(), "{place}");
            assert_eq!(metadata["jwks_uri"], issuer.jwks_url(), "{place}");
        }
        assert_eq!(key_ids(&http, &issuer).await, issuer.published());
        assert_eq!((issuer.discoveries(), issuer.fetches()), (2, 1));
        assert_eq!(get(&http, &format!("{root}/elsewhere")).await.0, StatusCode::NOT_FOUND);
        let post = Request::builder().method(Method::POST).uri(issuer.jwks_url()).body(Empty::new()).unwrap();
        assert_eq!(http.request(post).await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!((issuer.discoveries(), issuer.fetches()), (2, 1));
    }
}

#[tokio::test]
async fn the_published_set_follows_the_keys() {
    let (http, issuer) = (client(), TestIssuer::start().await);
    let first = issuer.key_id();
    assert_eq!(key_ids(&http, &issuer).await, [first.as_str()]);
    let second = issuer.rotate_with_overlap();
    assert_eq!(key_ids(&http, &issuer).await, [first.clone(), second.clone()]);
    issuer.withdraw(&first);
    assert_eq!(key_ids(&http, &issuer).await, [second.as_str()]);
    let third = issuer.publish_next();
    assert_eq!(key_ids(&http, &issuer).await, [second, third.clone()]);
    assert_eq!(issuer.rotate(), third);
    assert_eq!(key_ids(&http, &issuer).await, [third]);
    issuer.add_raw_key(r#"{"kty":"of tomorrow"}"#);
    assert_eq!(keys(&http, &issuer).await.unwrap().skipped().len(), 1);
    assert_eq!(issuer.fetches(), 6);
}

#[tokio::test]
async fn cache_control_is_sent_when_it_is_set() {
    let (http, issuer) = (client(), TestIssuer::start().await);
    let mut seen = Vec::new();
    for value in [None, Some("max-age=60"), None] {
        issuer.cache_control(value);
        let response = head(&http, &issuer.jwks_url()).await.unwrap();
        seen.push(response.headers().get("cache-control").map(|value| value.to_str().unwrap().to_owned()));
    }
    assert_eq!(seen, [None, Some("max-age=60".to_owned()), None]);
}

#[tokio::test]
async fn whole_answers_are_what_they_are_called() {
    let (http, issuer) = (client(), TestIssuer::start().await);
    let url = issuer.jwks_url();
    let no_keys: fn(&Result<JwkSet, JwkSetError>) -> bool =
        |set| set.as_ref().is_ok_and(|set| set.keys().is_empty());
    let not_json: fn(&Result<JwkSet, JwkSetError>) -> bool = |set| matches!(set, Err(JwkSetError::Json));
    let too_large: fn(&Result<JwkSet, JwkSetError>) -> bool =
        |set| matches!(set, Err(JwkSetError::TooLarge { .. }));
    for (answer, holds) in [
        (Answer::Html, not_json),
        (Answer::Garbage, not_json),
        (Answer::Truncated, not_json),
        (Answer::EmptySet, no_keys),
        (Answer::Huge, too_large),
        (Answer::Body("[]".to_owned()), not_json),
        (Answer::Normal, |set| set.as_ref().is_ok_and(|set| set.keys().len() == 1)),
    ] {
        issuer.answer(answer.clone());
        assert!(holds(&keys(&http, &issuer).await), "{answer:?}");
    }
    for (code, want) in [(500, 500), (404, 404), (204, 204), (42, 500)] {
        issuer.answer(Answer::Status(code));
        assert_eq!(get(&http, &url).await.0.as_u16(), want);
    }
    issuer.answer(Answer::TooManyRequests(Duration::from_millis(7_900)));
    let response = head(&http, &url).await.unwrap();
    let retry_after = response.headers()["retry-after"].to_str().unwrap();
    assert_eq!((response.status().as_u16(), retry_after), (429, "7"));
    issuer.answer(Answer::Redirect("http://127.0.0.1:9/keys".to_owned()));
    let response = head(&http, &url).await.unwrap();
    assert_eq!(
        (response.status(), response.headers()["location"].to_str().unwrap()),
        (StatusCode::FOUND, "http://127.0.0.1:9/keys")
    );
    assert_eq!(issuer.fetches(), 13);
}

#[tokio::test]
async fn discovery_is_scripted_apart_from_the_keys() {
    let (http, issuer) = (client(), TestIssuer::start().await);
    issuer.answer_discovery(Answer::Status(503));
    let url = format!("{}/.well-known/openid-configuration", issuer.identifier());
    assert_eq!(get(&http, &url).await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(keys(&http, &issuer).await.unwrap().keys().len(), 1);
}

#[tokio::test]
async fn broken_answers_break_where_they_say() {
    let (http, issuer) = (client(), TestIssuer::start().await);
    let url = issuer.jwks_url();

    issuer.answer(Answer::Down);
    let error = head(&http, &url).await.unwrap_err();
    assert!(!error.is_connect(), "the connection was accepted: {error}");

    issuer.answer(Answer::CutOff);
    let response = head(&http, &url).await.unwrap();
    let mut body = response.into_body();
    let half = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(half.starts_with(br#"{"keys":["#));
    assert!(body.frame().await.unwrap().is_err());

    issuer.answer(Answer::Endless);
    let mut body = head(&http, &url).await.unwrap().into_body();
    let mut seen = 0;
    while seen <= 2 * MAX_SET_BYTES {
        seen += body.frame().await.unwrap().unwrap().into_data().unwrap().len();
    }
}

#[tokio::test]
async fn a_dripping_answer_comes_byte_by_byte() {
    let (http, issuer) = (client(), TestIssuer::start().await);
    issuer.answer(Answer::Drip);
    let mut body = head(&http, &issuer.jwks_url()).await.unwrap().into_body();
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.extend(body.frame().await.unwrap().unwrap().into_data().unwrap());
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(1)).await;
        tokio::time::resume();
    }
    assert_eq!(seen, br#"{"ke"#, "and each as it falls due");
}

#[tokio::test]
async fn hanging_answers_wait_for_a_change_and_nothing_else() {
    let (http, issuer) = (client(), TestIssuer::start().await);
    let url = issuer.jwks_url();

    issuer.answer(Answer::Hang);
    let hanging = tokio::spawn({
        let (http, url) = (http.clone(), url.clone());
        async move { get(&http, &url).await.0 }
    });
    issuer.fetched(1).await;
    assert!(!hanging.is_finished());
    issuer.answer(Answer::Status(500));
    assert_eq!(hanging.await.unwrap(), StatusCode::INTERNAL_SERVER_ERROR);

    issuer.answer(Answer::Stall);
    let mut body = head(&http, &url).await.unwrap().into_body();
    let half = body.frame().await.unwrap().unwrap().into_data().unwrap();
    issuer.answer(Answer::Normal);
    let rest = body.collect().await.unwrap().to_bytes();
    assert_eq!([&half[..], &rest[..]].concat(), issuer.jwks_json().as_bytes());
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn a_hanging_answer_ends_with_the_issuer() {
    let (http, issuer) = (client(), TestIssuer::start().await);
    issuer.answer(Answer::Hang);
    let url = issuer.jwks_url();
    let hanging = tokio::spawn(async move { head(&http, &url).await });
    issuer.fetched(1).await;
    drop(issuer);
    assert!(hanging.await.unwrap().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn down_is_refused_and_back_is_the_same_port() {
    let (http, issuer) = (client(), TestIssuer::start().await);
    let (url, address) = (issuer.jwks_url(), issuer.address());
    issuer.answer(Answer::Hang);
    let hanging = tokio::spawn({
        let (http, url) = (http.clone(), url.clone());
        async move { head(&http, &url).await }
    });
    issuer.fetched(1).await;
    for round in 0..3 {
        issuer.go_down().await;
        issuer.go_down().await;
        let error = head(&http, &url).await.unwrap_err();
        assert!(error.is_connect(), "round {round}: {error:?}");
        let other = TestIssuer::start().await;
        assert_ne!(other.address(), address, "the port stays reserved");
        issuer.come_back().await;
        issuer.come_back().await;
        issuer.answer(Answer::Normal);
        assert_eq!(key_ids(&http, &issuer).await, issuer.published());
        assert_eq!(issuer.address(), address);
    }
    assert!(hanging.await.unwrap().is_err());
    assert_eq!(issuer.fetches(), 4);
}
