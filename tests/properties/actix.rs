//! Pictures of what stands in an actix-web service.

use actix_web::dev::{Payload, Service as _};
use actix_web::dev::{ServiceFactory as _, ServiceRequest, Transform as _, fn_service};
use actix_web::test::TestRequest;
use actix_web::{Error, FromRequest as _, HttpResponse, ResponseError as _};
use portcullis::actix::MaybeVerified;
use portcullis::{Claims, VerifiedToken, require, scope};

use crate::album::Album;
use crate::hostile::{self, VERIFIERS, signed};

pub(crate) async fn pictures(album: &mut Album) {
    let inner = fn_service(async |request: ServiceRequest| {
        Ok::<_, Error>(request.into_response(HttpResponse::Ok().finish()))
    });
    let inner = async || inner.new_service(()).await.unwrap();
    let layer = VERIFIERS[0].layer().optional();
    let guard = layer.new_transform(inner().await).await.unwrap();
    album.debug("AuthMiddleware", &guard);
    let route = require(scope("orders:write")).new_transform(inner().await).await.unwrap();
    album.debug("RequireMiddleware", &route);
    let resource = VERIFIERS[0].protected_resource().unwrap();
    album.debug("MetadataMiddleware", &resource.layer().new_transform(inner().await).await.unwrap());
    let good = signed(hostile::header().to_string(), hostile::claims().to_string());
    for token in hostile::tokens().into_iter().chain([good]) {
        let Ok(value) = actix_web::http::header::HeaderValue::from_str(&format!("Bearer {token}")) else {
            continue;
        };
        let request = TestRequest::get().insert_header(("authorization", value)).to_srv_request();
        let future = guard.call(request);
        album.debug("AuthFuture", &future);
        let (request, response) = future.await.unwrap().into_parts();
        // What leaves the house: the challenge and all other headers.
        album.put("Error", format!("{:?} {:?}", response.headers(), response.error()));
        album.debug("EarlyFuture", &route.call(ServiceRequest::from_request(request.clone())));
        match MaybeVerified::from_request(&request, &mut Payload::None).await {
            Ok(found) => album.debug("MaybeVerified", &found),
            Err(refusal) => album.error("ExtractorRefusal", &refusal),
        }
        if let Err(refusal) = Claims::<Vec<u8>>::from_request(&request, &mut Payload::None).await {
            album.error("ExtractorRefusal", &refusal);
            album.put("Error", format!("{:?}", refusal.error_response().headers()));
        }
        if let Ok(token) = VerifiedToken::from_request(&request, &mut Payload::None).await {
            album.debug("VerifiedToken", &token);
        }
    }
}
