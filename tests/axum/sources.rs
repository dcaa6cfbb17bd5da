//! Tokens that stand elsewhere than in the `Authorization` header.

use axum::Router;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::{Request, request};
use axum::routing::get;
use portcullis::http::TokenSource;
use proptest::prelude::*;

use crate::minting::{expired, token, verifier};
use crate::stage::{Answer, answer, client, perhaps, serve, subject, told, with};

fn taken_from(sources: impl IntoIterator<Item = TokenSource>) -> Router {
    Router::new().route("/", get(subject)).layer(verifier().layer().token_sources(sources))
}

fn cookie() -> TokenSource {
    TokenSource::cookie("__Host-token").unwrap()
}

fn query() -> TokenSource {
    TokenSource::dangerous_query("access_token").unwrap()
}

fn in_cookie(token: &str) -> request::Builder {
    Request::get("/").header(COOKIE, format!("theme=dark; __Host-token={token}"))
}

async fn asked(app: &Router, request: request::Builder) -> Answer {
    answer(app, request).await
}

#[tokio::test]
async fn a_cookie_is_a_token_where_it_was_asked_for() {
    let app = taken_from([cookie()]);
    assert_eq!(asked(&app, in_cookie(&token("a"))).await.said(), (200, "alice"));
    for (request, status, code) in [
        (in_cookie(&expired()), 401, "token_expired"),
        (in_cookie("garbage"), 401, "token_malformed"),
        (in_cookie("\"quoted\""), 400, "credentials_malformed"),
        (in_cookie(&token("a")).header(COOKIE, "__Host-token=x"), 400, "credentials_repeated"),
        (Request::get("/").header(COOKIE, "token=x"), 401, "credentials_missing"),
        // The header is none of its places.
        (with("/", &token("a")), 401, "credentials_missing"),
    ] {
        let got = asked(&app, request).await;
        assert_eq!(got.verdict(), (status, code));
        assert!(got.header("www-authenticate").starts_with("Bearer realm="), "{got:?}");
    }
    let default = Router::new().route("/", get(subject)).layer(verifier().layer());
    assert_eq!(asked(&default, in_cookie(&token("a"))).await.verdict(), (401, "credentials_missing"));
}

#[tokio::test]
async fn a_cookie_counts_only_where_nothing_else_was_sent() {
    let app = taken_from([TokenSource::bearer(), cookie()]);
    assert_eq!(asked(&app, in_cookie(&token("a"))).await.said(), (200, "alice"));
    assert_eq!(asked(&app, with("/", &token("a"))).await.said(), (200, "alice"));
    // Browsers add cookies unasked: the header says who is asking, be it good or bad.
    let both =
        |header: &str, cookie: &str| in_cookie(cookie).header(AUTHORIZATION, format!("Bearer {header}"));
    assert_eq!(asked(&app, both(&token("a"), &expired())).await.said(), (200, "alice"));
    assert_eq!(asked(&app, both(&expired(), &token("a"))).await.verdict(), (401, "token_expired"));
    let malformed = in_cookie(&token("a")).header(AUTHORIZATION, "Bearer a b");
    assert_eq!(asked(&app, malformed).await.verdict(), (400, "credentials_malformed"));
}

