//! The usable keys of an issuer, prepared and immutable.

mod headers;

use std::fmt;

use crate::crypto::{Backend, VerifyKey};
use crate::error::KeyError;
use crate::jose::{Algorithm, AlgorithmSet, Jwk, JwkSet, KeyType, Skipped, Thumbprint};
use headers::Headers;

/// The usable keys of an issuer, each prepared for the algorithms that the issuer may use.
#[derive(Debug)]
pub(crate) struct KeySet {
    /// Sorted by id, those without one first; the document's order within one id.
    keys: Vec<Key>,
    skipped: Vec<Skipped>,
    headers: Headers,
}

/// One prepared key.
pub(crate) struct Key {
    id: Option<Box<str>>,
    thumbprint: Thumbprint,
    verify: VerifyKey,
}

/// Where keys come from, which decides what is proper in a set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Origin {
    /// Given in the set-up: a shared secret may be among them.
    SetUp,
    /// Published, so nothing secret may be among them.
    Published,
}

/// Which keys may have signed a token.
#[derive(Debug)]
pub(crate) enum Selection<'s> {
    /// These, at most [`MAX_CANDIDATES`].
    Candidates(Candidates<'s>),
    /// No key has this id, or none fits a token without one.
    Unknown,
    /// Keys have this id, and none is made for the algorithm.
    Unsuitable,
    /// More than are tried.
    Ambiguous { found: usize },
}

/// A header that was judged by the issuer's rules, and what it led to.
#[derive(Clone)]
pub(crate) struct KnownHeader<'s> {
    pub(crate) algorithm: Algorithm,
    pub(crate) candidates: Candidates<'s>,
    /// It has a `kid`.
    pub(crate) names_key: bool,
}

/// The keys of a run that serve one algorithm.
#[derive(Clone, Debug)]
pub(crate) struct Candidates<'s> {
    run: &'s [Key],
    algorithm: Algorithm,
}

impl<'s> Candidates<'s> {
    const fn only(key: &'s Key, algorithm: Algorithm) -> Self {
        Self { run: std::slice::from_ref(key), algorithm }
    }

    /// The candidates, in the order of the document.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'s Key> + use<'s> {
        let algorithm = self.algorithm;
        self.run.iter().filter(move |key| key.verify.algorithms().contains(algorithm))
    }
}

impl KeySet {
    /// Prepares the keys of `jwks` that may serve one of the `allowed` algorithms; the others are listed as skipped.
    pub(crate) fn prepare(jwks: &JwkSet, allowed: AlgorithmSet, backend: Backend, origin: Origin) -> Self {
        let mut set =
            Self { keys: Vec::new(), skipped: jwks.skipped().to_vec(), headers: Headers::default() };
        for (index, jwk) in jwks.entries() {
            match Key::prepare(jwk, allowed, backend, origin) {
                Ok(key) => set.keys.push(key),
                Err(error) => {
                    let key_id = jwk.key_id().map(str::to_owned);
                    set.skipped.push(Skipped { index, key_id, error });
                }
            }
        }
        set.keys.sort_by(|a, b| a.id.cmp(&b.id));
        set.skipped.sort_by_key(|skipped| skipped.index);
        set
    }

    /// Which keys may have signed a token of this `kid` under `algorithm`.
    ///
    /// A key without an id fits any `kid` that no other key has; a token without `kid` is tried with every key that
    /// serves its algorithm, if they are few.
    pub(crate) fn select(&self, key_id: Option<&str>, algorithm: Algorithm) -> Selection<'_> {
        let run = match key_id {
            None => self.keys.as_slice(),
            Some(_) => match self.run_of(key_id) {
                [] => self.run_of(None),
                run => run,
            },
        };
        if run.is_empty() {
            return Selection::Unknown;
        }
        let candidates = Candidates { run, algorithm };
        match candidates.iter().take(MAX_CANDIDATES + 1).count() {
            0 if key_id.is_some() => Selection::Unsuitable,
            0 => Selection::Unknown,
            1..=MAX_CANDIDATES => Selection::Candidates(candidates),
            _ => Selection::Ambiguous { found: candidates.iter().count() },
        }
    }

    /// What [`keep_header`](Self::keep_header) was told of a header's segment.
    pub(crate) fn known_header(&self, segment: &str) -> Option<KnownHeader<'_>> {
        let known = self.headers.find(segment)?;
        let candidates = Candidates::only(self.keys.get(known.key)?, known.algorithm);
        Some(KnownHeader { algorithm: known.algorithm, candidates, names_key: known.names_key })
    }

    /// Remembers the header of a good token, if it has one candidate alone.
    pub(crate) fn keep_header(&self, segment: &str, header: &KnownHeader<'_>) {
        let mut candidates = header.candidates.iter();
        if let (Some(only), None) = (candidates.next(), candidates.next())
            && let Some(place) = self.keys.iter().position(|key| std::ptr::eq(key, only))
        {
            self.headers.keep(segment, header.algorithm, place, header.names_key);
        }
    }

    fn run_of(&self, key_id: Option<&str>) -> &[Key] {
        let start = self.keys.partition_point(|key| key.id() < key_id);
        let rest = self.keys.get(start..).unwrap_or_default();
        let len = rest.partition_point(|key| key.id() == key_id);
        rest.get(..len).unwrap_or_default()
    }

    pub(crate) fn keys(&self) -> &[Key] {
        &self.keys
    }

    pub(crate) fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Whether a key of `other`, by its thumbprint and not by its id, is in this set too.
    #[cfg(feature = "remote")]
    pub(crate) fn shares_key_with(&self, other: &Self) -> bool {
        self.keys.iter().any(|key| other.keys.iter().any(|theirs| theirs.thumbprint == key.thumbprint))
    }

    /// Whether both sets have the same keys, under the same ids and for the same algorithms, in whatever order. Each as
    /// often: a token that several keys may have signed is refused when they are too many, also if they are one key.
    #[cfg(feature = "remote")]
    pub(crate) fn has_same_keys_as(&self, other: &Self) -> bool {
        let how_often = |key: &Key, set: &Self| set.keys.iter().filter(|other| key.is_same_as(other)).count();
        self.keys.len() == other.keys.len()
            && self.keys.iter().all(|key| how_often(key, self) == how_often(key, other))
    }
}

