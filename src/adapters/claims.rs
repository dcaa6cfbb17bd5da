//! Claims in the application's own shape.

use std::ops::Deref;
use std::sync::Arc;

/// The claims of a request's token in the application's own shape, as an extractor.
///
/// A token whose claims do not have that shape is refused: 401, `claims_mismatch`. The shape is read once for a token,
/// however many extractors ask for it, which is why it comes in an [`Arc`]: clone the members that you keep.
///
/// For routes behind an [`AuthLayer`](crate::http::AuthLayer) that is not optional; with axum and behind an optional one,
/// `Option<Claims<T>>`.
///
/// ```
/// use portcullis::Claims;
///
/// #[derive(serde::Deserialize)]
/// struct User { email: String }
///
/// async fn me(Claims(user): Claims<User>) -> String {
///     format!("you are {}", user.email)
/// }
/// # let _: axum::Router = axum::Router::new().route("/me", axum::routing::get(me));
/// ```
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "taken apart in handlers, as axum's own extractors are")]
pub struct Claims<T>(pub Arc<T>);

impl<T> Deref for Claims<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Not derived, as `T` need not be `Clone`.
impl<T> Clone for Claims<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}
