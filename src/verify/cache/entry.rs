//! One token that was verified.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::jose::base64url;
use crate::stripes;
use crate::time::UnixTime;
use crate::verify::token::{COUNTS, TokenCopy, VerifiedToken};

/// Whose rules and keys a token was verified by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Whose {
    /// An issuer of the set-up, by its place there.
    Fixed(usize),
    /// A tenant, by the number of its set-up: a tenant that comes back has another.
    #[cfg(feature = "remote")]
    Tenant(u64),
}

/// What a verification rests on.
#[derive(Clone, Copy, Debug)]
pub(in crate::verify) struct Basis {
    pub(in crate::verify) whose: Whose,
    /// The generation of the issuer's keys.
    pub(in crate::verify) generation: u64,
    /// When the token expires, skew included.
    pub(in crate::verify) expires: UnixTime,
}

/// A verified token and what its verification rests on.
pub(in crate::verify) struct Entry {
    pub(super) hash: u64,
    whose: Whose,
    generation: u64,
    since: UnixTime,
    until: UnixTime,
    /// The token but for its payload, which the claims hold: the header with its dot, and the signature with its dot.
    ends: Zeroizing<Box<str>>,
    head: usize,
    token: VerifiedToken,
    /// What is handed out, one for each stripe.
    copies: Box<[OnceLock<TokenCopy>]>,
    /// It was hit since the hand passed.
    visited: AtomicBool,
}

impl Entry {
    /// To serve within `time`, and no longer than the token is good; `None` for what is not three segments, and so was not
    /// verified.
    pub(super) fn new(
        hash: u64,
        text: &str,
        token: &VerifiedToken,
        basis: Basis,
        time: Range<UnixTime>,
    ) -> Option<Self> {
        let (head, _) = text.split_at_checked(text.find('.')? + 1)?;
        let (_, tail) = text.split_at_checked(text.rfind('.')?)?;
        let mut ends = String::with_capacity(head.len() + tail.len());
        ends.push_str(head);
        ends.push_str(tail);
        token.wipe_when_dropped();
        let Basis { whose, generation, expires } = basis;
        Some(Self {
            hash,
            whose,
            generation,
            since: time.start,
            until: expires.min(time.end),
            head: head.len(),
            ends: Zeroizing::new(ends.into_boxed_str()),
            token: token.clone(),
            copies: std::iter::repeat_with(OnceLock::new).take(stripes::count()).collect(),
            visited: AtomicBool::new(false),
        })
    }

    /// Whether it is for this token and no other: each byte of it is compared.
    ///
    /// Not in constant time. Whoever comes so far has met a keyed hash of the end of the signature, and so knows that
    /// already; and who knows most of a signature can try out the rest as well by asking.
    pub(super) fn is_of(&self, token: &[u8]) -> bool {
        let Some((head, tail)) = self.ends.as_bytes().split_at_checked(self.head) else { return false };
        let payload = token.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
        payload.is_some_and(|payload| base64url::is_encoding_of(payload, self.token.claims_json().as_bytes()))
    }

    pub(in crate::verify) const fn whose(&self) -> Whose {
        self.whose
    }

    pub(in crate::verify) const fn generation(&self) -> u64 {
        self.generation
    }

    pub(in crate::verify) const fn token(&self) -> &VerifiedToken {
        &self.token
    }

    /// Whether it may serve at this moment; not before it was made, either, if the clock was put back.
    pub(in crate::verify) fn is_current(&self, now: UnixTime) -> bool {
        self.since <= now && now < self.until
    }

    /// The token for the request at hand, the keys being overdue by so much.
    pub(in crate::verify) fn hand_out(&self, stale_age: Option<Duration>) -> VerifiedToken {
        if !self.visited.load(Ordering::Relaxed) {
            self.visited.store(true, Ordering::Relaxed);
        }
        match (self.copies.get(stripes::own(self.copies.len())), stale_age) {
            (Some(copy), None) => copy.get_or_init(|| self.token.copy(None)).token(),
            // What is true at this moment only is not kept.
            _ => self.token.copy(stale_age).token(),
        }
    }

    /// Whether it was hit since it was asked last.
    pub(super) fn was_visited(&self) -> bool {
        self.visited.swap(false, Ordering::Relaxed)
    }

    /// What it takes, the copies for all stripes included.
    pub(super) fn bytes(&self) -> usize {
        let copy = size_of::<OnceLock<TokenCopy>>() + TokenCopy::BYTES;
        COUNTS + size_of::<Self>() + self.ends.len() + self.copies.len() * copy + self.token.bytes()
    }
}