impl Key {
    fn prepare(jwk: &Jwk, allowed: AlgorithmSet, backend: Backend, origin: Origin) -> Result<Self, KeyError> {
        if jwk.is_private() {
            return Err(KeyError::Private);
        }
        if origin == Origin::Published && jwk.key_type() == KeyType::Oct {
            return Err(KeyError::Symmetric);
        }
        Ok(Self {
            id: jwk.key_id().map(Box::from),
            thumbprint: backend.thumbprint(jwk),
            verify: VerifyKey::prepare(jwk, allowed, backend)?,
        })
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Whether both are one key, under one id and for the same algorithms.
    #[cfg(feature = "remote")]
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.thumbprint == other.thumbprint && self.id == other.id && self.algorithms() == other.algorithms()
    }

    /// The thumbprint, unless it would help to guess a secret.
    pub(crate) fn shown_thumbprint(&self) -> Option<Thumbprint> {
        let secret = self.algorithms().iter().any(|algorithm| algorithm.key_type() == KeyType::Oct);
        (!secret).then_some(self.thumbprint)
    }

    pub(crate) const fn algorithms(&self) -> AlgorithmSet {
        self.verify.algorithms()
    }

    pub(crate) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.verify.verify(algorithm, message, signature)
    }
}

/// Shows of a secret not even what could be guessed by it.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("thumbprint", &self.shown_thumbprint())
            .field("verify", &self.verify)
            .finish()
    }
}

/// Most keys that one token is tried with: enough for a rotation with overlap, and a bound on what a token can cost.
pub(crate) const MAX_CANDIDATES: usize = 4;

// Two attributes, as clippy knows a test module by `cfg(test)` alone.
#[cfg(test)]
#[cfg(any(feature = "aws-lc", feature = "ring"))]
mod oracle;

#[cfg(test)]
#[cfg(feature = "aws-lc")]
mod tests {
    use super::*;

    const ED: [&str; 3] = [
        "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "NHSq-bDP3EhS9OyxcZoF1EWDWsdYAqajLz8NguBKsD0",
        "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw",
    ];
    const EC: &str = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;

    fn set(keys: &[String]) -> KeySet {
        let jwks = JwkSet::parse(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes()).unwrap();
        let allowed = [Algorithm::EdDSA, Algorithm::Ed25519, Algorithm::ES256].into_iter().collect();
        KeySet::prepare(&jwks, allowed, Backend::aws_lc(), Origin::Published)
    }

    fn ed(kid: &str, which: usize) -> String {
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"{kid}}}"#, ED[which])
    }

