//! Addresses of protected resources, and where their metadata are.

use http::Uri;

/// The address of the metadata that belong to a resource.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) metadata_url: String,
    pub(super) metadata_path: String,
}

impl Address {
    /// # Errors
    /// What is wrong with the identifier of the resource.
    pub(super) fn of(resource: &str) -> Result<Self, &'static str> {
        if !resource.bytes().all(is_uri_byte) {
            return Err("it has characters that no URI has");
        }
        if resource.contains('#') {
            return Err("it has a fragment");
        }
        if resource.contains('?') {
            return Err("it has a query");
        }
        let uri: Uri = resource.parse().map_err(|_| "it is no URI")?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err("it is not an address with scheme and host");
        };
        if authority.as_str().contains('@') {
            return Err("it names a user");
        }
        if authority.host().is_empty() {
            return Err("it names no host");
        }
        // Clients resolve them, and would look for the document elsewhere.
        if uri.path().split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err("its path goes back");
        }
        match scheme {
            "https" => {}
            "http" if LOOPBACK.contains(&authority.host()) => {}
            "http" => return Err("http is for loopback alone"),
            _ => return Err("the scheme is not https"),
        }
        // What stands alone as "/" is no path of the resource's own.
        let path = if uri.path() == "/" { "" } else { uri.path() };
        let metadata_path = format!("{WELL_KNOWN}{path}");
        Ok(Self { metadata_url: format!("{scheme}://{authority}{metadata_path}"), metadata_path })
    }
}

/// RFC 3986, section 2: what may stand in a URI at all. Neither quotes nor backslashes, which would end a challenge.
fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte)
}

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";
const LOOPBACK: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_name_stands_between_host_and_path() {
        for (resource, want) in [
            // The examples of RFC 9728, sections 3.1 and 3.
            (
                "https://resource.example.com",
                "https://resource.example.com/.well-known/oauth-protected-resource",
            ),
            (
                "https://resource.example.com/resource1",
                "https://resource.example.com/.well-known/oauth-protected-resource/resource1",
            ),
            ("https://api.example.com/", "https://api.example.com/.well-known/oauth-protected-resource"),
            (
                "https://a.example:8443/b/c/",
                "https://a.example:8443/.well-known/oauth-protected-resource/b/c/",
            ),
            ("http://127.0.0.1:80/mcp", "http://127.0.0.1:80/.well-known/oauth-protected-resource/mcp"),
            ("http://[::1]:1", "http://[::1]:1/.well-known/oauth-protected-resource"),
            ("http://localhost", "http://localhost/.well-known/oauth-protected-resource"),
        ] {
            assert_eq!(Address::of(resource).map(|address| address.metadata_url).as_deref(), Ok(want));
        }
    }

    #[test]
    fn what_is_no_address_of_a_resource() {
        for (resource, want) in [
            ("", "it is no URI"),
            ("orders", "it is not an address with scheme and host"),
            ("/orders", "it is not an address with scheme and host"),
            ("api://orders", "the scheme is not https"),
            ("urn:orders", "it is not an address with scheme and host"),
            ("http://api.example.com", "http is for loopback alone"),
            ("http://localhost.example.com", "http is for loopback alone"),
            ("https://api.example.com/#a", "it has a fragment"),
            ("https://api.example.com/?a", "it has a query"),
            ("https://me@api.example.com", "it names a user"),
            ("https://:443/a", "it names no host"),
            ("https://api.example.com/a/../b", "its path goes back"),
            ("https://api.example.com/.", "its path goes back"),
            ("https://api.example.com/\"", "it has characters that no URI has"),
            ("https://api.example.com/\\", "it has characters that no URI has"),
            ("https://api.example.com/a b", "it has characters that no URI has"),
            ("https://api.example.com/\r\nx", "it has characters that no URI has"),
        ] {
            assert_eq!(Address::of(resource).map(|address| address.metadata_url), Err(want), "{resource}");
        }
    }
}
