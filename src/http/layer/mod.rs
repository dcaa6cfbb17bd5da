//! The layer that guards a service.
//!
//! Rules:
//!
//! 1. Only this layer plants a [`VerifiedToken`](crate::VerifiedToken) or the [`Anonymous`] marker. What a request
//!    brings along of either, from wherever, is removed first.
//! 2. The inner service is called for a good token only, or, [optionally](AuthLayer::optional) or for
//!    [preflights](AuthLayer::preflight_passes), for a request without any credentials. Bad credentials never pass.
//! 3. A decision that needs no waiting is made within `call`: the inner future runs unboxed, and neither a clone of the
//!    inner service nor of anything shared is made. A box is paid for only where keys must be waited for.
//! 4. The instance of the inner service that was polled ready is the one that is called, even after a wait.
//! 5. Dropping the response future drops the waiting and the request, and cancels no fetch of keys.

mod future;
#[expect(clippy::module_inception, reason = "a middleware folder is cut as layer, service, future")]
mod layer;
mod service;

pub use future::ResponseFuture;
pub use layer::{Anonymous, AuthLayer};
pub use service::Auth;
