//! Refusals as responses of actix-web.

use actix_web::body::{BoxBody, EitherBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};

use super::head::HeadCopy;
use crate::adapters::extract::ExtractorRefusal;
use crate::adapters::health::HealthReport;
use crate::error::{Error, Rejection};
use crate::http::{Dialect, Finishing, Guard, Refusal, RefusalBody, Unfinished, first_words, is_disguised};
use crate::stripes::Spread;

/// Who words refusals from behind a guard.
pub(super) enum Wording<W> {
    Ours {
        guard: Spread<Guard<W>>,
        dialect: Dialect,
    },
    /// They stay as they are.
    Theirs,
}

impl<W: RefusalBody<String> + 'static> Wording<W> {
    pub(super) fn of(guard: &Spread<Guard<W>>, head: &HeadCopy) -> Self {
        match guard.finishing {
            Finishing::Needed => Self::Ours { guard: guard.clone(), dialect: head.dialect() },
            Finishing::Needless => Self::Theirs,
        }
    }

    pub(super) fn finish<B>(&self, mut response: ServiceResponse<B>) -> ServiceResponse<EitherBody<B>> {
        match self.anew(response.response_mut()) {
            None => response.map_into_left_body(),
            Some(written) => {
                let (request, response) = response.into_parts();
                ServiceResponse::new(request, dressed(response, written)).map_into_right_body()
            }
        }
    }

    /// An error that becomes a response further out; it stays the error that it is.
    pub(super) fn finish_error(self, mut error: actix_web::Error) -> actix_web::Error {
        error.add_response_mapper(move |mut response| match self.anew(&mut response) {
            None => response,
            Some(written) => dressed(response, written),
        });
        error
    }

    /// How to put a refusal, if it is one that is to be put anew.
    fn anew<B>(&self, response: &mut HttpResponse<B>) -> Option<http::Response<String>> {
        response.extensions_mut().remove::<Unfinished>()?;
        let error = response.extensions().get::<Error>().cloned()?;
        let over_grpc = response.headers().get("grpc-status").map(HeaderValue::as_bytes);
        if is_disguised(&error, response.status().as_u16(), over_grpc) {
            undress(response.headers_mut(), &error);
            return None;
        }
        let Self::Ours { guard, dialect } = self else { return None };
        Some(guard.word(error, *dialect))
    }
}

/// Takes from a refusal in disguise what it said of its reason.
fn undress(headers: &mut HeaderMap, error: &Error) {
    for (name, words) in first_words(error) {
        let others = headers.get_all(name.as_str()).filter(|value| value.as_bytes() != words.as_bytes());
        let others: Vec<_> = others.cloned().collect();
        headers.remove(name.as_str());
        if let Ok(name) = HeaderName::from_bytes(name.as_str().as_bytes()) {
            others.into_iter().for_each(|value| headers.append(name.clone(), value));
        }
    }
}

/// A request that is refused. The typed error is where actix-web looks for errors, too.
pub(super) fn refused(request: ServiceRequest, written: http::Response<String>) -> ServiceResponse {
    let (request, _) = request.into_parts();
    let response = match written.extensions().get::<Error>() {
        Some(error) => HttpResponse::from_error(error.clone()),
        None => HttpResponse::new(StatusCode::INTERNAL_SERVER_ERROR),
    };
    ServiceResponse::new(request, dressed(response, written))
}

/// The same response with the status, the headers and the body of another.
pub(super) fn dressed<B>(
    mut response: HttpResponse<B>,
    written: http::Response<String>,
) -> HttpResponse<BoxBody> {
    let (parts, body) = written.into_parts();
    // What a refusal said in other words may have no place in these, and what described its body is wrong of this one.
    for name in [
        header::WWW_AUTHENTICATE,
        header::RETRY_AFTER,
        header::CONTENT_ENCODING,
        header::CONTENT_LENGTH,
        header::CONTENT_TYPE,
        header::TRANSFER_ENCODING,
    ] {
        response.headers_mut().remove(name);
    }
    for name in parts.headers.keys() {
        response.headers_mut().remove(name.as_str());
    }
    for (name, value) in &parts.headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            response.headers_mut().append(name, value);
        }
    }
    *response.status_mut() = status(parts.status);
    response.extensions_mut().remove::<Unfinished>();
    if let Some(mark) = parts.extensions.get::<Unfinished>() {
        response.extensions_mut().insert(*mark);
    }
    if let Some(error) = parts.extensions.get::<Error>() {
        response.extensions_mut().insert(error.clone());
    }
    response.set_body(BoxBody::new(body))
}

fn status(status: http::StatusCode) -> StatusCode {
    // Both crates know the same numbers.
    StatusCode::from_u16(status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A response that stands by itself, and that the guard outside may finish.
fn standing(refusal: Refusal) -> HttpResponse {
    dressed(HttpResponse::new(StatusCode::INTERNAL_SERVER_ERROR), refusal.unfinished())
}

/// What a handler that asked more of a token answers with, by `?`; the guard outside words it as its own refusals.
///
/// ```
/// use actix_web::web;
/// use portcullis::{Error, VerifiedToken, scope};
///
/// async fn delete(token: VerifiedToken) -> Result<&'static str, Error> {
///     token.require(&scope("orders:delete"))?;
///     Ok("gone")
/// }
/// # let _ = web::delete().to(delete);
/// ```
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.error_response().status()
    }

    fn error_response(&self) -> HttpResponse {
        standing(Refusal::of(self.clone(), Dialect::Http))
    }
}

/// As an [`Error`] does.
impl ResponseError for Rejection {
    fn status_code(&self) -> StatusCode {
        self.error_response().status()
    }

    fn error_response(&self) -> HttpResponse {
        standing(Refusal::of(self.clone().into(), Dialect::Http))
    }
}

impl ResponseError for ExtractorRefusal {
    fn status_code(&self) -> StatusCode {
        self.error_response().status()
    }

    fn error_response(&self) -> HttpResponse {
        standing(self.clone().into_refusal())
    }
}

impl Responder for HealthReport {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let (code, body) = self.written();
        HttpResponse::build(status(code))
            .insert_header((header::CONTENT_TYPE, "application/json"))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(body)
    }
}
