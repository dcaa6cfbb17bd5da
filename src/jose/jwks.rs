//! A JWK Set, read entry by entry ([RFC 7517, section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5)).

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::jwk::Jwk;
use super::strict::{Names, Reading, StrictValue, Text};
use crate::error::{JwkSetError, KeyError};

/// The keys of a set that could be read, and a note about each that could not.
///
/// One odd entry does not spoil the set: unknown key types, unknown curves and broken entries are listed in
/// [`JwkSet::skipped`] with their reason, and the rest serves.
///
/// ```
/// use portcullis::jose::JwkSet;
///
/// let set = JwkSet::parse(br#"{"keys":[
///     {"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
///     {"kty":"post-quantum-something","kid":"b"}
/// ]}"#)?;
/// assert_eq!(set.keys().len(), 1);
/// assert_eq!(set.skipped()[0].error.code(), "key_type_unknown");
/// # Ok::<(), portcullis::jose::JwkSetError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    positions: Vec<usize>,
    skipped: Vec<Skipped>,
}

/// An entry of a set that is not used, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Skipped {
    /// Where in the `keys` array it stood, from 0.
    pub index: usize,
    /// Its `kid`, if that could be read.
    pub key_id: Option<String>,
    /// Why it is not used.
    pub error: KeyError,
}

impl JwkSet {
    /// Reads a set from JSON of at most [`MAX_SET_BYTES`] bytes with at most [`MAX_KEYS`] entries.
    ///
    /// # Errors
    /// [`JwkSetError`] when the document as a whole is not a JWK Set. A set without any entry is one.
    pub fn parse(json: &[u8]) -> Result<Self, JwkSetError> {
        if json.len() > MAX_SET_BYTES {
            return Err(JwkSetError::TooLarge { limit: MAX_SET_BYTES });
        }
        let mut pass = Pass::default();
        let mut input = serde_json::Deserializer::from_slice(json);
        let outcome = input.deserialize_map(SetVisitor(&mut pass)).and_then(|()| input.end());
        if let Err(error) = outcome {
            return Err(match pass.reading {
                Reading { repeated: true, .. } => JwkSetError::Repeated,
                Reading { member: Some(_), .. } if error.is_data() => JwkSetError::KeysMissing,
                _ => JwkSetError::Json,
            });
        }
        let entries = pass.keys.ok_or(JwkSetError::KeysMissing)?;
        if entries.found > MAX_KEYS {
            return Err(JwkSetError::TooManyKeys { found: entries.found, limit: MAX_KEYS });
        }
        let mut set = Self::default();
        for (index, entry) in entries.first.into_iter().enumerate() {
            match Jwk::parse(entry.get()) {
                Ok(jwk) => {
                    set.keys.push(jwk);
                    set.positions.push(index);
                }
                Err(error) => {
                    set.skipped.push(Skipped { index, key_id: key_id_of(entry.get()), error });
                }
            }
        }
        Ok(set)
    }

    /// The keys that could be read, in the order of the document.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// The set without the keys that say that they are another issuer's; those are skipped.
    pub(crate) fn of_issuer(self, issuer: &str) -> Self {
        let Self { keys, positions, skipped } = self;
        let mut set = Self { skipped, ..Self::default() };
        for (index, jwk) in positions.into_iter().zip(keys) {
            if jwk.is_of(issuer) {
                set.keys.push(jwk);
                set.positions.push(index);
            } else {
                let key_id = jwk.key_id().map(str::to_owned);
                set.skipped.push(Skipped { index, key_id, error: KeyError::IssuerMismatch });
            }
        }
        set
    }

    /// The keys that could be read, each with its place in the document.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (usize, &Jwk)> {
        self.positions.iter().copied().zip(&self.keys)
    }

    /// The entries that could not, in the order of the document.
    #[must_use]
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }
}

impl FromIterator<Jwk> for JwkSet {
    fn from_iter<I: IntoIterator<Item = Jwk>>(keys: I) -> Self {
        let keys: Vec<_> = keys.into_iter().collect();
        Self { positions: (0..keys.len()).collect(), keys, skipped: Vec::new() }
    }
}

