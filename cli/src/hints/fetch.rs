//! Keys that could not be fetched: what to do, by the code of the attempt.

/// What to look at first. `None` for codes that say it all, or are not of an attempt.
pub(crate) fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        "fetch_connect" => "nobody answers there: look at the address, DNS, a proxy or a firewall",
        "fetch_tls" => {
            "its certificate was not accepted: its name, its date, or a private authority (`--root-certificates`)"
        }
        "fetch_timeout" => "it did not answer in 5 s: look at the server, and at a proxy between",
        "fetch_broken" => {
            "it does not speak HTTP as it should: another port, or a proxy between, nearly always"
        }
        "fetch_status" => {
            "is that the address of the key set? Redirects are not followed: use the address that they lead to"
        }
        "fetch_too_large" => "no key set is so large: is that the right address?",
        "fetch_file" => "look at its path and its rights",
        "discovery_status" => {
            "it has no metadata there: is the identifier complete, path and slash included?"
        }
        "discovery_not_json" => "is this the issuer, or its website, or a sign-in page before it?",
        "discovery_member_missing" => {
            "is this the issuer? If it publishes no `jwks_uri`, give the service the address of its keys: `Issuer::jwks_url`"
        }
        "discovery_issuer_mismatch" => "compare slash, scheme and case",
        "discovery_jwks_uri" => {
            "let the issuer publish an https address; behind a proxy it often has to be told its own scheme and host"
        }
        "key_set_not_json" => {
            "is that the address of a key set? A sign-in or error page in its place answers so, too"
        }
        "key_set_keys_missing" => {
            "a key set is an object with the member `keys`, a list: is that its address, and not one of a single key or of metadata?"
        }
        "discovery_repeated_member" | "key_set_repeated_member" => {
            "a repeated member can be read in two ways: the issuer has to write each once"
        }
        "key_set_too_many_keys" => {
            "more than 100 keys: have the issuer take out those that are no longer used"
        }
        "key_set_too_large" => "over 256 KiB: have the issuer take out what is no longer used",
        "key_set_no_usable_key" => {
            "every token is refused: the issuer has to publish a public key that signs (RSA of 2048 bits, or EC)"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failed_attempt_that_an_issuer_can_cause_has_an_advice() {
        let page = include_str!("../../../docs/reason-codes.md");
        let (_, rest) = page.split_once("## An attempt to renew the keys failed").unwrap();
        let (part, _) = rest.split_once("\n## ").unwrap();
        let codes = part.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0));
        // An address is judged before anything is asked; the rest comes of other fetchers, of runtimes and of time.
        let others = ["fetch_address", "fetch_other", "fetch_broken_off", "key_set_unconfirmed"];
        let codes: Vec<_> = codes.filter(|code| !others.contains(code)).collect();
        assert!(codes.len() > 15, "{codes:?}");
        for code in codes {
            assert!(advice(code).is_some(), "{code}");
        }
    }
}
