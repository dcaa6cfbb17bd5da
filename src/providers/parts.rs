//! Parts of addresses, judged before they stand in one.

use crate::error::ConfigError;

/// An argument of a preset.
#[derive(Clone, Copy)]
pub(super) struct Part<'t> {
    pub(super) provider: &'static str,
    pub(super) parameter: &'static str,
    pub(super) text: &'t str,
}

impl<'t> Part<'t> {
    pub(super) const fn new(provider: &'static str, parameter: &'static str, text: &'t str) -> Self {
        Self { provider, parameter, text }
    }

    pub(super) const fn refused(self, reason: &'static str) -> ConfigError {
        ConfigError::Parameter { provider: self.provider, parameter: self.parameter, reason }
    }

    fn accepted(self, holds: bool, reason: &'static str) -> Result<&'t str, ConfigError> {
        if holds { Ok(self.text) } else { Err(self.refused(reason)) }
    }

    /// A host name in lower case, as identifiers are compared byte for byte; a port may follow.
    pub(super) fn host(self) -> Result<&'t str, ConfigError> {
        let (name, port) = match self.text.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (self.text, None),
        };
        let label = |label: &str| {
            let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(inside)
        };
        let port_holds =
            port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
        let holds = name.len() <= MAX_HOST_BYTES && name.split('.').all(label) && port_holds;
        self.accepted(holds, "it must be a host name in lower case, without scheme, path or slash")
    }

    /// One segment of a path, of characters that mean nothing in an address and need no escape.
    pub(super) fn segment(self) -> Result<&'t str, ConfigError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        // `.` and `..` are directions.
        let holds = self.bounded() && self.text.bytes().all(plain) && !self.text.starts_with('.');
        self.accepted(holds, "it must consist of letters, digits, `-`, `_` and `.`")
    }

    /// Digits.
    pub(super) fn number(self) -> Result<&'t str, ConfigError> {
        let holds = self.bounded() && self.text.bytes().all(|byte| byte.is_ascii_digit());
        self.accepted(holds, "it must be a number")
    }

    /// A GUID in lower case, as Microsoft writes it.
    pub(super) fn guid(self) -> Result<&'t str, ConfigError> {
        let hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        let groups = self.text.split('-').map(str::len);
        let holds = groups.eq(GUID_GROUPS) && self.text.bytes().all(|byte| byte == b'-' || hex(byte));
        self.accepted(holds, "it must be a GUID in lower case; `common` and domain names are not")
    }

    /// An address to which a path will be added. Whether it is one to fetch from is judged with the path.
    pub(super) fn base(self) -> Result<&'t str, ConfigError> {
        let holds = !self.text.ends_with('/') && !self.text.contains(['?', '#']);
        self.accepted(holds, "it must have neither a slash at its end, nor a query or fragment")
    }

    const fn bounded(self) -> bool {
        !self.text.is_empty() && self.text.len() <= MAX_SEGMENT_BYTES
    }
}

/// RFC 1035, section 2.3.4.
const MAX_HOST_BYTES: usize = 253;
/// Longer than any name of a realm, a server or a project.
const MAX_SEGMENT_BYTES: usize = 128;
const GUID_GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str) -> Part<'_> {
        Part::new("Example", "the part", text)
    }

    /// What would lead elsewhere, whatever the part.
    const ASTRAY: [&str; 19] = [
        "",
        " ",
        "a b",
        "a/b",
        "/a",
        "a/",
        "a?b",
        "a#b",
        "a@b",
        "user:pass@a",
        "a\\b",
        "a%2fb",
        "https://a",
        "//a",
        "..",
        ".",
        "a\n",
        "a\0",
        "\u{e9}",
    ];

    #[test]
    fn nothing_that_leads_elsewhere_becomes_part_of_an_address() {
        for text in ASTRAY {
            for (kind, got) in [
                ("host", part(text).host()),
                ("segment", part(text).segment()),
                ("number", part(text).number()),
                ("guid", part(text).guid()),
            ] {
                assert!(matches!(got, Err(ConfigError::Parameter { .. })), "{kind} {text:?}");
            }
        }
    }

    #[test]
    fn hosts_are_names_in_lower_case() {
        for text in ["id.example.com", "localhost", "a", "a-b.example", "1.2.3.4", "id.example.com:8443"] {
            assert_eq!(part(text).host(), Ok(text));
        }
        let long = ["a"; 128].join(".");
        for text in [
            "Id.example.com",
            "a..b",
            "a.",
            ".a",
            "-a.b",
            "a-.b",
            "a_b",
            "a:",
            "a:b",
            "a:1:2",
            "[::1]",
            &long,
        ] {
            assert!(part(text).host().is_err(), "{text}");
        }
    }

    #[test]
    fn segments_numbers_and_guids_have_their_form() {
        let guid = "72f988bf-86f1-41af-91ab-2d7cd011db47";
        for (name, got, want) in [
            ("segment", part("eu-central-1_AbC.9").segment(), true),
            ("hidden segment", part(".well-known").segment(), false),
            ("long segment", part(&"a".repeat(129)).segment(), false),
            ("number", part("68413579").number(), true),
            ("signed number", part("-1").number(), false),
            ("guid", part(guid).guid(), true),
            ("guid in upper case", part("72F988BF-86F1-41AF-91AB-2D7CD011DB47").guid(), false),
            ("guid in braces", part("{72f988bf-86f1-41af-91ab-2d7cd011db47}").guid(), false),
            ("guid without hyphens", part("72f988bf86f141af91ab2d7cd011db47").guid(), false),
            ("guid with a letter beyond f", part("72f988bg-86f1-41af-91ab-2d7cd011db47").guid(), false),
            ("guid with a group more", part("72f988bf-86f1-41af-91ab-2d7cd011db47-").guid(), false),
            ("all tenants", part("common").guid(), false),
            ("all work tenants", part("organizations").guid(), false),
            ("all private accounts", part("consumers").guid(), false),
            ("a template", part("{tenantid}").guid(), false),
            ("base", part("https://id.example.com/auth").base(), true),
            ("base with a slash", part("https://id.example.com/").base(), false),
            ("base with a query", part("https://id.example.com?a").base(), false),
            ("base with a fragment", part("https://id.example.com#a").base(), false),
        ] {
            assert_eq!(got.is_ok(), want, "{name}");
        }
    }

    #[test]
    fn a_refusal_names_the_part_and_repeats_nothing_of_it() {
        let error = part("a@hidden").host().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the part is not one of Example: it must be a host name in lower case, without scheme, path or slash"
        );
    }
}
