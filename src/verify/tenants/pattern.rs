//! Which identifiers may be asked about at all.

use std::collections::HashSet;

use super::resolve::Tenant;
use crate::error::ConfigError;
use crate::keys::remote::address::{self, Part};

/// Issuer identifiers that differ in one place: `https://login.example.com/{tenant}/v2.0`.
///
/// The placeholder, a name in braces, stands for one whole label of the host or one whole segment of the path. Everything
/// else is compared byte for byte, so another scheme, host, port, case or a slash more is another issuer.
///
/// | placeholder in | matches |
/// |---|---|
/// | the path | 1 to 64 of `A-Z a-z 0-9 . _ -`, not beginning with a dot |
/// | the host | 1 to 63 of `a-z 0-9 -`, neither beginning nor ending with a hyphen |
///
/// It opens no door by itself: who may really issue tokens is for [`ResolveIssuer`](super::ResolveIssuer) to say.
///
/// ```
/// # #[cfg(feature = "remote")] {
/// use portcullis::tenants::IssuerPattern;
///
/// assert!(IssuerPattern::new("https://login.example.com/{tenant}/v2.0").is_ok());
/// assert!(IssuerPattern::new("https://{tenant}.login.example.com").is_ok());
/// let refused = IssuerPattern::new("https://{tenant}.com");
/// assert!(refused.is_err(), "whoever registers a domain could issue tokens");
/// # }
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IssuerPattern {
    before: String,
    after: String,
    place: Place,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    Host,
    Path,
}

impl IssuerPattern {
    /// A pattern with one placeholder.
    ///
    /// # Errors
    /// [`ConfigError::IssuerPattern`] when it has not exactly one placeholder, when that is not a whole label or segment,
    /// when it is no `https` address (or `http` to the loopback host) without user, query and fragment, or when the
    /// placeholder stands where it would choose the domain and not a name below it: two literal labels must follow, and
    /// three where the last two are of a country, as in `co.uk`. There is no list of public suffixes behind this: a domain
    /// under which strangers get names, as that of a hosting service, is for you to avoid.
    pub fn new(pattern: impl Into<String>) -> Result<Self, ConfigError> {
        let pattern = pattern.into();
        let refused = |reason| ConfigError::IssuerPattern { pattern: address::shown(&pattern), reason };
        Self::parse(&pattern).map_err(refused)
    }

    fn parse(pattern: &str) -> Result<Self, &'static str> {
        let one = "it must have exactly one placeholder, such as {tenant}";
        let (before, rest) = pattern.split_once('{').ok_or(one)?;
        let (name, after) = rest.split_once('}').ok_or(one)?;
        if [before, after].iter().any(|part| part.contains(['{', '}'])) {
            return Err(one);
        }
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err("a placeholder is named by letters, digits and underscores");
        }
        if before.len() + after.len() > MAX_LITERAL_BYTES {
            return Err("it is too long");
        }
        // Any value does: what the parser makes of a host depends on its last label, which is never the placeholder.
        address::check(&format!("{before}a{after}"), Part::Issuer)?;
        let (_, inside) = before.split_once("://").ok_or(one)?;
        let place = if inside.contains('/') { Place::Path } else { Place::Host };
        let whole = match place {
            Place::Path => before.ends_with('/') && (after.is_empty() || after.starts_with('/')),
            Place::Host => {
                (inside.is_empty() || inside.ends_with('.'))
                    && after.starts_with('.')
                    && !inside.contains(':')
            }
        };
        if !whole {
            return Err("a placeholder must be one whole label of the host or one whole segment of the path");
        }
        if place == Place::Host && !names_a_domain(after) {
            return Err(
                "the placeholder would choose the domain itself; name a domain that is yours behind it",
            );
        }
        Ok(Self { before: before.to_owned(), after: after.to_owned(), place })
    }

    /// What stands in the place of the placeholder, if the identifier matches.
    pub(super) fn parameter<'i>(&self, identifier: &'i str) -> Option<&'i str> {
        let value = identifier.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str())?;
        let fits = match self.place {
            Place::Path => {
                (1..=MAX_SEGMENT_BYTES).contains(&value.len())
                    && !value.starts_with('.')
                    && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            }
            Place::Host => {
                (1..=MAX_LABEL_BYTES).contains(&value.len())
                    && !value.starts_with('-')
                    && !value.ends_with('-')
                    && value.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            }
        };
        fits.then_some(value)
    }
}

/// Whether what follows a placeholder, dot included, is a domain below which all names are one owner's, as far as can be
/// told by its form.
fn names_a_domain(after: &str) -> bool {
    let host = after.split(['/', ':']).next().unwrap_or_default();
    let labels: Vec<_> = host.strip_prefix('.').unwrap_or(host).split('.').collect();
    let of_country = |second: &str, last: &str| last.len() == 2 && SECOND_LEVEL.contains(&second);
    match labels.as_slice() {
        [.., second, last] if second.is_empty() || last.is_empty() => false,
        [second, last] => !of_country(&second.to_ascii_lowercase(), last),
        [_, .., _] => true,
        _ => false,
    }
}

