//! One requirement, as it is written and as it is meant.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::requirements::RequirementSettings;
use super::values::{ScopeName, Span};
use crate::Requirement;
use crate::require::{
    AcrLadder, AuthorizationDetail, ClaimPath, ClaimValue, acr_any, all, amr, any, audience,
    authorization_details, claim, claim_at, client, entitlement, group, issuer, max_age, role,
};

/// What a token must have. Exactly one member says what; those that go with it stand beside it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a requirement such as { scope = \"a\" }")]
pub(super) struct Parts {
    /// Each of these requirements. One at least.
    #[cfg_attr(test, schemars(length(min = 1)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) all: Option<Vec<RequirementSettings>>,
    /// At least one of these requirements.
    #[cfg_attr(test, schemars(length(min = 1)))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) any: Option<Vec<RequirementSettings>>,
    /// A scope, or one that implies it by `scope_hierarchy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scope: Option<ScopeName>,
    /// An element of `roles`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<String>,
    /// An element of `groups`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<String>,
    /// An element of `entitlements`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) entitlement: Option<String>,
    /// The issuer, one of several that are trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issuer: Option<String>,
    /// The client, by `client_id`, or by `azp` in a token without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client: Option<String>,
    /// An audience beside the one that the verifier asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) audience: Option<String>,
    /// A claim, by its path of members with dots between. Goes with `contains` or `equals`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) claim: Option<String>,
    /// The same by a list of members, for names that contain dots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) claim_at: Option<Vec<String>>,
    /// Beside `claim`: it is an array with this element, or this value itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contains: Option<ClaimValueSettings>,
    /// Beside `claim`: it is this value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) equals: Option<ClaimValueSettings>,
    /// One of these classes of authentication, the preferred first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) acr: Option<Vec<String>>,
    /// Classes of authentication, the weakest first. Goes with `at_least`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ladder: Option<Vec<String>>,
    /// Beside `ladder`: this class, or one above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at_least: Option<String>,
    /// A method of authentication, such as `otp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) amr: Option<String>,
    /// How long ago the user may have authenticated at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_age: Option<Span>,
    /// An authorization detail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) authorization_details: Option<DetailSettings>,
}

/// An authorization detail (RFC 9396) that one element must have as a whole.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct DetailSettings {
    /// Its `type`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// What it must allow, each of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) actions: Vec<String>,
    /// Where it must hold, each of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) locations: Vec<String>,
}

/// What a claim is compared with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ClaimValueSettings(pub(super) ClaimValue);

/// A requirement, once it is known which.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rule {
    All(Vec<RequirementSettings>),
    Any(Vec<RequirementSettings>),
    Scope(ScopeName),
    Named(Naming, String),
    Claim(Path, Test, ClaimValueSettings),
    Acr(Vec<String>),
    Ladder { ladder: Vec<String>, at_least: String },
    Amr(String),
    MaxAge(Span),
    AuthorizationDetails(DetailSettings),
}

/// What a token names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Naming {
    Role,
    Group,
    Entitlement,
    Issuer,
    Client,
    Audience,
}

/// A way to a claim.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Path {
    Dotted(String),
    Members(Vec<String>),
}

/// How a claim is compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Test {
    Contains,
    Equals,
}

impl Rule {
    /// The requirement, its scopes by their own names alone.
    pub(super) fn requirement(&self) -> Requirement {
        let each = |rules: &[RequirementSettings]| -> Vec<_> {
            rules.iter().map(|rule| rule.0.requirement()).collect()
        };
        match self {
            Self::All(rules) => all(each(rules)),
            Self::Any(rules) => any(each(rules)),
            Self::Scope(scope) => scope.0.clone().into(),
            Self::Named(naming, name) => naming.requirement(name),
            Self::Claim(path, Test::Contains, value) => path.path().contains(value.0.clone()),
            Self::Claim(path, Test::Equals, value) => path.path().equals(value.0.clone()),
            Self::Acr(classes) => acr_any(classes.iter().map(String::as_str)),
            Self::Ladder { ladder, at_least } => {
                AcrLadder::new(ladder.iter().map(String::as_str)).at_least(at_least)
            }
            Self::Amr(method) => amr(method.as_str()),
            Self::MaxAge(age) => max_age(age.0),
            Self::AuthorizationDetails(DetailSettings { kind, actions, locations }) => {
                let detail = AuthorizationDetail::new(kind.as_str());
                let detail = actions.iter().map(String::as_str).fold(detail, AuthorizationDetail::action);
                authorization_details(
                    locations.iter().map(String::as_str).fold(detail, AuthorizationDetail::location),
                )
            }
        }
    }
}

impl Naming {
    fn requirement(self, name: &str) -> Requirement {
        match self {
            Self::Role => role(name),
            Self::Group => group(name),
            Self::Entitlement => entitlement(name),
            Self::Issuer => issuer(name),
            Self::Client => client(name),
            Self::Audience => audience(name),
        }
    }
}

impl Path {
    fn path(&self) -> ClaimPath {
        match self {
            Self::Dotted(path) => claim(path),
            Self::Members(members) => claim_at(members.iter().map(String::as_str)),
        }
    }
}

