//! The table of decisions in the documentation of `http`, row by row: each refusal beside the request that is served.

use actix_web::{App, HttpRequest, web};
use http::Method;
use portcullis::http::TokenSource;
use portcullis::keys::remote::Remote;
use portcullis::testkit::{Answer, TestIssuer};
use portcullis::{Issuer, Verifier, require, scope};
use std::time::Duration;

use crate::house::{Sent, routes, serve, subject};
use crate::minting::{expired, token, verifier};

#[tokio::test]
async fn each_row_over_http_and_over_grpc() {
    let house = serve!(App::new().configure(routes).wrap(verifier().layer()));
    let (good, narrow) = (token("orders:read"), token("profile"));
    for (sent, status, challenge, grpc) in [
        (Sent::get("/orders").bearer(&good), 200, "", ""),
        (Sent::get("/orders"), 401, r#"Bearer realm="https://api.example.com""#, "16"),
        (Sent::get("/orders").with("authorization", "Basic YQ=="), 401, "Bearer realm=", "16"),
        (Sent::get("/orders").bearer(&good).bearer(&good), 400, r#"error="invalid_request""#, "16"),
        (Sent::get("/orders").bearer("a b"), 400, r#"reason="credentials_malformed""#, "16"),
        (Sent::get("/orders").bearer(&expired()), 401, r#"error="invalid_token""#, "16"),
        (Sent::get("/orders").bearer(&narrow), 403, r#"scope="orders:read""#, "7"),
    ] {
        let answer = house.ask(&sent).await;
        assert_eq!(answer.status, status, "{sent:?}");
        assert!(answer.header("www-authenticate").contains(challenge), "{answer:?}");
        let told = if status == 200 { ("", "alice") } else { ("no-store", "") };
        assert_eq!((answer.header("cache-control"), &*answer.body), told);

        let call = house.ask(&sent.clone().by(Method::POST).with("content-type", "application/grpc")).await;
        assert_eq!((call.status.as_u16(), call.header("grpc-status")), (200, grpc), "{sent:?}");
        assert_eq!(call.header("www-authenticate"), "");
    }
}

#[tokio::test]
async fn nothing_can_be_decided_for_want_of_keys() {
    let issuer = TestIssuer::start().await;
    issuer.answer(Answer::Status(500));
    let keys = Remote::jwks_url(issuer.jwks_url()).unwrap().wait_budget(Duration::ZERO);
    let trusted = Issuer::new(issuer.identifier(), keys).audience(issuer.audience());
    let verifier = Verifier::builder().issuer(trusted).clock(issuer.clock()).build().unwrap();
    let house = serve!(App::new().configure(routes).wrap(verifier.layer().problem_details()));
    let sent = Sent::get("/subject").bearer(&issuer.token().mint());
    let answer = house.ask(&sent).await;
    assert_eq!((answer.status.as_u16(), answer.header("www-authenticate")), (503, ""));
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert!(answer.body.contains(r#""code":"keys_not_loaded""#), "{}", answer.body);
    let call = house.ask(&sent.by(Method::POST).with("content-type", "application/grpc")).await;
    assert_eq!((call.status.as_u16(), call.header("grpc-status")), (200, "14"));
}

#[tokio::test]
async fn an_unguarded_route_is_our_fault() {
    let house = serve!({
        let guarded = web::resource("/guarded").route(web::get().to(subject)).wrap(verifier().layer());
        App::new().service(guarded).configure(routes)
    });
    let good = token("orders:read orders:delete");
    for path in ["/subject", "/perhaps", "/email", "/orders", "/delete"] {
        for sent in [Sent::get(path), Sent::get(path).bearer(&good)] {
            let answer = house.ask(&sent).await;
            assert_eq!((answer.status.as_u16(), &*answer.body), (500, ""), "{path}");
            assert_eq!(answer.header("www-authenticate"), "");
        }
        let call = Sent::get(path).by(Method::POST).with("content-type", "application/grpc");
        assert_eq!(house.ask(&call).await.header("grpc-status"), "13", "{path}");
    }
    // The guard on one route does not guard its neighbour.
    assert_eq!(house.ask(&Sent::get("/guarded").bearer(&good)).await.brief(), (200, "alice"));
}

#[tokio::test]
async fn scopes_within_scopes_each_ask_for_more() {
    let house = serve!({
        let delete =
            web::resource("/all").route(web::delete().to(subject)).wrap(require(scope("admin:write")));
        let admin = web::scope("/admin")
            .route("/me", web::get().to(subject))
            .service(delete)
            .wrap(require(scope("admin")));
        let api = web::scope("/api").route("/me", web::get().to(subject)).service(admin);
        App::new().service(api.wrap(verifier().layer())).route("/health", web::get().to(async || "up"))
    });
    let (user, admin, root) = (token("user"), token("admin"), token("admin admin:write"));
    let delete = |token: &str| Sent::get("/api/admin/all").by(Method::DELETE).bearer(token);
    for (sent, want) in [
        (Sent::get("/health"), (200, "up")),
        (Sent::get("/api/me"), (401, "")),
        (Sent::get("/api/me").bearer(&user), (200, "alice")),
        (Sent::get("/api/admin/me").bearer(&user), (403, "scope_missing")),
        (Sent::get("/api/admin/me").bearer(&admin), (200, "alice")),
        (delete(&user), (403, "scope_missing")),
        (delete(&admin), (403, "scope_missing")),
        (delete(&root), (200, "alice")),
        (Sent::get("/api/nowhere"), (401, "")),
        (Sent::get("/api/nowhere").bearer(&user), (404, "")),
    ] {
        assert_eq!(house.ask(&sent).await.brief(), want, "{sent:?}");
    }
    let missing = house.ask(&delete(&admin)).await;
    assert!(missing.header("www-authenticate").ends_with(r#"scope="admin:write""#), "{missing:?}");
}

#[tokio::test]
async fn the_service_does_not_see_a_token_among_its_protocols() {
    async fn protocols(request: HttpRequest) -> String {
        let values = request.headers().get_all("sec-websocket-protocol");
        values.map(|value| value.to_str().unwrap()).collect::<Vec<_>>().join("|")
    }
    let source = || TokenSource::websocket_protocol("bearer.").unwrap();
    let layer = move || verifier().layer().token_sources([TokenSource::bearer(), source()]);
    let house = serve!(App::new().route("/socket", web::get().to(protocols)).wrap(layer()));
    let good = token("a");
    let ask = || Sent::get("/socket").with("upgrade", "websocket");
    for (sent, want) in [
        (ask().with("sec-websocket-protocol", format!("chat, bearer.{good}, v2")), (200, "chat, v2")),
        (ask().with("sec-websocket-protocol", format!("bearer.{good}")), (200, "")),
        (ask().with("sec-websocket-protocol", "chat").bearer(&good), (200, "chat")),
        (
            ask().with("sec-websocket-protocol", "a").with("sec-websocket-protocol", "b").bearer(&good),
            (200, "a|b"),
        ),
        (ask().with("sec-websocket-protocol", format!("bearer.{}", expired())), (401, "token_expired")),
    ] {
        assert_eq!(house.ask(&sent).await.brief(), want, "{sent:?}");
    }
}

#[tokio::test]
async fn the_service_behind_is_not_given_what_it_might_pass_on() {
    async fn seen(request: HttpRequest) -> String {
        let all = ["authorization", "cookie", "sec-websocket-protocol"].map(|name| {
            let values = request.headers().get_all(name).map(|value| value.to_str().unwrap());
            values.collect::<Vec<_>>().join("; ")
        });
        all.join(" | ")
    }
    let issuer = TestIssuer::start().await;
    let good = issuer.token().mint();
    let (identifier, audience, clock) =
        (issuer.identifier().to_owned(), issuer.audience().to_owned(), issuer.clock());
    let house = serve!({
        // Its keys have to be waited for, so that the first request is let in late.
        let trusted = Issuer::discover(&identifier).unwrap().audience(&audience);
        let verifier = Verifier::builder().issuer(trusted).clock(clock.clone()).build().unwrap();
        let sources = [
            TokenSource::bearer(),
            TokenSource::cookie("t").unwrap(),
            TokenSource::websocket_protocol("bearer.").unwrap(),
        ];
        let kept = verifier.layer().token_sources(sources);
        let removed = kept.clone().credentials_removed();
        App::new()
            .service(web::resource("/kept").route(web::get().to(seen)).wrap(kept))
            .service(web::resource("/removed").route(web::get().to(seen)).wrap(removed))
            .service(
                web::resource("/plain")
                    .route(web::get().to(seen))
                    .wrap(verifier.layer().credentials_removed()),
            )
    });
    let bearer = |path| Sent::get(path).bearer(&good).with("cookie", format!("x=1; t={good}; y=2"));
    for _ in 0..2 {
        let socket = Sent::get("/removed").with("upgrade", "websocket");
        let socket = socket.with("sec-websocket-protocol", format!("chat, bearer.{good}"));
        for (sent, left) in [
            (bearer("/removed"), " | x=1; y=2 | ".to_owned()),
            (bearer("/plain"), format!(" | x=1; t={good}; y=2 | ")),
            (bearer("/kept"), format!("Bearer {good} | x=1; t={good}; y=2 | ")),
            (Sent::get("/removed").with("cookie", format!("t={good}")), " |  | ".to_owned()),
            (socket, " |  | chat".to_owned()),
        ] {
            assert_eq!(house.ask(&sent).await.brief(), (200, &*left), "{}", sent.target);
        }
    }
}
