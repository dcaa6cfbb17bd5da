//! One decision about a credential, as it is told of.

use std::time::Duration;

/// What was decided about a credential, and on what ground.
#[derive(Debug)]
#[cfg_attr(
    not(all(feature = "metrics", feature = "remote", feature = "tower")),
    allow(dead_code, reason = "who is told of what is chosen by features")
)]
pub(crate) struct Decision<'a> {
    pub(crate) outcome: Outcome,
    /// The reason code, if it was not let in with a credential.
    pub(crate) reason: Option<&'static str>,
    /// By whose rules it was judged; `None` where the checks did not come so far.
    pub(crate) issuer: Option<&'a str>,
    pub(crate) slot: Slot,
    /// The key that the token names; chosen by its sender, as long as it is not accepted.
    pub(crate) key_id: Option<&'a str>,
    /// The time since the issuer's keys were confirmed last.
    pub(crate) key_age: Option<Duration>,
    /// `None` where there was no token.
    pub(crate) memory: Option<Memory>,
    pub(crate) scheme: Scheme,
    /// How long it took, if that was measured.
    pub(crate) took: Option<Duration>,
}

/// How a decision ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(
    not(all(feature = "metrics", feature = "remote", feature = "tower")),
    allow(dead_code, reason = "who is told of what is chosen by features")
)]
pub(crate) enum Outcome {
    Accepted,
    Refused,
    Unavailable,
    /// Let in without credentials.
    Anonymous,
}

#[cfg_attr(
    not(all(feature = "metrics", feature = "remote", feature = "tower")),
    allow(dead_code, reason = "who is told of what is chosen by features")
)]
impl Outcome {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Anonymous => "anonymous",
        }
    }
}

/// Under which name an issuer is counted: strangers name them, so there must not be more than the set-up has.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(
    not(all(feature = "metrics", feature = "remote", feature = "tower")),
    allow(dead_code, reason = "who is told of what is chosen by features")
)]
pub(crate) enum Slot {
    /// An issuer of the set-up, by its place there.
    Fixed(usize),
    /// Any tenant.
    Tenant,
    /// None was found.
    Nobody,
}

/// Whether the token was known.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(
    not(all(feature = "metrics", feature = "remote", feature = "tower")),
    allow(dead_code, reason = "who is told of what is chosen by features")
)]
pub(crate) enum Memory {
    Hit,
    Miss,
    /// Nothing is remembered.
    Off,
}

#[cfg_attr(
    not(all(feature = "metrics", feature = "remote", feature = "tower")),
    allow(dead_code, reason = "who is told of what is chosen by features")
)]
impl Memory {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Off => "off",
        }
    }
}

/// How the credential came.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(
    not(all(feature = "metrics", feature = "remote", feature = "tower")),
    allow(dead_code, reason = "who is told of what is chosen by features")
)]
pub(crate) enum Scheme {
    Bearer,
    /// In `Authorization`, under another scheme.
    Authorization,
    Cookie,
    WebSocket,
    Query,
    /// The application has asked.
    Direct,
    /// There was none.
    None,
}

#[cfg_attr(
    not(all(feature = "metrics", feature = "remote", feature = "tower")),
    allow(dead_code, reason = "who is told of what is chosen by features")
)]
impl Scheme {
    #[cfg(feature = "metrics")]
    pub(super) const ALL: [Self; 7] = [
        Self::Bearer,
        Self::Authorization,
        Self::Cookie,
        Self::WebSocket,
        Self::Query,
        Self::Direct,
        Self::None,
    ];

    /// Its place in [`ALL`](Self::ALL).
    #[cfg(feature = "metrics")]
    pub(super) const fn index(self) -> usize {
        match self {
            Self::Bearer => 0,
            Self::Authorization => 1,
            Self::Cookie => 2,
            Self::WebSocket => 3,
            Self::Query => 4,
            Self::Direct => 5,
            Self::None => 6,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::Authorization => "authorization",
            Self::Cookie => "cookie",
            Self::WebSocket => "websocket",
            Self::Query => "query",
            Self::Direct => "direct",
            Self::None => "none",
        }
    }
}

#[cfg(test)]
#[cfg(feature = "metrics")]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_where_they_say() {
        assert_eq!(Scheme::ALL.map(Scheme::index), [0, 1, 2, 3, 4, 5, 6]);
    }
}
