//! What a rejection means over HTTP and gRPC.

/// What a rejection means to the client: an HTTP status, a gRPC status and the `error` of a challenge.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Status {
    /// Nothing usable was sent: 401 with a challenge that carries no `error`.
    Unauthenticated,
    /// The request itself is malformed: 400, `invalid_request`.
    InvalidRequest,
    /// The token is not good: 401, `invalid_token`.
    InvalidToken,
    /// The token is good and grants too little: 403, `insufficient_scope`.
    InsufficientScope,
    /// The token is good and its user did not authenticate strongly or recently enough: 401,
    /// `insufficient_user_authentication` ([RFC 9470, section 3](https://www.rfc-editor.org/rfc/rfc9470#section-3)).
    InsufficientAuthentication,
}

impl Status {
    /// The HTTP status code.
    #[must_use]
    pub const fn http(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::Unauthenticated | Self::InvalidToken | Self::InsufficientAuthentication => 401,
            Self::InsufficientScope => 403,
        }
    }

    /// The gRPC status code: 16 is `UNAUTHENTICATED`, 7 is `PERMISSION_DENIED`.
    ///
    /// A malformed credential is 16 as well: 3, `INVALID_ARGUMENT`, speaks of the message, which nobody looked at.
    #[must_use]
    pub const fn grpc(self) -> u8 {
        match self {
            Self::Unauthenticated
            | Self::InvalidRequest
            | Self::InvalidToken
            | Self::InsufficientAuthentication => 16,
            Self::InsufficientScope => 7,
        }
    }

    /// The `error` of the challenge, where there is one.
    #[must_use]
    pub const fn oauth_error(self) -> Option<&'static str> {
        match self {
            Self::Unauthenticated => None,
            Self::InvalidRequest => Some("invalid_request"),
            Self::InvalidToken => Some("invalid_token"),
            Self::InsufficientScope => Some("insufficient_scope"),
            Self::InsufficientAuthentication => Some("insufficient_user_authentication"),
        }
    }
}
