//! What is counted of one issuer's keys.

/// Nothing, where nobody could be told.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyCounts {}

impl KeyCounts {
    pub(crate) const fn refreshed(&self, _result: &'static str) {}

    pub(crate) const fn turned_away(&self) {}

    pub(crate) const fn waits(&self) -> Waiting {
        Waiting {}
    }
}

/// A request that waits for keys.
#[derive(Debug)]
pub(crate) struct Waiting {}

impl Waiting {
    pub(crate) const fn ended(self, _refreshed: bool) {}
}
