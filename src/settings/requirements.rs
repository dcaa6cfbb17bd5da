//! What routes ask for, under names.

use serde::{Deserialize, Serialize};

use super::Settings;
use super::error::SettingsError;
use super::rule::{Parts, Rule};
use crate::Requirement;
use crate::require::ScopeHierarchy;

impl Settings {
    /// The requirement of this name under `requirements`, its scopes by `scope_hierarchy`.
    ///
    /// ```
    /// use portcullis::Settings;
    ///
    /// # fn main() -> Result<(), portcullis::SettingsError> {
    /// let settings = Settings::from_toml(r#"
    ///     [requirements]
    ///     orders_write = { all = [{ scope = "orders:write" }, { any = [{ role = "clerk" }, { role = "admin" }] }] }
    /// "#)?;
    /// let write = settings.requirement("orders_write")?;
    /// assert_eq!(write.to_string(), "scope orders:write and (role clerk or role admin)");
    /// assert!(settings.requirement("orders_read").is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`SettingsError::Field`] when there is none of this name, so that a route whose rule is missing fails when the service
    /// starts. What no token could meet was refused when the settings were read.
    pub fn requirement(&self, name: &str) -> Result<Requirement, SettingsError> {
        let path = || format!("requirements.{name}");
        let missing = "the service asks for this requirement, and it is missing";
        let field =
            |reason: &str| SettingsError::Field { path: path(), line: None, reason: reason.to_owned() };
        let RequirementSettings(rule) = self.requirements.get(name).ok_or_else(|| field(missing))?;
        let requirement = self.hierarchy().over(rule.requirement());
        match requirement.mistake() {
            None => Ok(requirement),
            Some(mistake) => Err(field(mistake.fault())),
        }
    }

    fn hierarchy(&self) -> ScopeHierarchy {
        let pairs = self.scope_hierarchy.iter().flat_map(|(greater, lesser)| {
            lesser.iter().map(move |lesser| (greater.0.as_str(), lesser.0.as_str()))
        });
        pairs.fold(ScopeHierarchy::new(), |hierarchy, (greater, lesser)| hierarchy.implies(greater, lesser))
    }
}

/// A requirement that some token could meet.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub(super) struct RequirementSettings(pub(super) Rule);

impl TryFrom<Parts> for RequirementSettings {
    type Error = String;

    fn try_from(parts: Parts) -> Result<Self, String> {
        let rule = Rule::try_from(parts)?;
        match &rule {
            // Nothing asked would be a route that is open to every token.
            Rule::All(rules) | Rule::Any(rules) if rules.is_empty() => Err("the list is empty".to_owned()),
            // Each of them was judged for itself.
            Rule::All(_) | Rule::Any(_) => Ok(Self(rule)),
            leaf => match leaf.requirement().mistake() {
                Some(mistake) => Err(mistake.fault().to_owned()),
                None => Ok(Self(rule)),
            },
        }
    }
}

impl From<RequirementSettings> for Parts {
    fn from(RequirementSettings(rule): RequirementSettings) -> Self {
        rule.into()
    }
}
