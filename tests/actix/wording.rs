//! How refusals are put, wherever they were made, and the document of the resource.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue as TheirValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, HttpMessage as _, HttpResponse, web};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method};
use portcullis::http::Refused;
use portcullis::{Error, Rejection, VerifiedToken, require, scope};

use crate::house::{Sent, routes, serve, subject};
use crate::minting::{token, verifier};

#[tokio::test]
async fn a_body_of_ones_own() {
    let house = serve!({
        let layer = verifier().layer().body(|refused: &Refused<'_>, headers: &mut HeaderMap| {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            format!("no: {}", refused.error().code())
        });
        App::new().configure(routes).wrap(layer)
    });
    for (sent, status, body) in [
        (Sent::get("/orders").bearer(&token("orders:read")), 200, "alice"),
        (Sent::get("/orders"), 401, "no: credentials_missing"),
        (Sent::get("/orders").bearer(&token("a")), 403, "no: scope_missing"),
        (Sent::get("/delete").bearer(&token("a")), 403, "no: scope_missing"),
        (Sent::get("/nowhere").bearer(&token("a")), 404, ""),
    ] {
        let answer = house.ask(&sent).await;
        assert_eq!((answer.status.as_u16(), &*answer.body), (status, body), "{sent:?}");
    }
}

/// Refuses as a handler does, but as an error of the stack and not as a response.
async fn strict(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let met = request
        .extensions()
        .get::<VerifiedToken>()
        .map_or(Err(Rejection::CredentialsMissing), |token| token.require(&scope("strict")));
    met?;
    next.call(request).await
}

