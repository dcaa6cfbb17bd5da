//! What is wrong with the outer form of a token or of a JSON object.

use thiserror::Error;

use crate::jose::Reading;

/// What is wrong with a token's outer form.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum TokenFault {
    /// Not exactly three segments. Five are an encrypted token, which is not accepted.
    #[error("{found} segments instead of 3")]
    Segments {
        /// Segments found.
        found: usize,
    },
    /// A segment is not canonical base64url: padding, white space, another alphabet or stray bits.
    #[error("segment {segment} is not canonical base64url")]
    Encoding {
        /// Which one.
        segment: Segment,
    },
}

/// One of the three segments of a compact token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Segment {
    /// The first.
    Header,
    /// The second.
    Payload,
    /// The third.
    Signature,
}

impl std::fmt::Display for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
        })
    }
}

/// What is wrong with a JSON object, by the member at fault where that is one with a meaning.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum MemberFault {
    /// Not one JSON object.
    #[error("not a JSON object")]
    Json,
    /// A member that must be there is not.
    #[error("member {member} is missing")]
    Missing {
        /// The member.
        member: &'static str,
    },
    /// A member has the wrong JSON type.
    #[error("member {member} has the wrong type")]
    WrongType {
        /// The member.
        member: &'static str,
    },
    /// A member stands twice.
    #[error("a member is repeated{}", named(*member))]
    Repeated {
        /// The member, if it has a meaning here.
        member: Option<&'static str>,
    },
    /// A member's value is longer than is read.
    #[error("member {member} is over {limit} bytes")]
    TooLong {
        /// The member.
        member: &'static str,
        /// The most that is read.
        limit: usize,
    },
}

impl MemberFault {
    /// The fault behind a reader's `error`, given what was being read.
    pub(crate) fn of(error: &serde_json::Error, reading: &Reading) -> Self {
        match (reading.repeated, error.is_data(), reading.member) {
            (true, _, member) => Self::Repeated { member },
            (false, true, Some(member)) => Self::WrongType { member },
            (false, ..) => Self::Json,
        }
    }
}

/// `: name`, where there is a name to tell.
pub(super) fn named(member: Option<&'static str>) -> String {
    member.map_or_else(String::new, |member| format!(": {member}"))
}
