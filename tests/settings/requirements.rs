//! Requirements out of settings: what they mean, and what is refused.

use portcullis::require::{
    AcrLadder, AuthorizationDetail, ScopeHierarchy, acr_any, all, amr, any, audience, authorization_details,
    claim, claim_at, client, entitlement, group, issuer, max_age, role, scope,
};
use portcullis::testkit::Mint;
use portcullis::{Issuer, Requirement, Settings, Verifier};

use crate::twins;

fn rule(text: &str) -> String {
    format!("requirements.a = {text}")
}

fn read(text: &str) -> Requirement {
    Settings::from_toml(&rule(text))
        .unwrap_or_else(|error| panic!("{error}: {text}"))
        .requirement("a")
        .unwrap()
}

#[test]
fn every_form_is_the_requirement_that_code_would_write() {
    for (text, want) in [
        ("{ scope = 'a' }", scope("a")),
        ("{ role = 'a' }", role("a")),
        ("{ group = 'a' }", group("a")),
        ("{ entitlement = 'a' }", entitlement("a")),
        ("{ issuer = 'a' }", issuer("a")),
        ("{ client = 'a' }", client("a")),
        ("{ audience = 'a' }", audience("a")),
        ("{ claim = 'a.b', contains = 'c' }", claim("a.b").contains("c")),
        ("{ claim = 'a', equals = 'true' }", claim("a").equals("true")),
        ("{ claim = 'a', equals = true }", claim("a").equals(true)),
        ("{ claim = 'a', equals = -7 }", claim("a").equals(-7)),
        ("{ claim_at = ['a.b', 'c'], contains = 'd' }", claim_at(["a.b", "c"]).contains("d")),
        ("{ acr = ['b', 'a'] }", acr_any(["b", "a"])),
        ("{ ladder = ['a', 'b', 'c'], at_least = 'b' }", AcrLadder::new(["a", "b", "c"]).at_least("b")),
        ("{ amr = 'otp' }", amr("otp")),
        ("{ max_age = '15 min' }", max_age(std::time::Duration::from_secs(900))),
        ("{ authorization_details = { type = 'a' } }", authorization_details("a")),
        (
            "{ authorization_details = { type = 'a', actions = ['b'], locations = ['c', 'd'] } }",
            authorization_details(AuthorizationDetail::new("a").action("b").location("c").location("d")),
        ),
        (
            "{ all = [{ scope = 'a' }, { any = [{ role = 'b' }, { group = 'c' }] }] }",
            all([scope("a"), any([role("b"), group("c")])]),
        ),
    ] {
        assert_eq!(read(text), want, "{text}");
        assert_eq!(want.mistake(), None);
    }
}

#[tokio::test]
async fn tokens_are_judged_by_the_file() {
    let mint = Mint::new("https://id.example.com");
    let settings = Settings::from_toml(
        "[requirements]\nread = { scope = 'orders:read' }\nwrite = { all = [{ scope = 'orders:write' }, { role = 'clerk' }] }\n\
         [scope_hierarchy]\n'orders:write' = ['orders:read']\n'orders:admin' = ['orders:write']",
    )
    .unwrap();
    let (of_read, of_write) = (settings.requirement("read").unwrap(), settings.requirement("write").unwrap());
    let by_hand =
        ScopeHierarchy::new().implies("orders:admin", "orders:write").implies("orders:write", "orders:read");
    assert_eq!(of_read, by_hand.scope("orders:read"));
    let keys = Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    let verifier = Verifier::builder().issuer(keys).clock(mint.clock()).build().unwrap();
    for (granted, role, want) in [
        ("orders:read", "clerk", (Ok(()), Err("scope_missing"))),
        ("orders:write", "clerk", (Ok(()), Ok(()))),
        ("orders:admin", "clerk", (Ok(()), Ok(()))),
        ("orders:write", "guest", (Ok(()), Err("role_missing"))),
        ("orders", "clerk", (Err("scope_missing"), Err("scope_missing"))),
    ] {
        let token = mint.token().claim("scope", granted).claim("roles", [role]).mint();
        let token = verifier.verify(&token).await.unwrap();
        let judged =
            |requirement: &Requirement| token.require(requirement).map_err(|rejection| rejection.code());
        assert_eq!((judged(&of_read), judged(&of_write)), want, "{granted} {role}");
    }
}

