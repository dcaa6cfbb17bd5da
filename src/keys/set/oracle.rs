//! The choice of keys against an oracle that knows no run, no sorting and no bit set: it looks at every entry of the
//! document, by the words that stand in it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::jose::Thumbprint;

/// What an entry of a set says of itself.
#[derive(Clone, Debug)]
struct Entry {
    material: Material,
    kid: Option<&'static str>,
    alg: Option<&'static str>,
    key_use: Option<&'static str>,
    key_ops: Option<Vec<&'static str>>,
    private: bool,
}

#[derive(Clone, Copy, Debug)]
enum Material {
    Rsa,
    P256,
    Ed(usize),
    Oct,
}

const ED: [&str; 3] = [
    "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "NHSq-bDP3EhS9OyxcZoF1EWDWsdYAqajLz8NguBKsD0",
    "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw",
];

impl Entry {
    fn json(&self) -> Value {
        let mut entry = match self.material {
            Material::Rsa => json!({"kty": "RSA", "e": "AQAB", "n": RSA}),
            Material::P256 => json!({"kty": "EC", "crv": "P-256",
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}),
            Material::Ed(which) => json!({"kty": "OKP", "crv": "Ed25519", "x": ED[which]}),
            Material::Oct => json!({"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"}),
        };
        let words = [("kid", self.kid), ("alg", self.alg), ("use", self.key_use)];
        for (member, word) in words {
            if let Some(word) = word {
                entry[member] = json!(word);
            }
        }
        if let Some(operations) = &self.key_ops {
            entry["key_ops"] = json!(operations);
        }
        if self.private {
            entry["d"] = json!("AA");
        }
        entry
    }

    /// RFC 7517, sections 4.2 to 4.4, and what the crate promises beside them: which algorithms the entry serves here.
    fn serves(&self, algorithm: &str, allowed: &[Algorithm], origin: Origin) -> bool {
        let of_its_type: &[&str] = match self.material {
            Material::Rsa => &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
            Material::P256 => &["ES256"],
            Material::Ed(_) => &["EdDSA", "Ed25519"],
            Material::Oct => &["HS256"],
        };
        let declared = match self.alg {
            None => true,
            Some("EdDSA" | "Ed25519") => matches!(algorithm, "EdDSA" | "Ed25519"),
            Some(own) => own == algorithm,
        };
        let meant = matches!(self.key_use, None | Some("sig"))
            && self.key_ops.as_ref().is_none_or(|operations| operations.contains(&"verify"));
        let published = origin == Origin::Published;
        let improper = self.private || published && matches!(self.material, Material::Oct);
        of_its_type.contains(&algorithm)
            && declared
            && meant
            && !improper
            && allowed.iter().any(|allowed| allowed.name() == algorithm)
    }
}

/// An answer, by what the keys are and not by where they lie.
#[derive(Debug, PartialEq)]
enum Answer {
    Keys(Vec<(Option<String>, Thumbprint)>),
    Unknown,
    Unsuitable,
    Ambiguous(usize),
}

fn asked(set: &KeySet, kid: Option<&str>, algorithm: Algorithm) -> Answer {
    match set.select(kid, algorithm) {
        Selection::Candidates(found) => {
            Answer::Keys(found.iter().map(|key| (key.id().map(str::to_owned), key.thumbprint)).collect())
        }
        Selection::Unknown => Answer::Unknown,
        Selection::Unsuitable => Answer::Unsuitable,
        Selection::Ambiguous { found } => Answer::Ambiguous(found),
    }
}

