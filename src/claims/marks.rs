//! The claims by which a token gives away what kind of token it is.

/// The kinds that a payload gives itself away as, each with the claim that does.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    pub(super) id_token: Option<&'static str>,
    pub(super) access_token: Option<&'static str>,
    /// Of logout, refresh and event tokens.
    pub(super) neither: Option<&'static str>,
}

impl Marks {
    /// Notes what the presence of a claim says.
    ///
    /// Hashes of other artefacts stand only in ID tokens
    /// ([OpenID Connect Core, section 3.3.2.11](https://openid.net/specs/openid-connect-core-1_0.html#HybridIDToken)),
    /// `events` in logout and security event tokens.
    pub(super) fn presence(&mut self, claim: &str) {
        if let Some(claim) = OF_ID_TOKENS.iter().find(|own| **own == claim) {
            self.id_token = Some(claim);
        } else if claim == "events" {
            self.neither = Some("events");
        }
    }

    /// Notes what Keycloak's claim `typ` says.
    pub(super) fn keycloak_type(&mut self, value: &str) {
        let slot = match () {
            () if value.eq_ignore_ascii_case("ID") => &mut self.id_token,
            () if value.eq_ignore_ascii_case("Bearer") => &mut self.access_token,
            () if OF_NEITHER.iter().any(|word| word.eq_ignore_ascii_case(value)) => &mut self.neither,
            () => return,
        };
        *slot = Some("typ");
    }

    /// Notes what Cognito's claim `token_use` says.
    pub(super) fn token_use(&mut self, value: &str) {
        if value.eq_ignore_ascii_case("id") {
            self.id_token = Some("token_use");
        } else if value.eq_ignore_ascii_case("access") {
            self.access_token = Some("token_use");
        }
    }
}

const OF_ID_TOKENS: [&str; 3] = ["at_hash", "c_hash", "s_hash"];
const OF_NEITHER: [&str; 3] = ["Refresh", "Offline", "Logout"];