/// The identifiers that may be asked about.
#[derive(Debug, Default)]
pub(super) struct Admission {
    pub(super) patterns: Vec<IssuerPattern>,
    pub(super) listed: HashSet<String>,
}

impl Admission {
    /// The tenant of this name, if it may be one.
    pub(super) fn tenant(&self, identifier: &str) -> Option<Tenant> {
        if identifier.len() > MAX_IDENTIFIER_BYTES {
            return None;
        }
        if self.listed.contains(identifier) {
            return Some(Tenant::new(identifier, None));
        }
        let parameter = self.patterns.iter().find_map(|pattern| pattern.parameter(identifier))?;
        Some(Tenant::new(identifier, Some(parameter)))
    }

    /// Whether every identifier is one that can be asked about.
    ///
    /// # Errors
    /// [`ConfigError::NoTenant`], [`ConfigError::IssuerEmpty`] or [`ConfigError::IssuerPattern`].
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.patterns.is_empty() && self.listed.is_empty() {
            return Err(ConfigError::NoTenant);
        }
        for identifier in &self.listed {
            if identifier.is_empty() {
                return Err(ConfigError::IssuerEmpty);
            }
            if identifier.len() > MAX_IDENTIFIER_BYTES
                || !identifier.bytes().all(|byte| byte.is_ascii_graphic())
            {
                let reason = "an identifier is at most 256 printable ASCII characters, without spaces";
                return Err(ConfigError::IssuerPattern { pattern: address::shown(identifier), reason });
            }
        }
        Ok(())
    }

    pub(super) fn lists(&self, identifier: &str) -> bool {
        self.listed.contains(identifier)
    }
}

/// RFC 1035, section 2.3.4.
const MAX_LABEL_BYTES: usize = 63;
/// A UUID has 36.
const MAX_SEGMENT_BYTES: usize = 64;
const MAX_IDENTIFIER_BYTES: usize = 256;
const MAX_LITERAL_BYTES: usize = MAX_IDENTIFIER_BYTES - MAX_SEGMENT_BYTES;