fn expected(
    entries: &[Entry],
    (kid, algorithm): (Option<&str>, Algorithm),
    allowed: &[Algorithm],
    origin: Origin,
) -> Answer {
    let serves_any = |entry: &&Entry| {
        Algorithm::ALL.iter().any(|algorithm| entry.serves(algorithm.name(), allowed, origin))
    };
    let usable: Vec<_> = entries.iter().filter(serves_any).collect();
    let of_kid =
        |kid: Option<&str>| usable.iter().copied().filter(move |entry| entry.kid == kid).collect::<Vec<_>>();
    let mut considered = match kid {
        None => usable.clone(),
        Some(_) if of_kid(kid).is_empty() => of_kid(None),
        Some(_) => of_kid(kid),
    };
    if considered.is_empty() {
        return Answer::Unknown;
    }
    considered.retain(|entry| entry.serves(algorithm.name(), allowed, origin));
    considered.sort_by_key(|entry| entry.kid);
    match considered.len() {
        0 if kid.is_none() => Answer::Unknown,
        0 => Answer::Unsuitable,
        1..=4 => Answer::Keys(
            considered
                .into_iter()
                .map(|entry| {
                    let jwk = Jwk::parse(&entry.json().to_string()).unwrap();
                    (entry.kid.map(str::to_owned), Backend::available()[0].thumbprint(&jwk))
                })
                .collect(),
        ),
        found => Answer::Ambiguous(found),
    }
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let material = prop_oneof![
        2 => Just(Material::Rsa),
        1 => Just(Material::P256),
        4 => (0..3usize).prop_map(Material::Ed),
        1 => Just(Material::Oct),
    ];
    let kid = prop::sample::select(vec![None, Some("a"), Some("a"), Some("b"), Some("A"), Some("")]);
    let alg = prop_oneof![
        6 => Just(None),
        1 => prop::sample::select(vec!["RS256", "PS256", "ES256", "EdDSA", "Ed25519", "HS256", "RSA-OAEP"])
            .prop_map(Some),
    ];
    let key_use = prop::sample::select(vec![None, None, None, Some("sig"), Some("sig"), Some("enc")]);
    let key_ops = prop_oneof![
        6 => Just(None),
        1 => Just(Some(vec!["verify"])),
        1 => Just(Some(vec!["sign", "verify"])),
        1 => Just(Some(vec!["sign"])),
        1 => Just(Some(vec![])),
    ];
    let entry = (material, kid, alg, key_use, key_ops, prop::bool::weighted(0.1)).prop_map(
        |(material, kid, alg, key_use, key_ops, private)| Entry {
            material,
            kid,
            alg,
            key_use,
            key_ops,
            private,
        },
    );
    // Whole sets of one kind, so that more keys fit than are tried; and mixed ones.
    let alike = (0..3usize, kid_alone(), 4..8usize).prop_map(|(which, kid, count)| {
        let entry = Entry {
            material: Material::Ed(which),
            kid,
            alg: None,
            key_use: None,
            key_ops: None,
            private: false,
        };
        vec![entry; count]
    });
    let mixed = prop::collection::vec(entry.clone(), 0..10);
    prop_oneof![
        4 => mixed,
        1 => (alike, prop::collection::vec(entry, 0..3)).prop_map(|(alike, mixed)| [alike, mixed].concat()),
    ]
}

fn kid_alone() -> impl Strategy<Value = Option<&'static str>> {
    prop::sample::select(vec![None, Some("a")])
}

const USED: [Algorithm; 8] = [
    Algorithm::RS256,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::EdDSA,
    Algorithm::Ed25519,
    Algorithm::HS256,
    Algorithm::ES384,
];

proptest! {
    #![proptest_config(crate::testing::cases(300))]

    #[test]
    fn every_question_is_answered_as_the_oracle_does(
        entries in entries(),
        allowed in prop::sample::subsequence(USED.to_vec(), 1..=USED.len()),
        origin in prop::sample::select(vec![Origin::Published, Origin::SetUp]),
    ) {
        let keys: Vec<_> = entries.iter().map(Entry::json).collect();
        let jwks = JwkSet::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap();
        for backend in Backend::available() {
            let allowed: Vec<_> = allowed.iter().copied().filter(|one| backend.supports(*one)).collect();
            let set = KeySet::prepare(&jwks, allowed.iter().copied().collect(), *backend, origin);
            prop_assert_eq!(set.keys().len() + set.skipped().len(), entries.len(), "each is used or listed");
            for algorithm in USED {
                for kid in [None, Some(""), Some("a"), Some("A"), Some("b"), Some("z")] {
                    let want = expected(&entries, (kid, algorithm), &allowed, origin);
                    prop_assert_eq!(asked(&set, kid, algorithm), want, "{:?} {}", kid, algorithm);
                }
            }
        }
    }
}

/// Of the attack corpus; nobody has its private half.
const RSA: &str = "zzMiObfzoovTZLjJsEYwRC8XHfK5_cmeSVko8-N1TFovD_PK6gwqHs53pzcILC8rzFZfsIYVw-WmAPywd91EVk_eLKQjz2R70JVuaCN2U1mnr7QsauHcEJRN8wrWuqlTeypvL6EJHIWtchUA_1glp6v08FDB1A6HkSiDxEZXL7eZ5BDZb9TpzKj7UpdX1139J-aUv6V_gnaKPWlrdfEBgd1e_F2DevWrHIQMdX-PPuiETk7r-za522HSb0kyjIixV0tJ0dfGruses0ceXLiR-suucfqj_5OTB454R3UkyvKN3thRfajnFO8vuv4GWKZ6OiAEiDqzCZ66hu-24cdk8w";
