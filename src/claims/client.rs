//! `client_id`: the client that the token was issued to.

use crate::error::Rejection;

/// Which clients an issuer's tokens may have been issued to.
#[derive(Clone, Debug)]
pub(crate) enum Clients {
    /// Any: what the token is for is told by its audience.
    Any,
    /// One of these, compared exactly.
    AnyOf(Box<[Box<str>]>),
}

impl Clients {
    /// Checks `client_id` ([RFC 8693, section 4.3](https://www.rfc-editor.org/rfc/rfc8693#section-4.3)).
    ///
    /// # Errors
    /// [`Rejection::ClaimMissing`] when it is absent, [`Rejection::ClientMismatch`] when it is none of ours.
    pub(crate) fn check(&self, client_id: Option<&str>) -> Result<(), Rejection> {
        match (self, client_id) {
            (Self::Any, _) => Ok(()),
            (Self::AnyOf(_), None) => Err(Rejection::ClaimMissing { claim: "client_id" }),
            (Self::AnyOf(ours), Some(client)) if ours.iter().any(|own| **own == *client) => Ok(()),
            (Self::AnyOf(_), Some(_)) => Err(Rejection::ClientMismatch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_compare_exactly() {
        let ours = Clients::AnyOf(Box::new(["web".into(), "app".into()]));
        let mismatch = Err(Rejection::ClientMismatch);
        for (client, want) in [
            (Some("web"), Ok(())),
            (Some("app"), Ok(())),
            (Some("we"), mismatch.clone()),
            (Some("web2"), mismatch.clone()),
            (Some("Web"), mismatch.clone()),
            (Some(""), mismatch),
            (None, Err(Rejection::ClaimMissing { claim: "client_id" })),
        ] {
            assert_eq!(ours.check(client), want, "{client:?}");
        }
        assert_eq!((Clients::Any.check(None), Clients::Any.check(Some("x"))), (Ok(()), Ok(())));
    }
}
