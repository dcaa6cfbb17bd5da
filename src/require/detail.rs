//! Authorization details.

use std::fmt;
use std::sync::Arc;

use super::leaf::Leaf;
use super::mistake::name;
use super::reading::Place;
use super::requirement::Requirement;
use crate::verify::VerifiedToken;

/// An authorization detail: its type, and what else it must allow.
///
/// ```
/// use portcullis::require::{AuthorizationDetail, authorization_details};
///
/// let initiate = AuthorizationDetail::new("payment_initiation").action("initiate");
/// assert_eq!(
///     authorization_details(initiate).to_string(),
///     "authorization_details payment_initiation with action initiate",
/// );
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuthorizationDetail {
    pub(super) kind: Arc<str>,
    pub(super) narrower: Vec<(Field, Arc<str>)>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Field {
    Action,
    Location,
}

/// Asks that one of `authorization_details` is of this type
/// ([RFC 9396, sections 2 and 9.1](https://www.rfc-editor.org/rfc/rfc9396#section-9.1)).
///
/// What else the detail says (an amount, an account) is for the handler to look at: this only tells that there is one.
///
/// ```
/// use portcullis::require::authorization_details;
///
/// let payments = authorization_details("payment_initiation");
/// assert_eq!(payments.to_string(), "authorization_details payment_initiation");
/// ```
pub fn authorization_details(detail: impl Into<AuthorizationDetail>) -> Requirement {
    let AuthorizationDetail { kind, narrower } = detail.into();
    let kind = name("authorization_details", kind);
    let narrower = narrower.into_iter().map(|(field, value)| Ok((field, name(field.word(), value)?)));
    let narrower = narrower.collect::<Result<_, _>>();
    Requirement::of(kind.and_then(|kind| Ok(Leaf::Detail(AuthorizationDetail { kind, narrower: narrower? }))))
}

impl AuthorizationDetail {
    /// A detail of this `type`.
    #[must_use]
    pub fn new(kind: impl Into<Arc<str>>) -> Self {
        Self { kind: kind.into(), narrower: Vec::new() }
    }

    /// It must allow this action: an element of its `actions`.
    #[must_use]
    pub fn action(mut self, action: impl Into<Arc<str>>) -> Self {
        self.narrower.push((Field::Action, action.into()));
        self
    }

    /// It must be for this place: an element of its `locations`.
    #[must_use]
    pub fn location(mut self, location: impl Into<Arc<str>>) -> Self {
        self.narrower.push((Field::Location, location.into()));
        self
    }

    /// One and the same detail must have all of it.
    pub(super) fn is_met(&self, token: &VerifiedToken) -> bool {
        let details = Place::payload(token.claims_json()).member("authorization_details");
        details.is_some_and(|details| {
            details.lists(|detail| {
                let listed = |(field, value): &(Field, Arc<str>)| {
                    let place = detail.member(field.member());
                    place.is_some_and(|place| place.lists(|place| place.is_text(value)))
                };
                detail.member("type").is_some_and(|kind| kind.is_text(&self.kind))
                    && self.narrower.iter().all(listed)
            })
        })
    }
}

impl Field {
    const fn word(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Location => "location",
        }
    }

    const fn member(self) -> &'static str {
        match self {
            Self::Action => "actions",
            Self::Location => "locations",
        }
    }
}

impl<T: Into<Arc<str>>> From<T> for AuthorizationDetail {
    fn from(kind: T) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for AuthorizationDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "authorization_details {}", self.kind)?;
        let mut narrower =
            self.narrower.iter().zip(std::iter::once(" with").chain(std::iter::repeat(" and")));
        narrower.try_for_each(|((field, value), joint)| write!(f, "{joint} {} {value}", field.word()))
    }
}
