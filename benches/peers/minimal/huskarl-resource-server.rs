//# huskarl-resource-server = "=0.11.12"
//# bytes = "1"
//# http = "1"
//# tokio = { version = "1", features = ["macros", "rt-multi-thread"] }

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use huskarl_resource_server::core::Error;
use huskarl_resource_server::core::http::{HttpClient, HttpResponse, Idempotency};
use huskarl_resource_server::core::platform::MaybeSendBoxFuture;
use huskarl_resource_server::validator::rfc9068::Rfc9068Validator;

include!("resident.rs");

struct AtHand;

impl HttpClient for AtHand {
    fn execute(
        &self,
        _: Request<Bytes>,
        _: Idempotency,
    ) -> MaybeSendBoxFuture<'_, Result<HttpResponse, Error>> {
        let body = Bytes::from_static(include_bytes!("jwks.json"));
        Box::pin(async move { Ok(HttpResponse { status: StatusCode::OK, headers: HeaderMap::new(), body }) })
    }
}

#[tokio::main]
async fn main() {
    let validator = Rfc9068Validator::builder()
        .issuer("https://id.example.com")
        .audience("https://api.example.com")
        .jwks_uri("https://id.example.com/jwks.json".parse().unwrap())
        .jwks_source(AtHand)
        .build()
        .await
        .unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("authorization", concat!("Bearer ", include_str!("token.txt")).parse().unwrap());
    let uri = Uri::from_static("https://api.example.com/");
    let result = validator.validate_request(&headers, &Method::GET, &uri, None).await;
    report(matches!(result.outcome, Ok(Some(_))));
}
