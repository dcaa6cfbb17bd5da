//! Requirements that the compiler holds a handler to.

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use arc_swap::ArcSwap;
use foldhash::fast::RandomState;

use super::requirement::Requirement;
use crate::audit::Asked;
use crate::error::Rejection;
use crate::verify::VerifiedToken;

/// A requirement with a name that stands in the signature of a handler: see [`Guarded`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` asks for nothing, so no token can be guarded by it",
    label = "does not implement `Requires`",
    note = "say what is asked for: `impl Requires for {Self} {{ fn requirement() -> Requirement {{ scope(\"orders:read\") }} }}`"
)]
pub trait Requires: 'static {
    /// What is asked for. Called when it is first needed, and what it returns then is kept.
    fn requirement() -> Requirement;
}

/// A token that meets the requirement of `T`. There is no other way to get one, so a handler that wants it cannot be
/// reached without.
///
#[cfg_attr(feature = "axum", doc = "```")]
#[cfg_attr(not(feature = "axum"), doc = "```ignore")]
/// use portcullis::{Guarded, Requirement, Requires, scope};
///
/// struct OrdersRead;
///
/// impl Requires for OrdersRead {
///     fn requirement() -> Requirement {
///         scope("orders:read")
///     }
/// }
///
/// async fn list(token: Guarded<OrdersRead>) -> String {
///     format!("orders of {}", token.subject().unwrap_or("nobody"))
/// }
/// # let _: axum::Router = axum::Router::new().route("/orders", axum::routing::get(list));
/// ```
///
/// It passes for the [`VerifiedToken`] that it holds, and never for that of another requirement:
///
/// ```compile_fail
/// # use portcullis::{Guarded, Requires};
/// fn escalate<Read: Requires, Write: Requires>(token: Guarded<Read>) -> Guarded<Write> { token }
/// ```
/// ```compile_fail
/// fn forge<T: portcullis::Requires>(token: portcullis::VerifiedToken) -> portcullis::Guarded<T> { portcullis::Guarded(token) }
/// ```
pub struct Guarded<T: Requires> {
    token: VerifiedToken,
    meets: PhantomData<fn() -> T>,
}

impl<T: Requires> Guarded<T> {
    /// Judges a token.
    ///
    /// # Errors
    /// As [`Requirement::check`].
    pub fn check(token: VerifiedToken) -> Result<Self, Rejection> {
        Self::check_for(token, Asked::default)
    }

    /// The same for a request that asked for this.
    pub(crate) fn check_for<'a>(
        token: VerifiedToken,
        asked: impl FnOnce() -> Asked<'a>,
    ) -> Result<Self, Rejection> {
        with_requirement_of::<T, _>(|requirement| requirement.check_for(&token, asked))?;
        Ok(Self { token, meets: PhantomData })
    }
}

impl<T: Requires> Guarded<T> {
    /// The token alone.
    #[must_use]
    pub fn into_token(self) -> VerifiedToken {
        self.token
    }
}

impl<T: Requires> Deref for Guarded<T> {
    type Target = VerifiedToken;

    fn deref(&self) -> &VerifiedToken {
        &self.token
    }
}

/// Not derived, as `T` is only a name.
impl<T: Requires> Clone for Guarded<T> {
    fn clone(&self) -> Self {
        Self { token: self.token.clone(), meets: PhantomData }
    }
}

impl<T: Requires> fmt::Debug for Guarded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("token", &self.token).finish()
    }
}

/// Looks at what a type asks for, which is put together once in the life of a process.
pub(crate) fn with_requirement_of<T: Requires, R>(look: impl FnOnce(&Requirement) -> R) -> R {
    let id = TypeId::of::<T>();
    if let Some(known) = KNOWN.load().get(&id) {
        return look(known);
    }
    let made = Arc::new(T::requirement());
    KNOWN.rcu(|known| {
        let mut more = Known::clone(known);
        // Whichever was first is kept: as they are made by one function, it does not matter which.
        more.entry(id).or_insert_with(|| Arc::clone(&made));
        more
    });
    look(&made)
}

type Known = HashMap<TypeId, Arc<Requirement>, RandomState>;

/// Read by every request, without a count that threads share, and written once for each type, of which a program has a
/// fixed number.
static KNOWN: LazyLock<ArcSwap<Known>> = LazyLock::new(ArcSwap::default);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::require::{role, scope};

    #[test]
    fn a_requirement_is_put_together_once_for_each_type() {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        struct Read;
        struct Write;
        impl Requires for Read {
            fn requirement() -> Requirement {
                MADE.fetch_add(1, Ordering::Relaxed);
                scope("orders:read")
            }
        }
        impl Requires for Write {
            fn requirement() -> Requirement {
                role("clerk")
            }
        }
        for _ in 0..3 {
            with_requirement_of::<Read, _>(|requirement| assert_eq!(*requirement, scope("orders:read")));
            with_requirement_of::<Write, _>(|requirement| assert_eq!(*requirement, role("clerk")));
        }
        assert_eq!(MADE.load(Ordering::Relaxed), 1);
    }
}
