//! The checks, in their order: cheap before dear, and nothing of the payload visible before the signature holds.

mod claims;
mod memory;
mod outcome;
mod stop;

use std::sync::Arc;

use super::anchors::{Anchors, Found};
use super::cache::{Basis, Sight, TokenCache};
use super::explain::{expected, found};
use super::issuer::TrustAnchor;
use super::step::Step;
use super::token::{KeyEvidence, Timepiece, VerifiedToken, Watcher};
use super::witness::Witness;
use crate::audit::{Audit, TokenFingerprint};
use crate::claims::{ClaimsSet, check_type, read_issuer};
use crate::error::{Error, Rejection, Unavailable};
#[cfg(feature = "tower")]
use crate::error::{Segment, TokenFault};
use crate::jose::{Decoded, Header, Room, Segments};
use crate::keys::{Key, KeyWish, KnownHeader, MAX_CANDIDATES, Selection, Snapshot};
use crate::revoke::{RevocationCheck, RevocationStatus};
use crate::telemetry::Watch;
use crate::time::Clock;
#[cfg(feature = "metrics")]
pub(super) use memory::Recalled;
pub(super) use outcome::{Miss, Outcome};
use stop::Stop;

/// Everything that decides, and that never changes once a verifier is built; and what it decided before.
pub(super) struct Rules {
    pub(super) anchors: Anchors,
    pub(super) max_token_bytes: usize,
    pub(super) revocation: Option<Arc<dyn RevocationCheck>>,
    pub(super) cache: Option<TokenCache>,
    /// Who is told of decisions.
    pub(super) watch: Option<Arc<Watch>>,
}

