//! The checks of the claims, in their order.

use super::found;
use crate::claims::{ClaimsSet, check_confirmation, check_dates, check_kind};
use crate::error::Rejection;
use crate::time::UnixTime;
use crate::verify::issuer::TrustAnchor;
use crate::verify::step::Step;
use crate::verify::witness::Witness;

impl TrustAnchor {
    /// Judges the claims of a token whose signature holds by the rules of its issuer.
    pub(super) fn check_claims(
        &self,
        claims: &ClaimsSet,
        now: UnixTime,
        witness: &mut impl Witness,
    ) -> Result<(), Rejection> {
        match claims.issuer() {
            None => return Err(Rejection::ClaimMissing { claim: "iss" }),
            Some(issuer) if issuer != self.identifier => return Err(Rejection::IssuerUnknown),
            Some(_) => {}
        }
        witness.at(Step::Audience, || found::audience(claims));
        self.audiences.check(claims.has_audience(), claims.audiences())?;
        witness.at(Step::Client, || found::client(claims));
        self.clients.check(claims.client_id())?;
        check_dates(claims.time(), now, &self.time, |check| {
            witness.at(check.into(), || found::date(check, claims.time(), now));
        })?;
        witness.at(Step::Kind, || found::kind(claims, self.profile));
        check_kind(claims, self.profile)?;
        witness.at(Step::RequiredClaims, || found::required_claims(claims, &self.required));
        self.required.check(claims.payload())?;
        // 7. Possession, if the token is bound to a key.
        witness.at(Step::Confirmation, || found::confirmation(claims));
        check_confirmation(claims.has_confirmation())
    }
}
