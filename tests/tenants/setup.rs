//! Tenants that could not be safe, or could not work.

use portcullis::tenants::{IssuerPattern, Tenants};
use portcullis::testkit::Mint;
use portcullis::{ConfigError, Issuer, Verifier, VerifierBuilder};

use crate::house::{Directory, name, secs, verdict};

#[test]
fn what_could_not_be_safe_is_not_built() {
    let directory = Directory::empty();
    let tenants = || directory.tenants();
    let bounds = |setting, min, max| Some(ConfigError::OutOfBounds { setting, min, max });
    let size = || Some(ConfigError::SizeOutOfBounds { setting: "capacity", min: 1, max: 10_000 });
    let (minute, hour, day) = (secs(60), secs(3_600), secs(24 * 3_600));
    let with = |tenants| Verifier::builder().tenants(tenants);
    let mint = Mint::new(name("acme"));
    let acme = || Issuer::new(mint.identifier(), mint.jwks()).audience(mint.audience());
    let listed = |names: &[String]| Tenants::listed(names.iter().cloned(), Directory::empty());
    let rows: Vec<(&str, VerifierBuilder, Option<ConfigError>)> = vec![
        ("nobody", Verifier::builder(), Some(ConfigError::NoIssuer)),
        ("tenants alone", with(tenants()), None),
        ("twice", with(tenants()).tenants(tenants()), Some(ConfigError::TenantsRepeated)),
        ("a tenant by name, too", with(tenants()).issuer(acme()), None),
        ("listed", with(listed(&[name("acme")])), None),
        (
            "listed and by name",
            with(listed(&[name("acme")])).issuer(acme()),
            Some(ConfigError::IssuerRepeated(name("acme"))),
        ),
        ("an empty list", with(listed(&[])), Some(ConfigError::NoTenant)),
        ("an empty name", with(listed(&[String::new()])), Some(ConfigError::IssuerEmpty)),
        ("one seat", with(tenants().capacity(1)), None),
        ("none", with(tenants().capacity(0)), size()),
        ("ten thousand", with(tenants().capacity(10_000)), None),
        ("more", with(tenants().capacity(10_001)), size()),
        ("a short wait", with(tenants().wait_budget(secs(1) / 100)), None),
        ("none", with(tenants().wait_budget(secs(0))), bounds("wait_budget", secs(1) / 100, secs(30))),
        (
            "a long wait",
            with(tenants().wait_budget(secs(31))),
            bounds("wait_budget", secs(1) / 100, secs(30)),
        ),
        ("no memory", with(tenants().refusal_memory(secs(0))), bounds("refusal_memory", secs(1), hour)),
        ("long memory", with(tenants().refusal_memory(hour)), None),
        ("often", with(tenants().confirm_every(secs(59))), bounds("confirm_every", minute, day)),
        ("daily", with(tenants().confirm_every(day)), None),
        ("for a day", with(tenants().max_unconfirmed(hour)), None),
        ("less", with(tenants().max_unconfirmed(secs(3_599))), bounds("max_unconfirmed", hour, day * 7)),
        ("soon idle", with(tenants().idle(secs(59))), bounds("idle", minute, day)),
        ("not so soon", with(tenants().idle(minute)), None),
    ];
    for (name, builder, want) in rows {
        assert_eq!(builder.build().err(), want, "{name}");
    }
    let refused = IssuerPattern::new("https://user:secret@{tenant}.com").unwrap_err();
    assert!(!refused.to_string().contains("secret"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_list_lets_its_names_in_and_a_second_pattern_those_that_match_it() {
    let directory = Directory::empty();
    let (acme, other) = (directory.tenant("acme"), directory.tenant("other"));
    let verifier = directory.verifier_of(Tenants::listed([name("acme")], directory.clone()));
    assert_eq!(verdict(&verifier, &acme.token().mint()).await, "ok");
    assert_eq!(verdict(&verifier, &other.token().mint()).await, "issuer_unknown");
    assert_eq!(directory.calls(), 1);
    let pattern = IssuerPattern::new("https://sts.example.com/{tenant}/").unwrap();
    let only = directory.verifier_of(Tenants::matching(pattern.clone(), directory.clone()));
    assert_eq!(verdict(&only, &acme.token().mint()).await, "issuer_unknown");
    let both = directory.tenants().also_matching(pattern);
    assert!(format!("{both:?}").contains("sts.example.com"), "{both:?}");
    let both = directory.verifier_of(both);
    assert_eq!(verdict(&both, &acme.token().mint()).await, "ok");
    let unknown = acme.token().claim("iss", "https://sts.example.com/acme/").mint();
    assert_eq!(verdict(&both, &unknown).await, "issuer_unknown");
    assert_eq!(directory.calls(), 3, "the second name was asked about");
}
