//! Many keys in a set, many issuers in a verifier. `cargo bench --bench issuers` has tenants, too.

use portcullis::jose::JwkSet;
use portcullis::testkit::SigningKey;
use portcullis::{Algorithm, Issuer, Verifier, VerifierBuilder};

use super::Bench;
use super::common::material::{AUDIENCE, ISSUER, KEY_ID, Subject, Token, claims};
use super::common::table::Figure::Time;
use super::common::table::{Target, versus};
use super::common::timing::{Effort, Pair};
use super::common::verifiers::{DEFAULT_ENTRIES, accept, cached, remember, uncached};

pub(crate) fn measure(bench: &mut Bench) {
    bench.table.section("many", "what further keys and issuers add to HS256, whose signature hides least");
    let effort = bench.effort(301, 50);
    let subject = Subject::new(Algorithm::HS256);
    let token = subject.signed(KEY_ID, &claims(0));
    for count in [10, 100] {
        compare(bench, effort, &format!("{count} keys over one"), &token, |many| {
            keys(&subject, if many { count } else { 1 })
        });
    }
    for count in [2, 10, 100, 1_000] {
        compare(bench, effort, &format!("{count} issuers over one"), &token, |many| {
            issuers(&subject, if many { count } else { 1 })
        });
    }
}

fn compare(
    bench: &mut Bench,
    effort: Effort,
    name: &str,
    token: &Token,
    set_up: impl Fn(bool) -> VerifierBuilder,
) {
    let [one, many] = [false, true].map(|many| uncached(set_up(many)));
    let pair = Pair::measure(effort, || accept(&one, &token.text), || accept(&many, &token.text));
    bench.table.line(name, Time(pair.more), Target::None, &versus("one", pair, "many"));
    let [one, many] = [false, true].map(|many| cached(set_up(many), DEFAULT_ENTRIES));
    remember(&one, [token.text.as_str()]);
    remember(&many, [token.text.as_str()]);
    let pair = Pair::measure(effort, || accept(&one, &token.text), || accept(&many, &token.text));
    bench.table.line(
        &format!("{name}, seen before"),
        Time(pair.more),
        Target::None,
        &versus("one", pair, "many"),
    );
}

/// One issuer with so many keys, of which the last signs.
fn keys(subject: &Subject, count: usize) -> VerifierBuilder {
    let others = (1..count).map(|n| SigningKey::generate(Algorithm::HS256, format!("key-{n}")).jwk_json());
    let entries: Vec<_> = others.chain([subject.key.jwk_json()]).collect();
    let set = JwkSet::parse(format!(r#"{{"keys":[{}]}}"#, entries.join(",")).as_bytes()).unwrap();
    Verifier::builder().issuer(Issuer::new(ISSUER, set).audience(AUDIENCE).algorithms([Algorithm::HS256]))
}

/// So many issuers, of which the last signs.
fn issuers(subject: &Subject, count: usize) -> VerifierBuilder {
    let other = |n| {
        let key = SigningKey::generate(Algorithm::HS256, KEY_ID).jwk().clone();
        Issuer::new(format!("https://id-{n}.example.com"), key)
            .audience(AUDIENCE)
            .algorithms([Algorithm::HS256])
    };
    (1..count).map(other).chain([subject.issuer()]).fold(Verifier::builder(), VerifierBuilder::issuer)
}
