//! Whose rules and keys may apply to a token.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use super::cache::Whose;
use super::health::Health;
use super::issuer::TrustAnchor;
#[cfg(feature = "remote")]
use super::tenants::{Registry, Residents, Seat, Tenant, Tenants};
use crate::claims::read_issuer;
use crate::error::{ConfigError, Rejection};
use crate::jose::Decoded;
#[cfg(feature = "remote")]
use crate::keys::Means;

/// All issuers of a verifier: those of the set-up, and the tenants.
#[derive(Debug)]
pub(super) struct Anchors {
    fixed: Vec<TrustAnchor>,
    by_identifier: HashMap<String, usize>,
    #[cfg(feature = "remote")]
    tenants: Option<Arc<Registry>>,
}

impl Anchors {
    pub(super) fn new(fixed: Vec<TrustAnchor>) -> Result<Self, ConfigError> {
        let mut by_identifier = HashMap::with_capacity(fixed.len());
        for (index, anchor) in fixed.iter().enumerate() {
            if by_identifier.insert(anchor.identifier.clone(), index).is_some() {
                return Err(ConfigError::IssuerRepeated(anchor.identifier.clone()));
            }
        }
        Ok(Self {
            fixed,
            by_identifier,
            #[cfg(feature = "remote")]
            tenants: None,
        })
    }

    #[cfg(feature = "remote")]
    pub(super) fn with_tenants(self, tenants: Tenants, means: Arc<Means>) -> Result<Self, ConfigError> {
        let listed = |anchor: &&TrustAnchor| tenants.list(&anchor.identifier);
        if let Some(twice) = self.fixed.iter().find(listed) {
            return Err(ConfigError::IssuerRepeated(twice.identifier.clone()));
        }
        Ok(Self { tenants: Some(tenants.build(means)?), ..self })
    }

    /// The issuers of the set-up, as they were named.
    pub(super) fn fixed(&self) -> &[TrustAnchor] {
        &self.fixed
    }

    fn numbered(&self, number: usize) -> Option<Found<'_, '_>> {
        self.fixed.get(number).map(|anchor| Found::Fixed { anchor, number })
    }

    #[cfg(feature = "remote")]
    pub(super) const fn tenants(&self) -> Option<&Arc<Registry>> {
        self.tenants.as_ref()
    }

    /// Whether tokens can be judged, all issuers taken together.
    pub(super) fn health(&self) -> Health {
        let states = self.fixed.iter().map(|anchor| anchor.keys.state());
        #[cfg(feature = "remote")]
        if let Some(tenants) = &self.tenants {
            return Health::beside_others(states.chain(tenants.states()));
        }
        Health::of(states)
    }

    /// The one issuer there can be. Its name is compared with the other claims, after the signature.
    pub(super) fn only(&self) -> Option<&TrustAnchor> {
        #[cfg(feature = "remote")]
        if self.tenants.is_some() {
            return None;
        }
        match self.fixed.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The issuers at this moment.
    pub(super) fn snapshot(&self) -> Snapshot<'_> {
        Snapshot {
            anchors: self,
            #[cfg(feature = "remote")]
            residents: self.tenants.as_ref().map(Registry::residents),
        }
    }
}

/// The issuers at one moment.
pub(super) struct Snapshot<'r> {
    anchors: &'r Anchors,
    #[cfg(feature = "remote")]
    residents: Option<Residents<'r>>,
}

impl<'r> Snapshot<'r> {
    /// The one issuer there can be.
    pub(super) fn only(&self) -> Option<Found<'r, '_>> {
        self.anchors.only().map(|anchor| Found::Fixed { anchor, number: 0 })
    }

