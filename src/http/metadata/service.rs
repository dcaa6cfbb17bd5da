//! Serves the document.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW,
    CACHE_CONTROL, CONTENT_TYPE, HeaderValue,
};
use http::{Method, Request, Response, StatusCode};
use tower_layer::Layer;
use tower_service::Service;

use super::ProtectedResource;
use crate::http::early::EarlyFuture;

/// Serves the metadata of a protected resource; made by [`ProtectedResource::layer`].
#[derive(Clone, Debug)]
#[must_use = "a layer serves nothing until it is around a service"]
pub struct MetadataLayer {
    pub(crate) page: Arc<Page>,
}

/// A service behind a [`MetadataLayer`].
#[derive(Clone, Debug)]
pub struct Metadata<S> {
    inner: S,
    page: Arc<Page>,
}

/// The document, and where it is served.
#[derive(Debug)]
pub(crate) struct Page {
    path: String,
    document: String,
}

impl MetadataLayer {
    pub(super) fn of(resource: &ProtectedResource) -> Self {
        let page = Page { path: resource.metadata_path().to_owned(), document: resource.to_json() };
        Self { page: Arc::new(page) }
    }
}

impl<S> Layer<S> for MetadataLayer {
    type Service = Metadata<S>;

    fn layer(&self, inner: S) -> Metadata<S> {
        Metadata { inner, page: Arc::clone(&self.page) }
    }
}

impl Page {
    /// Whether a request for this path asks for the document.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        path == self.path
    }

    pub(crate) fn answer<R: From<String>>(&self, method: &Method) -> Response<R> {
        let (status, body) = match *method {
            Method::GET | Method::HEAD => (StatusCode::OK, self.document.clone()),
            Method::OPTIONS => (StatusCode::NO_CONTENT, String::new()),
            _ => (StatusCode::METHOD_NOT_ALLOWED, String::new()),
        };
        let mut response = Response::new(R::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        // Clients in browsers look for it, wherever they were loaded from, and it is for everyone.
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        match status {
            StatusCode::OK => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
            }
            StatusCode::NO_CONTENT => {
                headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD"));
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*"));
            }
            _ => {
                headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
            }
        }
        response
    }
}

impl<S, B, R> Service<Request<B>> for Metadata<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = EarlyFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> EarlyFuture<S::Future, R> {
        if self.page.is_at(request.uri().path()) {
            EarlyFuture::answered(self.page.answer(request.method()))
        } else {
            EarlyFuture::running(self.inner.call(request))
        }
    }
}
