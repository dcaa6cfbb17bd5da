//! Errors as gRPC statuses, with the details of `google.rpc`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::HeaderValue;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::error::{Error, Rejection, Unavailable};
use crate::http::{AuthLayer, Detail, Refused, grpc_status, grpc_words};

/// The `domain` of each `ErrorInfo`: tells our reasons from those of others.
pub const ERROR_DOMAIN: &str = "crates.io/crates/portcullis";

impl<W: Clone> AuthLayer<W> {
    /// Adds `google.rpc.Status` to refusals over gRPC, in `grpc-status-details-bin`, for programs to act on:
    ///
    /// | detail | sent for | holds |
    /// |---|---|---|
    /// | `ErrorInfo` | every refusal | `reason`: [`Error::code`] in capitals, `TOKEN_EXPIRED`; `domain`: [`ERROR_DOMAIN`]; `metadata`: what is needed, under `scope`, `acr_values` and `max_age` as in challenges |
    /// | `RetryInfo` | 14 `UNAVAILABLE` | when trying again may help |
    ///
    /// With [`Detail::Bare`] the reason is the `error` of RFC 6750, `INVALID_TOKEN`, and there is none where that is
    /// missing. Clients that know no details see code and message as before.
    pub fn grpc_details(self) -> Self {
        self.finishing(|guard| guard.manner.grpc_details = Some(header))
    }
}

/// The status that the layer refuses with for this reason, with the details of [`AuthLayer::grpc_details`].
///
/// For methods that ask more of a token, by `?`. The error is the status's source; a layer outside that has words of its own
/// ([`AuthLayer::detail`]) words such a status as its own refusals, as long as code and message are untouched.
///
/// ```
/// use portcullis::{Rejection, VerifiedToken, scope};
/// use tonic::{Code, Status};
///
/// fn may_delete(token: &VerifiedToken) -> Result<(), Status> {
///     token.require(&scope("orders:delete"))?;
///     Ok(())
/// }
///
/// let status = Status::from(Rejection::ScopeMissing { required: "orders:delete".into() });
/// assert_eq!(status.code(), Code::PermissionDenied);
/// assert_eq!(status.message(), "scope missing, needed: orders:delete (scope_missing)");
/// # let _ = may_delete;
/// ```
impl From<Error> for Status {
    fn from(error: Error) -> Self {
        worded(error, Detail::Full)
    }
}

/// As an [`Error`] does.
impl From<Rejection> for Status {
    fn from(rejection: Rejection) -> Self {
        Error::from(rejection).into()
    }
}

/// As an [`Error`] does.
impl From<Unavailable> for Status {
    fn from(unavailable: Unavailable) -> Self {
        Error::from(unavailable).into()
    }
}

pub(super) fn worded(error: Error, detail: Detail) -> Status {
    let code = Code::from_i32(i32::from(grpc_status(&error)));
    let words = grpc_words(&error, detail);
    let mut status = match details(&error, detail) {
        Some(details) => Status::with_error_details(code, words, details),
        None => Status::new(code, words),
    };
    status.set_source(Arc::new(error));
    status
}

/// The value of `grpc-status-details-bin`: base64 without padding, as gRPC has it for binary headers.
fn header(error: &Error, detail: Detail) -> Option<HeaderValue> {
    let status = worded(error.clone(), detail);
    let details = Some(status.details()).filter(|details| !details.is_empty())?;
    HeaderValue::try_from(STANDARD_NO_PAD.encode(details)).ok()
}

fn details(error: &Error, detail: Detail) -> Option<ErrorDetails> {
    let needed = Refused::of(error, detail).problem();
    let bare = match error {
        Error::Rejected(rejection) => rejection.status().oauth_error(),
        Error::Unavailable(_) => None,
    };
    let mut details = ErrorDetails::new();
    if let Some(reason) = needed.code.or(bare) {
        let max_age = needed.max_age.map(|seconds| seconds.to_string());
        let metadata = [("scope", needed.scope), ("acr_values", needed.acr_values), ("max_age", max_age)];
        let metadata: HashMap<_, _> =
            metadata.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        details.set_error_info(reason.to_ascii_uppercase(), ERROR_DOMAIN, metadata);
    }
    if let Some(seconds) = needed.retry_after {
        details.set_retry_info(Some(Duration::from_secs(seconds)));
    }
    (details.error_info().is_some() || details.retry_info().is_some()).then_some(details)
}
