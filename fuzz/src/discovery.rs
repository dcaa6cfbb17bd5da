//! An issuer's metadata of any bytes, and answers of any status.
//!
//! The input: two bytes that pick the statuses of the two well-known documents, one that picks the issuer, and the body.

use portcullis::keys::KeyState;
use portcullis::keys::remote::{FetchResponse, Remote};

use super::json::{self, Json, Unread};
use super::remote::{KEY_SET, Script, status, with_first_attempt};

/// Keys are fetched only from the one address of a document that another reader finds sound, that names exactly this
/// issuer, and whose `jwks_uri` is safe; otherwise nothing more is asked for and the reason is the one that the model
/// gives. The well-known documents are asked for in their order, the second only when the first is denied or no JSON.
pub fn check(input: &[u8]) {
    let Some(([first, second, issuer], body)) = input.split_first_chunk::<3>() else { return };
    let statuses = [first, second].map(|pick| STATUSES[usize::from(*pick) % STATUSES.len()]);
    let (issuer, openid, oauth) = ISSUERS[usize::from(*issuer) % ISSUERS.len()];
    let denied = (400..500).contains(&statuses[0]) && ![408, 429].contains(&statuses[0]);
    let answers = if denied { &statuses[..] } else { &statuses[..1] };
    let mut script: Vec<_> = answers.iter().map(|status| FetchResponse::new(*status, body)).collect();
    script.push(FetchResponse::new(200, KEY_SET));
    let script = Script::new(script);
    let remote = Remote::discover_with(issuer, script.clone()).expect("a sound issuer");
    let answered = if denied { statuses[1] } else { statuses[0] };
    with_first_attempt(issuer, remote, async |verifier| {
        let status = status(verifier);
        let asked = script.asked();
        let (documents, rest) = asked.split_at(answers.len());
        assert_eq!(documents, &[openid, oauth][..answers.len()]);
        let code = status.last_error.as_deref().and_then(|error| error.split(':').next());
        // A page for people where the first document should be: the second, here a key set, names no issuer.
        let page = body.trim_ascii_start().first() != Some(&b'{');
        if statuses[0] == 200 && page {
            assert_eq!((rest, code), (&[oauth.to_owned()][..], Some("discovery_member_missing")));
            return;
        }
        if let ([address], None) = (rest, code) {
            assert_eq!((status.state, answered), (KeyState::Fresh, 200));
            assert!(is_safe(address), "keys were fetched from {address:?}");
        } else {
            assert_eq!((status.state, rest.len()), (KeyState::Loading, 0), "{code:?} {rest:?}");
        }
        // Where the second is a page, the first denial is told.
        if answered != 200 || (denied && page) {
            assert_eq!(code, Some("discovery_status"));
            return;
        }
        match json::parse(body) {
            Ok(document) => check_document(&document, issuer, code, rest.first().map(|address| &**address)),
            Err(Unread::Refused) => assert!(code.is_some_and(|code| UNREADABLE.contains(&code)), "{code:?}"),
            Err(Unread::Open) => {}
        }
    });
}

/// The outcome for a document that is JSON.
fn check_document(document: &Json, issuer: &str, code: Option<&str>, address: Option<&str>) {
    let text = |name| document.member(name).and_then(Json::text);
    let want = match (fault(document), text("issuer"), text("jwks_uri")) {
        (Some(fault), ..) => Some(fault),
        (None, None, _) => Some("discovery_member_missing"),
        (None, Some(named), _) if named != issuer => Some("discovery_issuer_mismatch"),
        (None, _, None) => Some("discovery_member_missing"),
        (None, _, Some(uri)) => {
            assert!(code.is_none_or(|code| code == "discovery_jwks_uri"), "{code:?}");
            assert!(code.is_none() || !is_plain(uri), "refused: {uri:?}");
            assert_eq!(address, code.is_none().then_some(uri), "the address is taken as it is written");
            return;
        }
    };
    assert_eq!(code, want, "{document:?}");
}

/// The first fault of the document itself, in its order.
fn fault(document: &Json) -> Option<&'static str> {
    let Json::Object(members) = document else { return Some("discovery_not_json") };
    for (at, (name, value)) in members.iter().enumerate() {
        if members[..at].iter().any(|(earlier, _)| earlier == name) {
            return Some("discovery_repeated_member");
        }
        if ["issuer", "jwks_uri"].contains(&&**name) {
            if value.text().is_none() {
                return Some("discovery_member_missing");
            }
        } else if value.repeats() {
            return Some("discovery_not_json");
        }
    }
    None
}

/// What every address that keys come from must be like: `https`, or `http` to this machine by a name or an address that
/// every parser reads alike; no user, no fragment, nothing that a parser would repair.
fn is_safe(address: &str) -> bool {
    let clean = address.bytes().all(|byte| (b'!'..=b'~').contains(&byte) && byte != b'\\' && byte != b'#');
    let (scheme, rest) = address.split_once("://").unwrap_or_default();
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let octets: Vec<_> = host.split('.').collect();
    let octet = |text: &&str| text.parse::<u8>().is_ok_and(|octet| octet.to_string() == **text);
    let loopback = octets.len() == 4 && octets[0] == "127" && octets.iter().all(octet);
    let here = loopback || host.eq_ignore_ascii_case("localhost") || host == "[::1]";
    clean
        && !authority.is_empty()
        && !authority.contains('@')
        && (scheme == "https" || scheme == "http" && here)
}

/// An address that nobody could object to.
fn is_plain(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("https://") else { return false };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let label = |label: &str| {
        label.len() < 20 && label.starts_with('k') && label.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    host.len() < 100
        && host.split('.').all(label)
        && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_.?=&%".contains(&byte))
}

const STATUSES: [u16; 12] = [200, 200, 200, 404, 404, 408, 429, 400, 301, 500, 204, 999];
const UNREADABLE: [&str; 3] = ["discovery_not_json", "discovery_repeated_member", "discovery_member_missing"];
/// An identifier, and where its documents are.
const ISSUERS: [(&str, &str, &str); 4] = [
    (
        "https://id.example.com",
        "https://id.example.com/.well-known/openid-configuration",
        "https://id.example.com/.well-known/oauth-authorization-server",
    ),
    (
        "https://id.example.com/",
        "https://id.example.com/.well-known/openid-configuration",
        "https://id.example.com/.well-known/oauth-authorization-server",
    ),
    (
        "https://id.example.com:8443/t",
        "https://id.example.com:8443/t/.well-known/openid-configuration",
        "https://id.example.com:8443/.well-known/oauth-authorization-server/t",
    ),
    (
        "http://localhost/t/",
        "http://localhost/t/.well-known/openid-configuration",
        "http://localhost/.well-known/oauth-authorization-server/t",
    ),
];
