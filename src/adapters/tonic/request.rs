//! What a layer left in a request.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use tonic::{Request, Status};

use crate::error::Rejection;
use crate::http::Anonymous;
use crate::verify::VerifiedToken;

/// The verified token of a [`tonic::Request`].
///
/// For services behind an [`AuthLayer`](crate::http::AuthLayer) or a
/// [`VerifierInterceptor`](super::VerifierInterceptor). Where there is neither, each method fails with 13 `INTERNAL`,
/// and there is an error in the log: the set-up is at fault and not the caller.
pub trait RequestExt: sealed::Request {
    /// The token that was found good.
    ///
    /// # Errors
    /// 16 `UNAUTHENTICATED` when the request was let through without credentials; 13 when nobody looked.
    fn verified(&self) -> Result<VerifiedToken, Status>;

    /// The token that was found good; `None` when the request came without credentials past an
    /// [optional](crate::http::AuthLayer::optional) layer.
    ///
    /// # Errors
    /// 13 when nobody looked.
    fn verified_optional(&self) -> Result<Option<VerifiedToken>, Status>;

    /// The claims of the token in the application's own shape, read once for a token.
    ///
    /// ```
    /// use portcullis::tonic::RequestExt;
    /// use tonic::{Request, Response, Status};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct User { email: String }
    ///
    /// async fn me(request: Request<()>) -> Result<Response<String>, Status> {
    ///     let user = request.claims::<User>()?;
    ///     Ok(Response::new(user.email.clone()))
    /// }
    /// # let _ = me;
    /// ```
    ///
    /// # Errors
    /// Those of [`verified`](Self::verified); 16, `claims_mismatch`, when they do not have that shape.
    fn claims<T>(&self) -> Result<Arc<T>, Status>
    where
        T: DeserializeOwned + Send + Sync + 'static;
}

impl<M> RequestExt for Request<M> {
    fn verified(&self) -> Result<VerifiedToken, Status> {
        self.verified_optional()?.ok_or_else(|| Rejection::CredentialsMissing.into())
    }

    fn verified_optional(&self) -> Result<Option<VerifiedToken>, Status> {
        if let Some(token) = self.extensions().get::<VerifiedToken>() {
            return Ok(Some(token.clone()));
        }
        if self.extensions().get::<Anonymous>().is_some() {
            return Ok(None);
        }
        tracing::error!("a gRPC method wants a token and neither layer nor interceptor guards it");
        Err(Status::internal("internal error"))
    }

    fn claims<T>(&self) -> Result<Arc<T>, Status>
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        Ok(self.verified()?.claims()?)
    }
}

mod sealed {
    pub trait Request {}

    impl<M> Request for tonic::Request<M> {}
}