#[test]
fn a_requirement_that_is_missing_fails_the_start() {
    let settings = Settings::from_toml(&rule("{ scope = 'a' }")).unwrap();
    assert_eq!(settings.requirement("a"), Ok(scope("a")));
    for name in ["b", "A", "a ", ""] {
        let error = settings.requirement(name).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("requirements.{name}: the service asks for this requirement, and it is missing")
        );
    }
    assert!(Settings::default().requirement("a").is_err());
}

#[test]
fn mistakes_are_refused_with_their_place() {
    let issuer = crate::one_issuer("");
    let own = |text: &str| format!("{}\n{issuer}", rule(text));
    let listed = |text: &str| own(&format!("{{ all = [{{ scope = 'a' }}, {text}] }}"));
    let place = "requirements.a (line 1): ";
    let second = "requirements.a.all[1] (line 1): ";
    for (accepted, refused, want) in [
        (own("{ role = 'a' }"), own("{ roll = 'a' }"), "requirements.a.roll (line 1): unknown field, expected one of \
            `all`, `any`, `scope`, `role`, `group`, `entitlement`, `issuer`, `client`, `audience`, `claim`, `claim_at`, \
            `contains`, `equals`, `acr`, `ladder`, `at_least`, `amr`, `max_age`, `authorization_details`".to_owned()),
        (own("{ role = 'a' }"), own("{}"), format!("{place}it asks for nothing")),
        (own("{ role = 'a' }"), own("{ role = '' }"), format!("{place}an empty name")),
        (own("{ role = 'a' }"), own("'admin'"), format!("{place}text where a requirement such as {{ scope = \"a\" }} is expected")),
        (
            own("{ all = [{ role = 'a' }, { group = 'b' }] }"),
            own("{ role = 'a', group = 'b' }"),
            format!("{place}it asks for two things; join them by `all` or `any`"),
        ),
        (listed("{ role = 'a' }"), listed("{ role = '' }"), format!("{second}an empty name")),
        (listed("{ any = [{ role = 'a' }] }"), listed("{ any = [] }"), format!("{second}the list is empty")),
        (own("{ all = [{ role = 'a' }] }"), own("{ all = [] }"), format!("{place}the list is empty")),
        (
            own("{ scope = 'a' }"),
            own("{ scope = 'a b' }"),
            "requirements.a.scope (line 1): text that is not the name of a scope, without spaces".to_owned(),
        ),
        (
            own("{ claim = 'a.b', equals = 7 }"),
            own("{ claim = 'a.b', equals = 7.5 }"),
            "requirements.a.equals (line 1): a number with a fraction or out of range where text, a whole number, \
             true or false is expected"
                .to_owned(),
        ),
        (
            own("{ claim = 'a.b', equals = 7 }"),
            own("{ claim = 'a..b', equals = 7 }"),
            format!("{place}not a path to a claim"),
        ),
        (
            own("{ claim = 'a', equals = 'b' }"),
            own("{ claim = 'a', equals = '' }"),
            format!("{place}compared with an empty text"),
        ),
        (
            own("{ claim = 'a', equals = 'b' }"),
            own("{ claim = 'a' }"),
            format!("{place}a claim needs `contains` or `equals`"),
        ),
        (
            own("{ claim = 'a', equals = 'b' }"),
            own("{ equals = 'b' }"),
            format!("{place}`contains` and `equals` need a `claim`"),
        ),
        (
            own("{ claim = 'a', equals = 'b' }"),
            own("{ claim = 'a', equals = 'b', contains = 'b' }"),
            format!("{place}`contains` and `equals` exclude each other"),
        ),
        (
            own("{ claim = 'a', equals = 'b' }"),
            own("{ claim = 'a', claim_at = ['a'], equals = 'b' }"),
            format!("{place}`claim` and `claim_at` are two ways to say the same"),
        ),
        (own("{ claim_at = ['a'], equals = 'b' }"), own("{ claim_at = [], equals = 'b' }"), format!("{place}not a path to a claim")),
        (own("{ acr = ['a'] }"), own("{ acr = [] }"), format!("{place}no class is named")),
        (own("{ acr = ['a'] }"), own("{ acr = ['a b'] }"), format!("{place}not a class that a challenge can name")),
        (
            own("{ ladder = ['a', 'b'], at_least = 'b' }"),
            own("{ ladder = ['a', 'b'], at_least = 'c' }"),
            format!("{place}not on the ladder"),
        ),
        (
            own("{ ladder = ['a', 'b'], at_least = 'b' }"),
            own("{ ladder = ['a', 'b'] }"),
            format!("{place}`ladder` and `at_least` go together"),
        ),
        (
            own("{ max_age = '15 min' }"),
            own("{ max_age = 900 }"),
            "requirements.a.max_age (line 1): a number where a duration with its units, such as \"90s\", \"5 min\" or \
             \"1h 30m\" is expected"
                .to_owned(),
        ),
        (
            own("{ authorization_details = { type = 'a' } }"),
            own("{ authorization_details = { actions = ['a'] } }"),
            "requirements.a.authorization_details (line 1): missing field `type`".to_owned(),
        ),
        (
            own("{ authorization_details = { type = 'a', actions = ['b'] } }"),
            own("{ authorization_details = { type = 'a', actions = [''] } }"),
            format!("{place}an empty name"),
        ),
        (
            format!("scope_hierarchy = {{ a = ['b'] }}\n{issuer}"),
            format!("scope_hierarchy = {{ a = ['b c'] }}\n{issuer}"),
            "scope_hierarchy.a[0] (line 1): text that is not the name of a scope, without spaces".to_owned(),
        ),
        (
            format!("scope_hierarchy = {{ 'a' = ['b'] }}\n{issuer}"),
            format!("scope_hierarchy = {{ 'a b' = ['b'] }}\n{issuer}"),
            "scope_hierarchy.a?b (line 1): text that is not the name of a scope, without spaces".to_owned(),
        ),
    ] {
        twins(&[(&accepted, &refused, &want)]);
    }
}