impl From<Jwk> for JwkSet {
    fn from(key: Jwk) -> Self {
        Self::from_iter([key])
    }
}

impl<const N: usize> From<[Jwk; N]> for JwkSet {
    fn from(keys: [Jwk; N]) -> Self {
        Self::from_iter(keys)
    }
}

impl From<Vec<Jwk>> for JwkSet {
    fn from(keys: Vec<Jwk>) -> Self {
        Self::from_iter(keys)
    }
}

#[derive(Default)]
struct Pass<'j> {
    keys: Option<Entries<'j>>,
    reading: Reading,
}

/// The entries of `keys`, as many as may be taken; those beyond are counted and not kept.
struct Entries<'j> {
    first: Vec<&'j RawValue>,
    found: usize,
}

impl<'j> Deserialize<'j> for Entries<'j> {
    fn deserialize<D: Deserializer<'j>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'j> Visitor<'j> for EntriesVisitor {
            type Value = Entries<'j>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of keys")
            }
            fn visit_seq<A: SeqAccess<'j>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut entries = Entries { first: Vec::new(), found: 0 };
                while let Some(entry) = items.next_element()? {
                    entries.found += 1;
                    if entries.found <= MAX_KEYS {
                        entries.first.push(entry);
                    }
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_seq(EntriesVisitor)
    }
}

struct SetVisitor<'p, 'j>(&'p mut Pass<'j>);

impl<'j> Visitor<'j> for SetVisitor<'_, 'j> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JWK Set")
    }

    fn visit_map<A: MapAccess<'j>>(self, mut members: A) -> Result<(), A::Error> {
        let pass = self.0;
        let mut others = Names::default();
        while let Some(Text(name)) = members.next_key()? {
            if name == "keys" {
                pass.reading.enter("keys", &mut pass.keys.is_some())?;
                pass.keys = Some(members.next_value()?);
            } else {
                pass.reading.enter_unknown(name, &mut others)?;
                members.next_value::<StrictValue<'_>>()?;
            }
        }
        Ok(())
    }
}

/// The `kid` of an entry that could not be read as a key, for the operator's eyes; cut to a bounded length.
fn key_id_of(entry: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct OnlyKid {
        kid: String,
    }
    // What reads a struct by its members reads one from an array too.
    let object = entry.starts_with('{').then_some(entry)?;
    let OnlyKid { kid } = serde_json::from_str(object).ok()?;
    Some(kid.chars().take(SHOWN_KID_CHARS).collect())
}

/// Largest document read: some thirty times what large issuers publish.
pub const MAX_SET_BYTES: usize = 256 * 1024;

/// Most entries in one set. More is taken for an error of the issuer and refused as a whole: taking the first hundred
/// would drop a key silently.
pub const MAX_KEYS: usize = 100;