#[tokio::test]
async fn an_error_of_a_middleware_within_is_put_in_the_guards_words() {
    let house = serve!({
        let app = App::new().configure(routes).wrap(from_fn(strict));
        app.wrap(verifier().layer().realm("shop").problem_details())
    });
    let answer = house.ask(&Sent::get("/subject").bearer(&token("a"))).await;
    assert_eq!(answer.brief(), (403, "scope_missing"));
    assert!(answer.header("www-authenticate").starts_with(r#"Bearer realm="shop""#), "{answer:?}");
    assert!(answer.body.contains(r#""code":"scope_missing""#), "{}", answer.body);
    assert_eq!(house.ask(&Sent::get("/subject").bearer(&token("strict"))).await.brief(), (200, "alice"));
}

/// An application's own error, which hands ours on as a response or by its status alone.
#[derive(Debug)]
enum Failed {
    Refused(Rejection),
    RefusedByStatus(Rejection),
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it failed")
    }
}

impl actix_web::ResponseError for Failed {
    fn status_code(&self) -> actix_web::http::StatusCode {
        let (Self::Refused(rejection) | Self::RefusedByStatus(rejection)) = self;
        rejection.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Refused(rejection) => rejection.error_response(),
            Self::RefusedByStatus(_) => HttpResponse::new(self.status_code()),
        }
    }
}

#[tokio::test]
async fn an_error_type_of_ones_own_hands_a_refusal_on_to_the_guard() {
    async fn whole(token: VerifiedToken) -> Result<&'static str, Failed> {
        token.require(&scope("strict")).map_err(Failed::Refused)?;
        Ok("alice")
    }
    async fn bare(token: VerifiedToken) -> Result<&'static str, Failed> {
        token.require(&scope("strict")).map_err(Failed::RefusedByStatus)?;
        Ok("alice")
    }
    let house = serve!({
        let app = App::new().route("/whole", web::get().to(whole)).route("/bare", web::get().to(bare));
        app.wrap(verifier().layer().realm("shop").problem_details())
    });
    let whole = house.ask(&Sent::get("/whole").bearer(&token("a"))).await;
    assert_eq!(whole.brief(), (403, "scope_missing"));
    assert!(whole.header("www-authenticate").starts_with(r#"Bearer realm="shop""#), "{whole:?}");
    assert!(whole.body.contains(r#""code":"scope_missing""#), "{}", whole.body);
    let bare = house.ask(&Sent::get("/bare").bearer(&token("a"))).await;
    assert_eq!((bare.status.as_u16(), &*bare.body), (403, ""));
    assert!(!bare.headers.contains_key("www-authenticate"), "{bare:?}");
    for path in ["/whole", "/bare"] {
        assert_eq!(house.ask(&Sent::get(path).bearer(&token("strict"))).await.brief(), (200, "alice"));
    }
}

#[tokio::test]
async fn a_refusal_in_disguise_and_an_error_of_others_stay_as_they_are() {
    async fn hidden() -> Result<&'static str, actix_web::Error> {
        Err(actix_web::error::ErrorNotFound("nothing here"))
    }
    async fn disguise(
        request: ServiceRequest,
        next: Next<impl MessageBody>,
    ) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
        let mut response = next.call(request).await?;
        if response.status() == 403 {
            *response.response_mut().status_mut() = actix_web::http::StatusCode::NOT_FOUND;
        }
        Ok(response)
    }
    let house = serve!({
        let secret = web::resource("/secret").route(web::get().to(subject)).wrap(require(scope("secret")));
        let app = App::new().route("/hidden", web::get().to(hidden)).service(secret.wrap(from_fn(disguise)));
        app.wrap(verifier().layer().problem_details())
    });
    assert_eq!(house.ask(&Sent::get("/hidden").bearer(&token("a"))).await.brief(), (404, "nothing here"));
    let disguised = house.ask(&Sent::get("/secret").bearer(&token("a"))).await;
    assert_eq!((disguised.status.as_u16(), &*disguised.body), (404, ""));
    assert_eq!(disguised.header("www-authenticate"), "", "it would tell what is there, and who may see it");
    assert_eq!(house.ask(&Sent::get("/secret").bearer(&token("secret"))).await.brief(), (200, "alice"));
}

#[tokio::test]
async fn what_described_another_body_is_gone() {
    async fn encoded(
        request: ServiceRequest,
        next: Next<impl MessageBody>,
    ) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
        let mut response = next.call(request).await?;
        let headers = response.headers_mut();
        for (name, value) in [("content-encoding", "gzip"), ("content-type", "text/x"), ("etag", "1")] {
            headers.insert(HeaderName::from_static(name), TheirValue::from_static(value));
        }
        Ok(response)
    }
    let house = serve!({
        let layer = verifier().layer().body(|_: &Refused<'_>, _: &mut HeaderMap| "no".to_owned());
        App::new().configure(routes).wrap(from_fn(encoded)).wrap(layer)
    });
    let refused = house.ask(&Sent::get("/orders").bearer(&token("a"))).await;
    assert_eq!(refused.brief(), (403, "scope_missing"));
    let described = ["content-encoding", "content-type", "etag"].map(|name| refused.header(name));
    assert_eq!((described, &*refused.body), (["", "", "1"], "no"));
    let served = house.ask(&Sent::get("/orders").bearer(&token("orders:read"))).await;
    assert_eq!(served.header("content-encoding"), "gzip", "what is no refusal is left as it is");
}

#[tokio::test]
async fn a_logger_outside_finds_the_typed_error_in_both_places() {
    async fn log(
        request: ServiceRequest,
        next: Next<impl MessageBody>,
    ) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
        let response = next.call(request).await?;
        let http = response.response();
        let kept = http.error().and_then(|error| error.as_error::<Error>()).map(Error::code);
        let left = http.extensions().get::<Error>().map(Error::code);
        let seen = format!("{} {}", kept.unwrap_or("none"), left.unwrap_or("none"));
        let (request, _) = response.into_parts();
        Ok(ServiceResponse::new(request, HttpResponse::Ok().body(seen)))
    }
    let house =
        serve!(App::new().configure(routes).wrap(verifier().layer().realm("shop")).wrap(from_fn(log)));
    for (sent, want) in [
        (Sent::get("/subject"), "credentials_missing credentials_missing"),
        (Sent::get("/orders").bearer(&token("a")), "scope_missing scope_missing"),
        (Sent::get("/delete").bearer(&token("a")), "scope_missing scope_missing"),
        (Sent::get("/subject").bearer(&token("a")), "none none"),
    ] {
        assert_eq!(house.ask(&sent).await.body, want, "{sent:?}");
    }
}

#[tokio::test]
async fn a_preflight_is_answered_in_front_of_the_guard_or_behind_it() {
    async fn cors(
        request: ServiceRequest,
        next: Next<impl MessageBody + 'static>,
    ) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
        if request.method() == actix_web::http::Method::OPTIONS {
            let answer =
                HttpResponse::NoContent().insert_header(("access-control-allow-origin", "*")).finish();
            return Ok(request.into_response(answer).map_into_boxed_body());
        }
        Ok(next.call(request).await?.map_into_boxed_body())
    }
    let front = serve!(App::new().configure(routes).wrap(verifier().layer()).wrap(from_fn(cors)));
    let behind = serve!({
        App::new().configure(routes).wrap(from_fn(cors)).wrap(verifier().layer().preflight_passes())
    });
    let asks = || Sent::get("/subject").by(Method::OPTIONS).with("origin", "https://app.example.com");
    for house in [&front, &behind] {
        let answer = house.ask(&asks().with("access-control-request-method", "PUT")).await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (204, "*"));
        assert_eq!(house.ask(&Sent::get("/subject")).await.brief(), (401, ""));
        assert_eq!(house.ask(&Sent::get("/subject").bearer(&token("a"))).await.brief(), (200, "alice"));
    }
    assert_eq!(behind.ask(&asks()).await.brief(), (401, ""), "an OPTIONS that is no preflight");
}

#[tokio::test]
async fn the_document_is_served_in_front_of_the_guard() {
    let resource = verifier().protected_resource().unwrap();
    let (path, json) = (resource.metadata_path().to_owned(), resource.to_json());
    let house = serve!({
        let guard = verifier().layer().protected_resource(&resource);
        App::new().configure(routes).wrap(guard).wrap(resource.layer())
    });
    let document = house.ask(&Sent::get(&path)).await;
    assert_eq!(document.brief(), (200, &*json));
    assert_eq!(document.header("content-type"), "application/json");
    assert_eq!(document.header("access-control-allow-origin"), "*");
    let head = house.ask(&Sent::get(&path).by(Method::HEAD)).await;
    assert_eq!(head.brief(), (200, ""));
    assert_eq!(house.ask(&Sent::get(&path).by(Method::OPTIONS)).await.status, 204);
    assert_eq!(house.ask(&Sent::get(&path).by(Method::PUT)).await.header("allow"), "GET, HEAD, OPTIONS");
    let refused = house.ask(&Sent::get("/subject")).await;
    assert!(
        refused
            .header("www-authenticate")
            .contains("resource_metadata=\"https://api.example.com/.well-known/")
    );
    assert_eq!(house.ask(&Sent::get(&format!("{path}/x"))).await.brief(), (401, ""));
}