impl TryFrom<Parts> for Rule {
    type Error = String;

    fn try_from(parts: Parts) -> Result<Self, String> {
        let Parts {
            all,
            any,
            scope,
            role,
            group,
            entitlement,
            issuer,
            client,
            audience,
            claim,
            claim_at,
            contains,
            equals,
            acr,
            ladder,
            at_least,
            amr,
            max_age,
            authorization_details,
        } = parts;
        let named = |naming| move |name| Self::Named(naming, name);
        let given = [
            all.map(Self::All),
            any.map(Self::Any),
            scope.map(Self::Scope),
            role.map(named(Naming::Role)),
            group.map(named(Naming::Group)),
            entitlement.map(named(Naming::Entitlement)),
            issuer.map(named(Naming::Issuer)),
            client.map(named(Naming::Client)),
            audience.map(named(Naming::Audience)),
            claim_rule((claim, claim_at), (contains, equals))?,
            acr.map(Self::Acr),
            match (ladder, at_least) {
                (Some(ladder), Some(at_least)) => Some(Self::Ladder { ladder, at_least }),
                (None, None) => None,
                _ => return Err("`ladder` and `at_least` go together".to_owned()),
            },
            amr.map(Self::Amr),
            max_age.map(Self::MaxAge),
            authorization_details.map(Self::AuthorizationDetails),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err("it asks for nothing".to_owned()),
            (Some(_), Some(_)) => Err("it asks for two things; join them by `all` or `any`".to_owned()),
        }
    }
}

fn claim_rule(
    path: (Option<String>, Option<Vec<String>>),
    value: (Option<ClaimValueSettings>, Option<ClaimValueSettings>),
) -> Result<Option<Rule>, &'static str> {
    let path = match path {
        (None, None) => None,
        (Some(path), None) => Some(Path::Dotted(path)),
        (None, Some(members)) => Some(Path::Members(members)),
        (Some(_), Some(_)) => return Err("`claim` and `claim_at` are two ways to say the same"),
    };
    let value = match value {
        (None, None) => None,
        (Some(value), None) => Some((Test::Contains, value)),
        (None, Some(value)) => Some((Test::Equals, value)),
        (Some(_), Some(_)) => return Err("`contains` and `equals` exclude each other"),
    };
    match (path, value) {
        (None, None) => Ok(None),
        (Some(path), Some((test, value))) => Ok(Some(Rule::Claim(path, test, value))),
        (Some(_), None) => Err("a claim needs `contains` or `equals`"),
        (None, Some(_)) => Err("`contains` and `equals` need a `claim`"),
    }
}

impl From<Rule> for Parts {
    fn from(rule: Rule) -> Self {
        let parts = Self::default();
        match rule {
            Rule::All(rules) => Self { all: Some(rules), ..parts },
            Rule::Any(rules) => Self { any: Some(rules), ..parts },
            Rule::Scope(scope) => Self { scope: Some(scope), ..parts },
            Rule::Named(Naming::Role, name) => Self { role: Some(name), ..parts },
            Rule::Named(Naming::Group, name) => Self { group: Some(name), ..parts },
            Rule::Named(Naming::Entitlement, name) => Self { entitlement: Some(name), ..parts },
            Rule::Named(Naming::Issuer, name) => Self { issuer: Some(name), ..parts },
            Rule::Named(Naming::Client, name) => Self { client: Some(name), ..parts },
            Rule::Named(Naming::Audience, name) => Self { audience: Some(name), ..parts },
            Rule::Claim(path, test, value) => {
                let (claim, claim_at) = match path {
                    Path::Dotted(path) => (Some(path), None),
                    Path::Members(members) => (None, Some(members)),
                };
                let (contains, equals) = match test {
                    Test::Contains => (Some(value), None),
                    Test::Equals => (None, Some(value)),
                };
                Self { claim, claim_at, contains, equals, ..parts }
            }
            Rule::Acr(classes) => Self { acr: Some(classes), ..parts },
            Rule::Ladder { ladder, at_least } => {
                Self { ladder: Some(ladder), at_least: Some(at_least), ..parts }
            }
            Rule::Amr(method) => Self { amr: Some(method), ..parts },
            Rule::MaxAge(age) => Self { max_age: Some(age), ..parts },
            Rule::AuthorizationDetails(detail) => Self { authorization_details: Some(detail), ..parts },
        }
    }
}

impl<'de> Deserialize<'de> for ClaimValueSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor).map(Self)
    }
}

struct ValueVisitor;

impl Visitor<'_> for ValueVisitor {
    type Value = ClaimValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a whole number, true or false")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ClaimValue, E> {
        Ok(text.into())
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<ClaimValue, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<ClaimValue, E> {
        Ok(number.into())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<ClaimValue, E> {
        let number = i64::try_from(number);
        number
            .map(ClaimValue::from)
            .map_err(|_| E::invalid_type(de::Unexpected::Other("a larger number"), &self))
    }
}

impl Serialize for ClaimValueSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            ClaimValue::Text(text) => serializer.serialize_str(text),
            ClaimValue::Integer(number) => serializer.serialize_i64(*number),
            ClaimValue::Boolean(value) => serializer.serialize_bool(*value),
        }
    }
}