/// Whoever reads: the second rule of a name would replace the first.
#[test]
fn no_name_stands_twice() {
    let text = r#"{"requirements":{"a":{"scope":"a"},"a":{"scope":"b"}}}"#;
    let error = serde_json::from_str::<Settings>(text).unwrap_err().to_string();
    assert!(error.starts_with("a name stands twice"), "{error}");
    assert!(Settings::from_json(text).is_err());
    let text = r#"{"scope_hierarchy":{"a":["b"],"a":["c"]}}"#;
    assert!(serde_json::from_str::<Settings>(text).is_err());
    assert!(serde_json::from_str::<Settings>(&text.replacen("\"a\"", "\"d\"", 1)).is_ok());
}

#[test]
fn nesting_is_bounded_by_the_form_alone() {
    let nested = |levels: usize| {
        let (open, close) = (r#"{"any":["#.repeat(levels), "]}".repeat(levels));
        format!(r#"{{"requirements":{{"a":{open}{{"scope":"a"}}{close}}}}}"#)
    };
    let settings = Settings::from_json(&nested(62)).unwrap();
    assert_eq!(settings.requirement("a"), Ok(scope("a")));
    assert!(Settings::from_json(&nested(63)).is_err());
    assert!(Settings::from_json(&nested(100_000)).is_err());
}
