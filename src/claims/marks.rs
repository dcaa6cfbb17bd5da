//! The claims by which a token gives away what kind of token it is.

/// The kinds that a payload gives itself away as, each by the claim that does.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    pub(super) id_token: Option<Mark>,
    pub(super) access_token: Option<Mark>,
    /// Of logout, refresh and event tokens.
    pub(super) neither: Option<Mark>,
}

/// A claim that marks a token as one of some kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mark {
    AtHash,
    CHash,
    SHash,
    Events,
    Type,
    TokenUse,
}

impl Mark {
    /// The name of the claim.
    pub(super) const fn claim(self) -> &'static str {
        match self {
            Self::AtHash => "at_hash",
            Self::CHash => "c_hash",
            Self::SHash => "s_hash",
            Self::Events => "events",
            Self::Type => "typ",
            Self::TokenUse => "token_use",
        }
    }
}

impl Marks {
    /// Notes what Keycloak's claim `typ` says.
    pub(super) fn keycloak_type(&mut self, value: &str) {
        let slot = match () {
            () if value.eq_ignore_ascii_case("ID") => &mut self.id_token,
            () if value.eq_ignore_ascii_case("Bearer") => &mut self.access_token,
            () if OF_NEITHER.iter().any(|word| word.eq_ignore_ascii_case(value)) => &mut self.neither,
            () => return,
        };
        *slot = Some(Mark::Type);
    }

    /// Notes what Cognito's claim `token_use` says.
    pub(super) fn token_use(&mut self, value: &str) {
        if value.eq_ignore_ascii_case("id") {
            self.id_token = Some(Mark::TokenUse);
        } else if value.eq_ignore_ascii_case("access") {
            self.access_token = Some(Mark::TokenUse);
        }
    }
}

const OF_NEITHER: [&str; 3] = ["Refresh", "Offline", "Logout"];