    fn ids(selection: &Selection<'_>) -> Vec<Option<String>> {
        match selection {
            Selection::Candidates(found) => found.iter().map(|key| key.id().map(str::to_owned)).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn of_a_secret_not_even_the_thumbprint_is_shown() {
        let allowed = [Algorithm::EdDSA, Algorithm::HS256].into_iter().collect();
        let secret = r#"{"kty":"oct","kid":"s","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}"#;
        let json = format!(r#"{{"keys":[{},{secret}]}}"#, ed(r#","kid":"p""#, 0));
        let jwks = JwkSet::parse(json.as_bytes()).unwrap();
        let set = KeySet::prepare(&jwks, allowed, Backend::aws_lc(), Origin::SetUp);
        let [public, secret] = set.keys() else { panic!("{set:?}") };
        assert!(format!("{public:?}").contains(&public.thumbprint.to_string()));
        let shown = format!("{secret:?}");
        assert!(
            shown.contains(r#"id: Some("s")"#) && !shown.contains(&secret.thumbprint.to_string()),
            "{shown}"
        );
    }

    #[test]
    fn a_token_is_matched_by_id_and_algorithm() {
        let ec = format!(r#"{{{EC},"kid":"both"}}"#);
        let set = set(&[ed(r#","kid":"b""#, 0), ec, ed(r#","kid":"both""#, 1), ed(r#","kid":"a""#, 2)]);
        assert_eq!(ids(&set.select(Some("a"), Algorithm::EdDSA)), [Some("a".into())]);
        assert_eq!(ids(&set.select(Some("both"), Algorithm::ES256)).len(), 1, "same id, another type");
        assert!(matches!(set.select(Some("A"), Algorithm::EdDSA), Selection::Unknown));
        assert!(matches!(set.select(Some(""), Algorithm::EdDSA), Selection::Unknown));
        assert!(matches!(set.select(Some("a"), Algorithm::ES256), Selection::Unsuitable));
        assert!(matches!(set.select(Some("a"), Algorithm::RS256), Selection::Unsuitable));
    }

    #[test]
    fn without_an_id_all_that_fit_are_tried_if_they_are_few() {
        let key = |n: usize| ed(&format!(r#","kid":"k{n}""#), n % 3);
        let four = set(&(0..4).map(key).collect::<Vec<_>>());
        assert_eq!(ids(&four.select(None, Algorithm::EdDSA)).len(), 4);
        assert!(matches!(four.select(None, Algorithm::ES256), Selection::Unknown));
        let five = set(&(0..5).map(key).collect::<Vec<_>>());
        assert!(matches!(five.select(None, Algorithm::EdDSA), Selection::Ambiguous { found: 5 }));
        assert_eq!(ids(&five.select(Some("k4"), Algorithm::EdDSA)), [Some("k4".into())]);
    }

    #[cfg(feature = "remote")]
    #[test]
    fn sets_are_the_same_if_they_decide_the_same() {
        let (a, b, c) = (|| ed(r#","kid":"a""#, 0), || ed(r#","kid":"b""#, 1), || ed(r#","kid":"a""#, 2));
        for (name, one, other, want) in [
            ("in another order", vec![a(), b(), a()], vec![b(), a(), a()], true),
            ("once and five times", vec![a()], vec![a(), a(), a(), a(), a()], false),
            ("as many of all, not of each", vec![a(), a(), b()], vec![a(), b(), b()], false),
            ("one more", vec![a()], vec![a(), b()], false),
            ("another key under the same id", vec![a(), b()], vec![c(), b()], false),
            ("the same under another id", vec![a()], vec![ed(r#","kid":"b""#, 0)], false),
            ("none", vec![], vec![], true),
        ] {
            let (one, other) = (set(&one), set(&other));
            assert_eq!((one.has_same_keys_as(&other), other.has_same_keys_as(&one)), (want, want), "{name}");
        }
    }

    #[test]
    fn a_key_without_an_id_fits_an_id_that_no_other_key_has() {
        let set = set(&[ed("", 0), ed(r#","kid":"a""#, 1)]);
        assert_eq!(ids(&set.select(Some("a"), Algorithm::EdDSA)), [Some("a".into())]);
        assert_eq!(ids(&set.select(Some("z"), Algorithm::EdDSA)), [None]);
        assert_eq!(ids(&set.select(None, Algorithm::EdDSA)), [None, Some("a".into())]);
    }

    #[test]
    fn what_may_not_be_published_or_does_not_serve_is_listed() {
        let set = set(&[
            ed(r#","kid":"private","d":"AA""#, 0),
            r#"{"kty":"oct","kid":"secret","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"}"#.to_owned(),
            ed(r#","kid":"enc","use":"enc""#, 0),
            r#"{"kty":"new"}"#.to_owned(),
            format!(r#"{{{EC},"kid":"off"}}"#).replace("x_FEzRu9", "x_FEzRu8"),
            ed(r#","kid":"good""#, 0),
        ]);
        let skipped: Vec<_> = set.skipped().iter().map(|s| (s.index, s.error.code())).collect();
        let want = [
            (0, "key_private"),
            (1, "key_symmetric"),
            (2, "key_not_for_verifying"),
            (3, "key_type_unknown"),
            (4, "point_invalid"),
        ];
        assert_eq!(skipped, want);
        assert_eq!(set.keys().len(), 1);
    }

    #[test]
    fn the_thumbprint_of_a_secret_is_not_shown() {
        let secret = Jwk::from_secret([7; 32], Algorithm::HS256).unwrap().into();
        let allowed = AlgorithmSet::from_iter([Algorithm::HS256]);
        let secrets = KeySet::prepare(&secret, allowed, Backend::aws_lc(), Origin::SetUp);
        let shown = |set: &KeySet| set.keys().first().map(|key| key.shown_thumbprint().is_some());
        assert_eq!((shown(&secrets), shown(&set(&[ed("", 0)]))), (Some(false), Some(true)));
    }

    #[cfg(feature = "remote")]
    #[test]
    fn sets_share_keys_and_not_names() {
        let one = set(&[ed(r#","kid":"a""#, 0)]);
        let renamed = set(&[ed(r#","kid":"b""#, 0), ed(r#","kid":"c""#, 1)]);
        let other = set(&[ed(r#","kid":"a""#, 2)]);
        assert!(one.shares_key_with(&renamed) && renamed.shares_key_with(&one));
        assert!(!one.shares_key_with(&other));
    }
}