const SHOWN_KID_CHARS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const ED: &str =
        r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    #[test]
    fn odd_entries_are_listed_and_the_rest_serves() {
        let json = format!(r#"{{"x":1,"keys":[{{"kty":"AKP","kid":"pq"}},7,{ED},{{"kid":"no-type"}}]}}"#);
        let set = JwkSet::parse(json.as_bytes()).unwrap();
        assert_eq!(set.keys().len(), 1);
        let skipped: Vec<_> =
            set.skipped().iter().map(|s| (s.index, s.key_id.as_deref(), s.error.code())).collect();
        assert_eq!(
            skipped,
            [
                (0, Some("pq"), "key_malformed"),
                (1, None, "key_malformed"),
                (3, Some("no-type"), "key_malformed")
            ]
        );
    }

    #[test]
    fn keys_that_name_another_issuer_are_skipped_and_templates_name_nobody() {
        let of = |issuer: &str| ED.replace(r#""kid":"a""#, &format!(r#""kid":"a","issuer":{issuer}"#));
        for (issuer, want) in [
            (r#""https://id.example/T/v2.0""#, true),
            (r#""https://id.example/U/v2.0""#, false),
            (r#""https://id.example/T/v2.0/""#, false),
            (r#""""#, false),
            (r#""https://id.example/{tenantid}/v2.0""#, true),
            ("7", true),
            ("null", true),
        ] {
            let json = format!(r#"{{"keys":[{},{ED},7]}}"#, of(issuer));
            let set = JwkSet::parse(json.as_bytes()).unwrap().of_issuer("https://id.example/T/v2.0");
            let skipped: Vec<_> = set.skipped().iter().map(|skipped| skipped.error.code()).collect();
            let wanted = ["key_malformed", "key_issuer_mismatch"];
            assert_eq!(skipped, if want { &wanted[..1] } else { &wanted[..] }, "{issuer}");
            let places: Vec<_> = set.entries().map(|(index, _)| index).collect();
            assert_eq!(places, if want { &[0, 1][..] } else { &[1] }, "{issuer}");
        }
    }

    #[test]
    fn only_an_object_has_a_kid_to_be_listed_under() {
        let set = JwkSet::parse(br#"{"keys":[["in an array"],"text",{"kid":["a"]}, {"kid":"b"}]}"#).unwrap();
        let ids: Vec<_> = set.skipped().iter().map(|skipped| skipped.key_id.as_deref()).collect();
        assert_eq!(ids, [None, None, None, Some("b")]);
    }

    #[test]
    fn keys_make_a_set_in_the_order_in_which_they_were_given() {
        let key = |id: &str| Jwk::parse(ED).unwrap().with_key_id(id);
        let ids = |set: JwkSet| {
            let places: Vec<_> =
                set.entries().map(|(place, key)| (place, key.key_id().unwrap().to_owned())).collect();
            assert!(set.skipped().is_empty());
            places
        };
        let both = [(0, "x".to_owned()), (1, "y".to_owned())];
        assert_eq!(ids(key("x").into()), both[..1]);
        assert_eq!(ids([key("x"), key("y")].into()), both);
        assert_eq!(ids(vec![key("x"), key("y")].into()), both);
    }

    #[test]
    fn documents_that_are_no_key_set_are_refused_with_a_reason() {
        let many = format!(r#"{{"keys":[{}]}}"#, vec![ED; MAX_KEYS + 1].join(","));
        let deep = format!(r#"{{"keys":[{}{}]}}"#, "[".repeat(100_000), "]".repeat(100_000));
        for (json, want) in [
            ("", JwkSetError::Json),
            ("<html></html>", JwkSetError::Json),
            ("[]", JwkSetError::Json),
            (ED, JwkSetError::KeysMissing),
            ("{}", JwkSetError::KeysMissing),
            (r#"{"Keys":[]}"#, JwkSetError::KeysMissing),
            (r#"{"keys":null}"#, JwkSetError::KeysMissing),
            (r#"{"keys":{}}"#, JwkSetError::KeysMissing),
            (r#"{"keys":[],"keys":[]}"#, JwkSetError::Repeated),
            (r#"{"a":1,"a":1,"keys":[]}"#, JwkSetError::Repeated),
            (r#"{"keys":[],}"#, JwkSetError::Json),
            (r#"{"keys":[]"#, JwkSetError::Json),
            (r#"{"keys":[]}{}"#, JwkSetError::Json),
            (&many, JwkSetError::TooManyKeys { found: MAX_KEYS + 1, limit: MAX_KEYS }),
        ] {
            let shown: String = json.chars().take(60).collect();
            assert_eq!(JwkSet::parse(json.as_bytes()).expect_err(&shown), want, "{shown}");
        }
        assert_eq!(
            JwkSet::parse(deep.as_bytes()).map(|set| set.skipped().len()).unwrap_or(1),
            1,
            "deep nesting"
        );
        let most = format!(r#"{{"keys":[{}]}}"#, vec![ED; MAX_KEYS].join(","));
        assert_eq!(JwkSet::parse(most.as_bytes()).unwrap().keys().len(), MAX_KEYS);
        let mut large = br#"{"keys":[]}"#.to_vec();
        large.resize(MAX_SET_BYTES, b' ');
        assert!(JwkSet::parse(&large).is_ok());
        large.push(b' ');
        assert_eq!(JwkSet::parse(&large).err(), Some(JwkSetError::TooLarge { limit: MAX_SET_BYTES }));
        assert!(JwkSet::parse(br#"{"keys":[]}"#).unwrap().keys().is_empty());
    }
}