impl Rules {
    /// Decides about a token with the keys at hand.
    pub(super) fn decide(
        &self,
        text: &str,
        clock: &Arc<dyn Clock>,
        witness: &mut impl Witness,
    ) -> Outcome<'_> {
        match self.recall(text.as_bytes(), clock, witness) {
            Ok(decision) => Outcome::Decided(decision),
            Err(sight) => self.decide_in_full(text, clock, sight, witness),
        }
    }

    /// Decides about what may be a token; whether it is text at all is looked at if it is not one that was seen before.
    #[cfg(feature = "tower")]
    pub(super) fn decide_bytes(
        &self,
        bytes: &[u8],
        clock: &Arc<dyn Clock>,
        witness: &mut impl Witness,
    ) -> Outcome<'_> {
        let sight = match self.recall(bytes, clock, witness) {
            Ok(decision) => return Outcome::Decided(decision),
            Err(sight) => sight,
        };
        match str::from_utf8(bytes) {
            Ok(text) => self.decide_in_full(text, clock, sight, witness),
            Err(_) => {
                witness.refused(|| self.fingerprint(bytes));
                let fault = TokenFault::Encoding { segment: Segment::Header };
                Outcome::Decided(Err(Rejection::TokenMalformed(fault).into()))
            }
        }
    }

    /// Decides without regard to what was decided before.
    pub(super) fn decide_in_full(
        &self,
        text: &str,
        clock: &Arc<dyn Clock>,
        sight: Option<Sight<'_>>,
        witness: &mut impl Witness,
    ) -> Outcome<'_> {
        witness.in_full();
        let checked = self.check(text, clock, witness);
        if checked.is_err() {
            witness.refused(|| self.fingerprint(text.as_bytes()));
        }
        match checked {
            Ok((token, basis)) => {
                let fingerprint = token.fingerprint();
                let decision = self.check_revocation(token, witness);
                if decision.is_err() {
                    witness.refused(|| fingerprint);
                }
                match (sight, &decision) {
                    (None, _) => {}
                    (Some(sight), Ok(token)) => sight.verified(text, token, basis, &**clock),
                    (Some(sight), Err(_)) => sight.refused(),
                }
                Outcome::Decided(decision)
            }
            Err(Stop::Rejected(rejection)) => {
                sight.into_iter().for_each(Sight::refused);
                Outcome::Decided(Err(rejection.into()))
            }
            Err(Stop::Missed(miss)) => {
                // The present keys refuse it. Where there are none to judge by, it may be good again.
                if miss.wish != KeyWish::AnySet {
                    sight.into_iter().for_each(Sight::refused);
                }
                Outcome::Missed(miss)
            }
            #[cfg(feature = "remote")]
            Err(Stop::Absent(tenant)) => Outcome::Absent(tenant),
        }
    }

    /// What stands for a token in the audit, if there is one. What is too long to be a token is not read for that, either.
    fn fingerprint(&self, token: &[u8]) -> Option<TokenFingerprint> {
        self.audit().filter(|_| token.len() <= self.max_token_bytes).map(|audit| audit.fingerprint_of(token))
    }

    pub(super) fn audit(&self) -> Option<&Audit> {
        self.watch.as_ref().and_then(|watch| watch.audit.as_ref())
    }

    /// 8. Whether it was revoked, of a token that is good by itself.
    fn check_revocation(
        &self,
        token: VerifiedToken,
        witness: &mut impl Witness,
    ) -> Result<VerifiedToken, Error> {
        let status = self.revocation.as_ref().map(|check| check.status(&token));
        witness.at(Step::Revocation, || found::revocation(status.as_ref()));
        match status {
            None | Some(RevocationStatus::NotRevoked) => Ok(token),
            Some(RevocationStatus::Revoked) => Err(Rejection::Revoked.into()),
            Some(RevocationStatus::Unknown { retry_after }) => {
                Err(Unavailable::RevocationUnknown { retry_after }.into())
            }
        }
    }

    /// The order of the checks. One step, one reason; the first that fails ends it.
    fn check<W: Witness>(
        &self,
        text: &str,
        clock: &Arc<dyn Clock>,
        witness: &mut W,
    ) -> Result<(VerifiedToken, Basis), Stop<'_>> {
        // 1. Sizes, three segments, canonical base64url.
        let mut room = Room::default();
        witness.at(Step::Size, || found::size(text));
        if text.len() <= self.max_token_bytes {
            witness.at(Step::Form, || found::form(text));
        }
        let segments = Segments::split(text, self.max_token_bytes)?;
        let snapshot = self.anchors.snapshot();
        let only = snapshot.only().map(with_keys);
        let known = only.as_ref().and_then(|only| known_header::<W>(only, &segments));
        let token = match known {
            Some(_) => segments.decode_behind_known_header(&mut room)?,
            None => segments.decode(&mut room)?,
        };
        // 3. The issuer; with several, `iss` picks whose rules and keys apply, by exact match. It speaks before its turn, as
        //    a header that one of its keys has verified before is not read again; what is wrong with it is told in its turn.
        let named;
        let issuer = match &only {
            Some(only) => Ok(only),
            None => {
                named = snapshot.find(&token).map(with_keys);
                named.as_ref()
            }
        };
        let known = known.or_else(|| issuer.ok().and_then(|issuer| known_header::<W>(issuer, &segments)));
        // 2. The header: no repeated member, nothing that must be understood and is not, an algorithm of the table.
        let head = match known {
            Some(known) => Head::Known(known),
            None => {
                let header = token.header();
                witness.at(Step::Header, || found::header(&token, &header));
                Head::New(header?)
            }
        };
        if let Head::New(header) = &head {
            header.key_id().into_iter().for_each(|key_id| witness.key_id(key_id));
        }
        witness.at(Step::Issuer, || found::issuer(&token, only.is_some()));
        let (keys, found) = issuer.map_err(|unknown| Stop::from(unknown.clone()))?;
        witness.issuer(found);
        let anchor = found.anchor();
        // The rest of the header is judged by that issuer's rules: our list of algorithms decides, not the token (RFC
        // 8725, section 3.1).
        if let Head::New(header) = &head {
            witness.at(Step::Algorithm, || found::algorithm(header));
            if !anchor.algorithms.contains(header.algorithm()) {
                return Err(Rejection::AlgorithmNotAllowed(header.algorithm()).into());
            }
            witness.at(Step::Type, || found::token_type(header));
            check_type(header, anchor.profile)?;
        }
        // 4. The key, made for that algorithm.
        let missed = |witness: &mut W, wish, error: Error| {
            if self.is_foreign(&token, anchor) {
                witness.at(Step::Issuer, || found::issuer(&token, false));
                return Rejection::IssuerUnknown.into();
            }
            Stop::Missed(Miss { anchor: found.held(), wish, error })
        };
        witness.at(Step::Keys, || found::keys(&anchor.keys.status(&anchor.identifier)));
        let keys = keys
            .as_ref()
            .map_err(|unavailable| missed(witness, KeyWish::AnySet, unavailable.clone().into()))?;
        let other_set = KeyWish::OtherSet { than: keys.generation() };
        let (header, is_new) = match &head {
            Head::Known(known) => (known.clone(), false),
            Head::New(header) => {
                let algorithm = header.algorithm();
                witness.expect(Step::Key, || expected::key(keys.set(), algorithm));
                witness.at(Step::Key, || found::key(header));
                let candidates = match keys.set().select(header.key_id(), algorithm) {
                    Selection::Candidates(candidates) => candidates,
                    Selection::Unknown => {
                        return Err(missed(witness, other_set, Rejection::KeyUnknown.into()));
                    }
                    Selection::Unsuitable => {
                        return Err(missed(witness, other_set, Rejection::KeyUnsuitable(algorithm).into()));
                    }
                    Selection::Ambiguous { found } => {
                        return Err(Rejection::KeyAmbiguous { found, limit: MAX_CANDIDATES }.into());
                    }
                };
                (KnownHeader { algorithm, candidates, names_key: header.key_id().is_some() }, true)
            }
        };
        let KnownHeader { algorithm, candidates, names_key } = &header;
        if !is_new && *names_key {
            let named = candidates.iter().next().and_then(Key::id);
            named.into_iter().for_each(|key_id| witness.key_id(key_id));
        }
        // 5. The signature, over the exact bytes received.
        let signed = |key: &&Key| key.verify(*algorithm, token.signing_input(), token.signature());
        let key = candidates.iter().find(signed);
        witness.expect(Step::Signature, || expected::signature(candidates));
        witness.at(Step::Signature, || found::signature(key.is_some()));
        let Some(key) = key else {
            // Without a `kid`, or with one that no key has, the keys were a guess. Under a known one a forgery is likelier,
            // but issuers do replace a key and keep its name, and only other keys can tell.
            let guessed = !names_key || candidates.iter().all(|key| key.id().is_none());
            let replacement = KeyWish::Replacement { than: keys.generation() };
            let wish = if guessed { other_set } else { replacement };
            return Err(missed(witness, wish, Rejection::SignatureInvalid.into()));
        };
        // 6. The claims: `iss`, `aud` and `exp` present and typed; then what the profile and the
        //    issuer's own rules ask for.
        let payload = token.into_payload();
        let claims = ClaimsSet::parse(payload, key.id().map_or(0, str::len));
        witness.at(Step::Claims, || found::claims(payload, &claims));
        let mut claims = claims?;
        let now = clock.now();
        if only.is_some() {
            witness.at(Step::IssuerClaim, || found::issuer_claim(&claims));
        }
        anchor.check_claims(&claims, now, witness)?;
        snapshot.passed(found);
        if is_new {
            keys.set().keep_header(segments.header(), &header);
        }
        let key_id = key.id().and_then(|id| claims.attach(id));
        let basis = Basis {
            whose: found.whose(),
            generation: keys.generation(),
            expires: claims.time().exp.unwrap_or(now).saturating_add(anchor.time.skew),
        };
        Ok((
            VerifiedToken::new(
                claims,
                KeyEvidence { algorithm: *algorithm, key_id },
                Timepiece { clock: Arc::clone(clock), skew: anchor.time.skew },
                self.watch.as_ref().map(|watch| Watcher {
                    watch: Arc::clone(watch),
                    fingerprint: self.fingerprint(text.as_bytes()).map(Box::new),
                }),
                keys.stale_age(),
            ),
            basis,
        ))
    }

    /// Whether a token that no key fits says itself that it is of an issuer unknown here.
    ///
    /// The honest mistake, a token of another environment, gets the reason that helps and costs the issuer no fetch. What
    /// it says is not believed for anything else. With several issuers it was asked before, and is not read again.
    fn is_foreign(&self, token: &Decoded<'_, '_>, anchor: &TrustAnchor) -> bool {
        self.anchors.only().is_some()
            && read_issuer(token.unverified_payload()).is_ok_and(|issuer| issuer != anchor.identifier)
    }
}

/// An issuer and its present keys.
type Trusted<'r, 's> = (Result<Snapshot<'s>, Unavailable>, Found<'r, 's>);

fn with_keys<'r: 's, 's>(found: Found<'r, 's>) -> Trusted<'r, 's> {
    (found.anchor().keys.current(), found)
}

fn known_header<'k, W: Witness>(
    (keys, _): &'k Trusted<'_, '_>,
    token: &Segments<'_>,
) -> Option<KnownHeader<'k>> {
    if W::THOROUGH {
        return None;
    }
    keys.as_ref().ok()?.set().known_header(token.header())
}

/// What a header says, or what the same header has led to before.
enum Head<'s, 'h> {
    Known(KnownHeader<'s>),
    New(Header<'h>),
}

// Two attributes, as clippy knows a test module by `cfg(test)` alone.
#[cfg(test)]
#[cfg(feature = "testkit")]
mod tests;