    /// Whose the token is by its `iss`, compared byte for byte. Those of the set-up come first.
    ///
    /// # Errors
    /// [`Unknown`]: what is wrong with `iss`, or that it names nobody who is here.
    pub(super) fn find(&self, token: &Decoded<'_, '_>) -> Result<Found<'r, '_>, Unknown> {
        let issuer = read_issuer(token.unverified_payload())?;
        let number = self.anchors.by_identifier.get(&*issuer).copied();
        if let Some(found) = number.and_then(|number| self.anchors.numbered(number)) {
            return Ok(found);
        }
        #[cfg(feature = "remote")]
        if let (Some(residents), Some(tenants)) = (&self.residents, self.anchors.tenants()) {
            return match residents.get(&issuer) {
                Some(resident) => Ok(Found::Tenant(resident)),
                None => Err(tenants.tenant(&issuer).map_or(UNKNOWN, Unknown::Absent)),
            };
        }
        Err(UNKNOWN)
    }

    /// The same issuer again, if it is still here as it was.
    #[cfg_attr(not(feature = "remote"), expect(unused_variables, reason = "only tenants are found by name"))]
    pub(super) fn find_again(&self, whose: Whose, issuer: &str) -> Option<Found<'r, '_>> {
        match whose {
            Whose::Fixed(number) => self.anchors.numbered(number),
            #[cfg(feature = "remote")]
            Whose::Tenant(serial) => {
                let resident = self.residents.as_ref()?.get(issuer)?;
                (resident.serial == serial).then_some(Found::Tenant(resident))
            }
        }
    }

    /// A token of this issuer passed every check.
    pub(super) fn passed(&self, found: &Found<'_, '_>) {
        match found {
            Found::Fixed { .. } => {}
            #[cfg(feature = "remote")]
            Found::Tenant(resident) => {
                if let Some(residents) = &self.residents {
                    residents.passed(resident);
                }
            }
            #[cfg(not(feature = "remote"))]
            Found::Tenant(never) => match ***never {},
        }
    }
}

/// Why there is no issuer to judge a token by.
#[derive(Clone)]
pub(super) enum Unknown {
    Rejected(Rejection),
    /// It is perhaps a tenant, which is not here.
    #[cfg(feature = "remote")]
    Absent(Tenant),
}

impl From<Rejection> for Unknown {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

const UNKNOWN: Unknown = Unknown::Rejected(Rejection::IssuerUnknown);

/// An issuer that is trusted.
pub(crate) enum Found<'r, 's> {
    Fixed {
        anchor: &'r TrustAnchor,
        /// Its place in the set-up.
        number: usize,
    },
    #[cfg_attr(not(feature = "remote"), expect(dead_code, reason = "there are no tenants"))]
    Tenant(&'s Arc<Seat>),
}

impl<'r: 's, 's> Found<'r, 's> {
    pub(super) fn anchor(&self) -> &'s TrustAnchor {
        match self {
            Self::Fixed { anchor, .. } => anchor,
            Self::Tenant(seat) => seat,
        }
    }

    /// Who it is, to be found again.
    pub(super) fn whose(&self) -> Whose {
        match self {
            Self::Fixed { number, .. } => Whose::Fixed(*number),
            #[cfg(feature = "remote")]
            Self::Tenant(seat) => Whose::Tenant(seat.serial),
            #[cfg(not(feature = "remote"))]
            Self::Tenant(never) => match ***never {},
        }
    }

    /// The same, to be kept beyond the snapshot.
    pub(super) fn held(&self) -> Held<'r> {
        match self {
            Self::Fixed { anchor, .. } => Held::Fixed(anchor),
            Self::Tenant(seat) => Held::Tenant(Arc::clone(seat)),
        }
    }
}

/// An issuer that is kept while its keys are awaited, also if it leaves meanwhile.
pub(super) enum Held<'r> {
    Fixed(&'r TrustAnchor),
    Tenant(Arc<Seat>),
}

impl Deref for Held<'_> {
    type Target = TrustAnchor;

    fn deref(&self) -> &TrustAnchor {
        match self {
            Self::Fixed(anchor) => anchor,
            Self::Tenant(seat) => seat,
        }
    }
}

/// Without keys that renew themselves there are no tenants.
#[cfg(not(feature = "remote"))]
#[derive(Debug)]
pub(crate) enum Seat {}

#[cfg(not(feature = "remote"))]
impl Deref for Seat {
    type Target = TrustAnchor;

    fn deref(&self) -> &TrustAnchor {
        match *self {}
    }
}
