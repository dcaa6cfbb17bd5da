//! Mistakes of people, each beside what is right.

use crate::{KEY, json, one_issuer, toml, twins, variables};

const ISSUER_FIELDS: &str = "`identifier`, `preset`, `jwks_url`, `jwks_file`, `jwks`, `public_key`, `shared_secret`, \
    `audiences`, `dangerous_any_audience`, `clients`, `required_claims`, `algorithms`, `profile`, `clock_skew`, \
    `max_token_age`, `keys`";

#[test]
fn unknown_settings_are_refused_with_their_place() {
    let issuer = |name: &str| {
        format!("[[issuers]]\nidentifier = 'https://id.example.com'\n{name} = ['https://api.example.com']")
    };
    twins(&[
        (
            &issuer("audiences"),
            &issuer("audience"),
            &format!("issuers[0].audience (line 3): unknown field, expected one of {ISSUER_FIELDS}"),
        ),
        (
            &one_issuer("[issuers.keys]\nmax_stale = '1h'"),
            &one_issuer("[issuers.keys]\nmaxstale = '1h'"),
            "issuers[0].keys.maxstale (line 5): unknown field, expected one of `max_stale`, `unknown_key_interval`, \
             `wait_budget`, `default_max_age`, `snapshot`, `embedded`, `root_certificates`, `bearer_token`",
        ),
        (
            &format!("token_cache = 1\n{}", one_issuer("")),
            &format!("tokens_cached = 1\n{}", one_issuer("")),
            "tokens_cached (line 1): unknown field, expected one of `backend`, `max_token_bytes`, `token_cache`, \
             `token_cache_time`, `issuers`, `http`, `requirements`, `scope_hierarchy`",
        ),
        (
            "[[issuers]]\npreset = { keycloak = { address = 'https://a.example', realm = 'b' } }\naudiences = ['c']",
            "[[issuers]]\npreset = { keycloak = { address = 'https://a.example', relm = 'b' } }\naudiences = ['c']",
            "issuers[0].preset.keycloak.relm (line 2): unknown field, expected one of `address`, `realm`",
        ),
        (
            "[[issuers]]\npreset = { keycloak = { address = 'https://a.example', realm = 'b' } }\naudiences = ['c']",
            "[[issuers]]\npreset = 'keycloak'\naudiences = ['c']",
            "issuers[0].preset.keycloak (line 2): a name alone where a table with its arguments is expected",
        ),
    ]);
    let error =
        json(r#"{"issuers":[{"identifier":"https://id.example.com","Audiences":["a"]}]}"#).unwrap_err();
    let want = format!("issuers[0].Audiences: unknown field, expected one of {ISSUER_FIELDS}");
    assert_eq!(error.to_string(), want);
}

#[test]
fn values_of_another_type_are_refused_with_their_place() {
    twins(&[
        (
            &one_issuer("clients = ['web']"),
            &one_issuer("clients = 'web'"),
            "issuers[0].clients (line 4): text where a list is expected",
        ),
        (
            &one_issuer("clients = ['web']"),
            &one_issuer("clients = [\n'web',\n7]"),
            "issuers[0].clients[1] (line 6): a number where text is expected",
        ),
        (
            &format!("token_cache = 1\n{}", one_issuer("")),
            &format!("token_cache = -1\n{}", one_issuer("")),
            "token_cache (line 1): a number where a whole number is expected",
        ),
        (
            &format!("token_cache = 1\n{}", one_issuer("")),
            &format!("token_cache = 1.5\n{}", one_issuer("")),
            "token_cache (line 1): a number with a fraction or out of range where a whole number is expected",
        ),
        (
            &one_issuer("profile = 'id_token'"),
            &one_issuer("profile = 'idtoken'"),
            "issuers[0].profile (line 4): unknown value, expected one of `rfc9068`, `lenient`, `id_token`",
        ),
        (
            &one_issuer("algorithms = ['ES256']"),
            &one_issuer("algorithms = ['ES265']"),
            "issuers[0].algorithms[0] (line 4): text that is not the name of an algorithm, such as \"RS256\"",
        ),
        (
            &one_issuer(
                "[issuers.keys]\nembedded = { jwks = '{\"keys\":[]}', until = '2026-01-01T00:00:00Z' }",
            )
            .replace("{\"keys\":[]}", KEY),
            &one_issuer(
                "[issuers.keys]\nembedded = { jwks = '{\"keys\":[]}', until = 2026-01-01T00:00:00Z }",
            ),
            "issuers[0].keys.embedded.until (line 5): a date of TOML; write it as text, in quotes",
        ),
    ]);
}

#[test]
fn durations_and_sizes_have_units() {
    let skew = |value: &str| one_issuer(&format!("clock_skew = {value}"));
    let place = "issuers[0].clock_skew (line 4): ";
    let duration = "a duration with its units, such as \"90s\", \"5 min\" or \"1h 30m\"";
    for good in ["'90s'", "'90 s'", "'1 min'", "'1min 30s'", "'2m'", "'500ms'", "'0 s'", "'1 min 5 seconds'"]
    {
        assert_eq!(toml(&skew(good)), Ok(()), "{good}");
    }
    for bad in [
        "'90'",
        "''",
        "'s'",
        "'90 S'",
        "'1M'",
        "'1 month'",
        "'1 year'",
        "'1.5 min'",
        "'-1s'",
        "'1s,2s'",
        "' '",
    ] {
        let error = toml(&skew(bad)).unwrap_err().to_string();
        assert_eq!(error, format!("{place}text that is not {duration}"), "{bad}");
    }
    let error = toml(&skew("90")).unwrap_err().to_string();
    assert_eq!(error, format!("{place}a number where {duration} is expected"));
    let huge = toml(&skew("'99999999999999999999h'")).unwrap_err().to_string();
    assert_eq!(huge, format!("{place}text that is not {duration}"));

    let size = |value: &str| format!("max_token_bytes = {value}\n{}", one_issuer(""));
    for good in ["8192", "'8192'", "'8192 B'", "'8 KiB'", "'8KB'", "'1 MiB'", "'1MB'"] {
        assert_eq!(toml(&size(good)), Ok(()), "{good}");
    }
    for bad in ["'8 kib'", "'8 K'", "'KiB'", "''", "'8.5 KiB'", "'-8 KiB'", "'99999999999999999999 MiB'"] {
        let error = toml(&size(bad)).unwrap_err().to_string();
        let want = "text that is not a size such as \"16 KiB\", or a number of bytes";
        assert_eq!(error, format!("max_token_bytes (line 1): {want}"), "{bad}");
    }
}

/// The bounds that docs/settings.md names, on the edge and beyond it.
#[test]
fn bounds_are_those_of_the_builder() {
    let keys = |setting: &str| one_issuer(&format!("[issuers.keys]\n{setting}"));
    let top = |setting: &str| format!("{setting}\n{}", one_issuer(""));
    let issuer = |setting: &str| one_issuer(setting);
    type Case<'c> = (
        &'c dyn Fn(&str) -> String,
        &'static str,
        &'static str,
        [&'static str; 2],
        [&'static str; 2],
        &'static str,
    );
    let cases: [Case<'_>; 8] = [
        (&top, "", "max_token_bytes", ["'256 B'", "'1 MiB'"], ["255", "1048577"], "256 and 1048576"),
        // Ten million would be remembered in room for as many.
        (&top, "", "token_cache", ["0", "10000"], ["10000001", "99999999"], "0 and 10000000"),
        (&top, "", "token_cache_time", ["'1 s'", "'1 h'"], ["'999 ms'", "'3601 s'"], "1s and 3600s"),
        (
            &issuer,
            "issuers[0]: ",
            "clock_skew",
            ["'0 s'", "'5 min'"],
            ["'301 s'", "'5min 1ms'"],
            "0ns and 300s",
        ),
        (
            &keys,
            "issuers[0]: ",
            "max_stale",
            ["'0 s'", "'7 days'"],
            ["'604801 s'", "'8 days'"],
            "0ns and 604800s",
        ),
        (
            &keys,
            "issuers[0]: ",
            "unknown_key_interval",
            ["'1 s'", "'10 min'"],
            ["'999 ms'", "'601 s'"],
            "1s and 600s",
        ),
        (&keys, "issuers[0]: ", "wait_budget", ["'0 s'", "'30 s'"], ["'31 s'", "'1 min'"], "0ns and 30s"),
        (
            &keys,
            "issuers[0]: ",
            "default_max_age",
            ["'1 min'", "'1 day'"],
            ["'59 s'", "'25 h'"],
            "60s and 86400s",
        ),
    ];
    for (wrap, path, name, within, beyond, bounds) in cases {
        for good in within {
            assert_eq!(toml(&wrap(&format!("{name} = {good}"))), Ok(()), "{name} = {good}");
        }
        for bad in beyond {
            let error = toml(&wrap(&format!("{name} = {bad}"))).unwrap_err().to_string();
            assert_eq!(error, format!("{path}{name} must be between {bounds}"), "{name} = {bad}");
        }
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let at = |more: &str| format!("[[issuers]]\nidentifier = 'https://id.example.com'\n{more}");
    twins(&[
        (
            &at("audiences = ['a']"),
            &at(""),
            "issuers[0]: issuer https://id.example.com needs an audience; `Issuer::audience` names your API, `Issuer::client` a client in its place",
        ),
        (
            &at("dangerous_any_audience = true"),
            &at("dangerous_any_audience = true\naudiences = ['a']"),
            "issuers[0].dangerous_any_audience: it contradicts `audiences`",
        ),
        (
            &one_issuer("jwks_file = '/a'"),
            &one_issuer("jwks_file = '/a'\njwks_url = 'https://a.example'"),
            "issuers[0].jwks_file: `jwks_url` says already where the keys come from",
        ),
        (
            &one_issuer("jwks_url = 'https://a.example'"),
            &one_issuer("jwks_url = 'http://a.example'"),
            "issuers[0]: http://a.example is not an address to fetch from: http is allowed to the loopback host only; use https",
        ),
        (
            "[[issuers]]\npreset = { auth0 = { domain = 'a.auth0.com' } }\naudiences = ['a']",
            "[[issuers]]\npreset = { auth0 = { domain = 'a.auth0.com' } }",
            "issuers[0].audiences: this preset needs an audience",
        ),
        (
            "[[issuers]]\npreset = { auth0 = { domain = 'a.auth0.com' } }\naudiences = ['a']",
            &one_issuer("preset = { auth0 = { domain = 'a.auth0.com' } }"),
            "issuers[0].identifier: the preset has one already",
        ),
        (
            "[[issuers]]\npreset = { auth0 = { domain = 'a.auth0.com' } }\naudiences = ['a']",
            "[[issuers]]\npreset = { auth0 = { domain = 'a.auth0.com' }, firebase = { project = 'a' } }\naudiences = ['a']",
            "issuers[0].preset (line 2): exactly one is expected of `auth0`, `cognito`, `entra_v2`, `entra_v1`, `firebase`, \
             `github_actions`, `gitlab_ci`, `google_service_account`, `google_users`, `hydra`, `keycloak`, `kubernetes`, \
             `kubernetes_in_cluster`, `okta`, `zitadel`",
        ),
        (
            &one_issuer("[issuers.keys]\nmax_stale = '1h'"),
            &one_issuer(&format!("jwks = '{KEY}'\n[issuers.keys]\nmax_stale = '1h'")),
            "issuers[0].keys: keys that stand in the settings are neither fetched nor kept",
        ),
        (
            &one_issuer("jwks_file = '/a'"),
            &one_issuer("jwks_file = '/a'\nkeys = { root_certificates = '/b' }"),
            "issuers[0].keys: these keys have a source of their own, without certificates or token",
        ),
        (
            &one_issuer("required_claims = [{ claim = 'a', values = ['b'] }]"),
            &one_issuer("required_claims = [{ claim = 'a', values = [] }]"),
            "issuers[0].required_claims: a claim without a value that it may have",
        ),
        (
            &one_issuer("required_claims = [{ claim = 'a', values = ['b'] }]"),
            &one_issuer("required_claims = [{ values = ['b'] }]"),
            "issuers[0].required_claims[0] (line 4): missing field `claim`",
        ),
        (
            &one_issuer("required_claims = [{ claim = 'a' }]"),
            &one_issuer("required_claims = [{ claim = '' }]"),
            "issuers[0]: the required claim \"\" of issuer https://id.example.com is empty",
        ),
        (
            &one_issuer("algorithms = ['RS256']"),
            &one_issuer("algorithms = []"),
            "issuers[0]: issuer https://id.example.com allows no algorithm",
        ),
        (
            &one_issuer("algorithms = ['RS256']"),
            &one_issuer("algorithms = ['HS256']"),
            "issuers[0]: issuer https://id.example.com allows HS256, which needs a secret given in the set-up",
        ),
        (&one_issuer(""), "", "a verifier needs at least one issuer"),
        (
            &one_issuer(""),
            &format!("{}{}", one_issuer(""), one_issuer("")),
            "issuer https://id.example.com is given twice",
        ),
        (&one_issuer(""), "[[issuers]]\naudiences = ['a']", "issuers[0].identifier: it is missing"),
    ]);
}

#[test]
fn mistakes_in_variables_are_told_by_path() {
    let (issuer, audience) =
        (("ISSUERS__0__IDENTIFIER", "https://id.example.com"), ("ISSUERS__0__AUDIENCES__0", "a"));
    assert_eq!(variables(&[issuer, audience, ("TOKEN_CACHE", "7")]), Ok(()));
    assert_eq!(variables(&[issuer, ("ISSUERS__0__DANGEROUS_ANY_AUDIENCE", "true")]), Ok(()));
    for (more, want) in [
        (("TOKEN_CACHE", "seven"), "token_cache: text that is not a whole number"),
        (("TOKEN_CACHE", "-7"), "token_cache: text that is not a whole number"),
        (
            ("ISSUERS__0__CLOCK_SKEW", "90"),
            "issuers[0].clock_skew: text that is not a duration with its units, such as \"90s\", \"5 min\" or \"1h 30m\"",
        ),
        (
            ("ISSUERS__0__DANGEROUS_ANY_AUDIENCE", "yes"),
            "issuers[0].dangerous_any_audience: text where true or false is expected",
        ),
        (("ISSUERS__0__CLIENTS", "web,mobile"), "issuers[0].clients: text where a list is expected"),
        (("ISSUERS__2__IDENTIFIER", "b"), "issuers: a list is numbered 0, 1, 2 and so on; 1 is missing"),
        (("ISSUERS__01__IDENTIFIER", "b"), "issuers: a list is numbered 0, 1, 2 and so on; 1 is missing"),
        (("ISSUERS__X__IDENTIFIER", "b"), "issuers: a list is numbered 0, 1, 2 and so on; 1 is missing"),
        (("ISSUERS", "b"), "issuers: two variables have this name, or one the start of the other's"),
        (
            ("ISSUERS__0__IDENTIFIER__X", "b"),
            "issuers.0.identifier.x: another variable gives a part of this name a value",
        ),
        (
            ("issuers__0__identifier", "b"),
            "issuers.0.identifier: two variables have this name, or one the start of the other's",
        ),
        (("ISSUERS__0____X", "b"), "issuers.0..x: the name of the variable has an empty part"),
        (
            ("LOG", "debug"),
            "log: unknown field, expected one of `backend`, `max_token_bytes`, `token_cache`, `token_cache_time`, `issuers`, `http`, `requirements`, `scope_hierarchy`",
        ),
    ] {
        assert_eq!(variables(&[issuer, audience, more]).unwrap_err().to_string(), want, "{more:?}");
    }
    let nobody: [(&str, &str); 0] = [];
    let error = portcullis::Settings::from_env_pairs("", nobody).unwrap_err().to_string();
    assert_eq!(error, "the prefix of the variables is empty, and not every variable is a setting");
}