/// Labels under which the registries of countries sell names.
const SECOND_LEVEL: [&str; 28] = [
    "ac", "biz", "co", "com", "edu", "firm", "gen", "go", "gob", "gouv", "gov", "govt", "gv", "id", "in",
    "ind", "info", "ltd", "me", "mil", "ne", "net", "nom", "or", "org", "plc", "sch", "web",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_would_let_strangers_choose_are_refused() {
        let one = "exactly one placeholder";
        let whole = "one whole label";
        let domain = "choose the domain";
        for (pattern, want) in [
            ("https://login.example.com/{tenant}/v2.0", None),
            ("https://login.example.com/{tenant}", None),
            ("https://login.example.com/{tenant}/", None),
            ("https://login.example.com:8443/a/{t}/b", None),
            ("https://{tenant}.example.com", None),
            ("https://{tenant}.example.com:8443/a", None),
            ("https://{tenant}.abc.io", None),
            ("https://{tenant}.example.co.uk", None),
            ("https://login.{region}.example.com", None),
            ("http://localhost:8080/{tenant}", None),
            ("https://login.example.com", Some(one)),
            ("https://login.example.com/{a}/{b}", Some(one)),
            ("https://login.example.com/{a", Some(one)),
            ("https://login.example.com/a}", Some(one)),
            ("https://login.example.com/{{a}}", Some(one)),
            ("https://login.example.com/{}", Some("named by")),
            ("https://login.example.com/{*}", Some("named by")),
            ("https://login.example.com/{a/b}", Some("named by")),
            ("{scheme}://login.example.com", Some("https://")),
            ("https://{tenant}", Some(whole)),
            ("https://{tenant}/", Some(whole)),
            ("https://{tenant}.com", Some(domain)),
            ("https://{tenant}.com/", Some(domain)),
            ("https://{tenant}.com:8443", Some(domain)),
            ("https://{tenant}.localhost", Some(domain)),
            ("https://{tenant}.co.uk", Some(domain)),
            ("https://{tenant}.CO.uk/", Some(domain)),
            ("https://{tenant}.com.au", Some(domain)),
            ("https://login.{tenant}.com", Some(domain)),
            ("https://login.example.{tld}", Some(whole)),
            ("https://{tenant}.example.", Some(domain)),
            ("https://{tenant}..com", Some(domain)),
            ("https://{tenant}-eu.example.com", Some(whole)),
            ("https://a{tenant}.example.com", Some(whole)),
            ("https://login.example.com/a-{tenant}", Some(whole)),
            ("https://login.example.com/{tenant}.json", Some(whole)),
            ("https://login.example.com:{port}/", Some("absolute URL")),
            ("https://login.example.com:80{port}.example.com/", Some("absolute URL")),
            ("https://{user}@login.example.com", Some("user or password")),
            ("https://login.example.com/?t={tenant}", Some("no query")),
            ("https://login.example.com/#{tenant}", Some("fragment")),
            ("http://login.example.com/{tenant}", Some("loopback")),
            ("http://{tenant}.example.com", Some("loopback")),
            ("https://127.0.0.{tenant}", Some(whole)),
            ("https://{tenant}.0.0.1", Some("absolute URL")),
            ("https://login.example.com/ {tenant}", Some("printable")),
        ] {
            let got = IssuerPattern::parse(pattern).err();
            match (got, want) {
                (None, None) => {}
                (Some(got), Some(want)) => assert!(got.contains(want), "{pattern}: {got}"),
                (got, want) => panic!("{pattern}: {got:?}, not {want:?}"),
            }
        }
        let long = format!("https://login.example.com/{}/{{t}}", "a".repeat(170));
        assert_eq!(IssuerPattern::parse(&long), Err("it is too long"));
    }

    #[test]
    fn a_placeholder_is_one_segment_or_one_label_and_nothing_else() {
        let path = IssuerPattern::new("https://login.example.com/{tenant}/v2.0").unwrap();
        let name = |value: &str| format!("https://login.example.com/{value}/v2.0");
        let longest = "a".repeat(64);
        for value in ["a", "Acme-1_x.y", "8d5f6a7b-0000-4000-8000-000000000000", "a..b", longest.as_str()] {
            assert_eq!(path.parameter(&name(value)), Some(value));
        }
        let longer = "a".repeat(65);
        for value in [
            "",
            ".",
            "..",
            ".a",
            "a/b",
            "/",
            "a/",
            "a%2fb",
            "%2e%2e",
            "a b",
            "a?b",
            "a#b",
            "a@b",
            "a:b",
            "a\\b",
            "ä",
            "a\0",
            "a\n",
            "{tenant}",
            "*",
            "a/../b",
            longer.as_str(),
        ] {
            assert_eq!(path.parameter(&name(value)), None, "{value:?}");
        }
        for other in [
            "https://login.example.com/a/v2.0/",
            "https://login.example.com/a/V2.0",
            "https://login.example.com//a/v2.0",
            "https://LOGIN.example.com/a/v2.0",
            "https://login.example.com:443/a/v2.0",
            "http://login.example.com/a/v2.0",
            "https://login.example.com.evil.example/a/v2.0",
            "https://evil.example/https://login.example.com/a/v2.0",
            "https://login.example.com/v2.0",
            "https://login.example.com/",
            "a",
            "",
        ] {
            assert_eq!(path.parameter(other), None, "{other}");
        }
        let host = IssuerPattern::new("https://{tenant}.example.com").unwrap();
        let name = |value: &str| format!("https://{value}.example.com");
        let longest = "a".repeat(63);
        for value in ["a", "acme-1", "0", "xn--bcher-kva", longest.as_str()] {
            assert_eq!(host.parameter(&name(value)), Some(value));
        }
        let longer = "a".repeat(64);
        for value in [
            "",
            "a.b",
            "-a",
            "a-",
            "A",
            "a_b",
            "a/b",
            "evil.example/",
            "evil.example#",
            "a:b",
            "u@a",
            longer.as_str(),
        ] {
            assert_eq!(host.parameter(&name(value)), None, "{value:?}");
        }
        // Both ends of the pattern may not share bytes of the identifier.
        let overlap = IssuerPattern::new("https://a.example.com/{t}/a").unwrap();
        assert_eq!(overlap.parameter("https://a.example.com/a"), None);
    }

    #[test]
    fn a_list_knows_its_names_and_no_others() {
        let listed = |names: &[&str]| Admission {
            listed: names.iter().map(|name| (*name).to_owned()).collect(),
            ..Admission::default()
        };
        let ours = listed(&["https://a.example", "accounts.example"]);
        assert_eq!(ours.check(), Ok(()));
        assert_eq!(ours.tenant("accounts.example").unwrap().parameter(), None);
        for name in ["https://a.example/", "https://A.example", "", "https://b.example"] {
            assert!(ours.tenant(name).is_none(), "{name}");
        }
        assert_eq!(listed(&[]).check(), Err(ConfigError::NoTenant));
        assert_eq!(listed(&[""]).check(), Err(ConfigError::IssuerEmpty));
        let longest = "a".repeat(256);
        assert_eq!(listed(&[&longest]).check(), Ok(()));
        for name in [format!("{longest}a"), "a b".to_owned(), "ä".to_owned()] {
            let code = listed(&[&name]).check();
            assert!(matches!(code, Err(ConfigError::IssuerPattern { .. })), "{name}");
        }
    }
}