#[tokio::test]
async fn two_deliberate_tokens_are_one_too_many() {
    let app = taken_from([TokenSource::bearer(), query()]);
    let good = token("a");
    assert_eq!(asked(&app, with("/", &good)).await.said(), (200, "alice"));
    let in_query = |path: &str| Request::get(path);
    assert_eq!(asked(&app, in_query(&format!("/?access_token={good}"))).await.said(), (200, "alice"));
    for (first, second) in [(&good, &good), (&good, &expired()), (&expired(), &good)] {
        let got = asked(&app, with(&format!("/?access_token={second}"), first)).await;
        assert_eq!(got.verdict(), (400, "credentials_repeated"));
        assert!(got.header("www-authenticate").contains(r#"error="invalid_request""#), "{got:?}");
    }
    let twice = in_query(&format!("/?access_token={good}&access_token={good}"));
    assert_eq!(asked(&app, twice).await.verdict(), (400, "credentials_repeated"));
}

#[tokio::test]
async fn the_query_is_looked_at_only_where_somebody_asked_for_the_danger() {
    let good = token("a");
    let path = format!("/?x=1&access_token={good}");
    assert_eq!(asked(&taken_from([query()]), Request::get(&path)).await.said(), (200, "alice"));
    for sources in [vec![TokenSource::bearer()], vec![cookie()], vec![]] {
        let got = asked(&taken_from(sources), Request::get(&path)).await;
        assert_eq!(got.verdict(), (401, "credentials_missing"));
    }
    for (path, code) in [
        (format!("/?access%5Ftoken={good}"), "credentials_missing"),
        (format!("/?access_token={}", good.replace('.', "%2E")), "credentials_malformed"),
        (format!("/access_token={good}"), "credentials_missing"),
    ] {
        let app = Router::new().fallback(subject).layer(verifier().layer().token_sources([query()]));
        assert_eq!(asked(&app, Request::get(&path)).await.code, Some(code), "{path}");
    }
}

#[tokio::test]
async fn an_optional_layer_passes_nobody_with_a_bad_cookie() {
    let layer = verifier().layer().optional().token_sources([TokenSource::bearer(), cookie()]);
    let app = Router::new().route("/", get(perhaps)).layer(layer);
    assert_eq!(asked(&app, Request::get("/")).await.said(), (200, "anonymous"));
    assert_eq!(asked(&app, in_cookie("")).await.said(), (200, "anonymous"), "an empty one is none");
    assert_eq!(asked(&app, in_cookie(&token("a"))).await.said(), (200, "alice"));
    assert_eq!(asked(&app, in_cookie(&expired())).await.verdict(), (401, "token_expired"));
    let basic = Request::get("/").header(AUTHORIZATION, "Basic dXNlcjpwYXNz");
    assert_eq!(asked(&app, basic).await.verdict(), (401, "scheme_unsupported"));
}

#[tokio::test]
async fn over_a_socket() {
    let at = serve(taken_from([TokenSource::bearer(), cookie()])).await;
    let request = client().get(&at).header("cookie", format!("theme=dark; __Host-token={}", token("a")));
    assert_eq!(told(request).await.said(), (200, "alice"));
    let request = client().get(&at).header("cookie", format!("__Host-token={}", expired()));
    let refused = told(request).await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").contains(r#"reason="token_expired""#), "{refused:?}");
}

/// What the typed header of the `headers` crate reads from the same cookies, of which we want exactly one.
fn by_another_parser(line: &str) -> Option<String> {
    use headers::Header;
    let value = headers::HeaderValue::from_str(line).ok()?;
    let cookies = headers::Cookie::decode(&mut [&value].into_iter()).ok()?;
    let mut found = cookies.iter().filter(|(name, _)| *name == "t").map(|(_, value)| value.to_owned());
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

proptest! {
    #![proptest_config(crate::testing::cases(256))]

    /// As a cookie that is no token is refused by its form, and an empty one is none, the reason tells what was read.
    #[test]
    fn cookies_are_read_as_another_parser_reads_them(
        pairs in prop::collection::vec(("(t|T|tt|x|__Host-t| t)", "(|a|a\\.b|=|t=a)"), 0..5),
        separator in "(; |;|;  )",
    ) {
        let line = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(&separator);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let app = taken_from([TokenSource::cookie("t").unwrap()]);
        let got = runtime.block_on(asked(&app, Request::get("/").header(COOKIE, &line)));
        let is_b64 = |text: &str| !text.trim_end_matches('=').is_empty() && !text.contains("=a");
        let repeated = pairs.iter().filter(|(name, _)| name.trim() == "t").count() > 1;
        let want = match by_another_parser(&line) {
            _ if repeated => "credentials_repeated",
            Some(value) if value.is_empty() => "credentials_missing",
            Some(value) if is_b64(&value) => "token_malformed",
            Some(_) => "credentials_malformed",
            None => "credentials_missing",
        };
        prop_assert_eq!(got.code, Some(want), "{}", line);
    }
}
