//! One JSON Web Key ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)).

use std::fmt;

use super::algorithm::{Algorithm, AlgorithmSet, Family, KeyType};
use super::jwk_reader;
use super::material::{KeyMaterial, check_lengths};
use crate::error::KeyError;

/// A key as its owner published it: read and bounded, not yet proven fit for any algorithm.
///
/// ```
/// use portcullis::jose::{Jwk, KeyType};
///
/// let jwk = Jwk::parse(r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
/// assert_eq!((jwk.key_type(), jwk.key_id()), (KeyType::Okp, Some("a")));
///
/// let refused = Jwk::parse(r#"{"kty":"OKP","crv":"X25519","x":"AA"}"#).unwrap_err();
/// assert_eq!(refused.code(), "curve_unknown");
/// # Ok::<(), portcullis::KeyError>(())
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct Jwk {
    material: KeyMaterial,
    pub(super) key_id: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) key_use: Option<KeyUse>,
    pub(super) may_verify: bool,
    algorithm: Option<Algorithm>,
    pub(super) private: bool,
}

/// What a key is meant for, `use` ([RFC 7517, section 4.2](https://www.rfc-editor.org/rfc/rfc7517#section-4.2)).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyUse {
    /// `sig`.
    Signature,
    /// `enc`, or a value that this crate gives no meaning.
    Other,
}

impl Jwk {
    /// Reads one key from JSON.
    ///
    /// Members are typed strictly and none may be repeated; one that is `null`, as some issuers write what they do not
    /// set, is read as absent. An `RSA` modulus or exponent with leading zero octets,
    /// which some issuers publish, is read as the number it is; everything else must be encoded as RFC 7518 says.
    /// Of a private key only the public half is kept; [`Jwk::is_private`] tells.
    ///
    /// # Errors
    /// [`KeyError`], naming the member at fault.
    pub fn parse(json: &str) -> Result<Self, KeyError> {
        jwk_reader::read(json)
    }

    /// A key of the given parts, without restrictions and without an id. Leading zeros of RSA numbers are dropped.
    ///
    /// # Errors
    /// [`KeyError`] when a part has an impossible length, or the curve is none of that type of key.
    pub fn from_material(material: KeyMaterial) -> Result<Self, KeyError> {
        let material = check_lengths(material)?;
        Ok(Self {
            material,
            key_id: None,
            issuer: None,
            key_use: None,
            may_verify: true,
            algorithm: None,
            private: false,
        })
    }

    /// The same key under another id.
    #[must_use]
    pub fn with_key_id(self, key_id: impl Into<String>) -> Self {
        Self { key_id: Some(key_id.into()), ..self }
    }

    /// The same key for this algorithm only.
    ///
    /// # Errors
    /// [`KeyError::AlgorithmMismatch`] when no key of this type or curve can serve it.
    pub fn with_algorithm(self, algorithm: Algorithm) -> Result<Self, KeyError> {
        if self.material.fits(algorithm) {
            Ok(Self { algorithm: Some(algorithm), ..self })
        } else {
            Err(KeyError::AlgorithmMismatch)
        }
    }

    /// What the key is made of.
    #[must_use]
    pub const fn material(&self) -> &KeyMaterial {
        &self.material
    }

    /// `kty`.
    #[must_use]
    pub const fn key_type(&self) -> KeyType {
        self.material.key_type()
    }

    /// `kid`.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Whether the key may sign for this issuer, by what it says of itself.
    ///
    /// Some providers publish the keys of many tenants in one set and write into a member `issuer`, which no RFC defines,
    /// whose a key is; Entra ID asks that it be heeded. A template, such as `https://…/{tenantid}/v2.0`, names nobody.
    pub(super) fn is_of(&self, issuer: &str) -> bool {
        self.issuer.as_deref().is_none_or(|own| own == issuer || own.contains('{'))
    }

    /// `use`.
    #[must_use]
    pub const fn key_use(&self) -> Option<KeyUse> {
        self.key_use
    }

    /// `alg`: the one algorithm the owner declared the key for.
    #[must_use]
    pub const fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// Whether the JSON held the private half as well, which must never be published.
    #[must_use]
    pub const fn is_private(&self) -> bool {
        self.private
    }

    /// The algorithms that this key may verify: those of its type and curve, narrowed by `alg`, `use` and `key_ops`.
    ///
    /// A key declared for the name `EdDSA` serves the name `Ed25519` too, and the other way round: on this curve they
    /// are one algorithm (RFC 9864, section 2.2).
    #[must_use]
    pub fn algorithms(&self) -> AlgorithmSet {
        if self.key_use.is_some_and(|key_use| key_use != KeyUse::Signature) || !self.may_verify {
            return AlgorithmSet::EMPTY;
        }
        let declared = |candidate: Algorithm| match self.algorithm {
            None => true,
            Some(own) if own.family() == Family::EdDsa => candidate.family() == Family::EdDsa,
            Some(own) => own == candidate,
        };
        Algorithm::ALL.iter().copied().filter(|a| self.material.fits(*a) && declared(*a)).collect()
    }
}

/// Shows what kind of key it is, never the key.
impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwk")
            .field("key_type", &self.key_type())
            .field("key_id", &self.key_id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::base64url;
    use super::*;
    use crate::error::MemberFault;

    const ED: &str = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
    const EC: &str = r#""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;

    fn rsa(n: &[u8], e: &[u8]) -> String {
        format!(r#"{{"kty":"RSA","n":"{}","e":"{}"}}"#, base64url::encode(n), base64url::encode(e))
    }

    fn modulus(bytes: usize) -> Vec<u8> {
        let mut n = vec![0xa5; bytes];
        n[0] = 0x80;
        n
    }

    #[test]
    fn what_a_key_says_of_itself_is_kept_and_its_parts_are_not_shown() {
        let json = format!(r#"{{{ED},"kid":"a","use":"sig","alg":"EdDSA"}}"#);
        let key = Jwk::parse(&json).unwrap();
        let said = |key: &Jwk| (key.key_id().map(str::to_owned), key.key_use(), key.algorithm());
        let (usage, algorithm) = (Some(KeyUse::Signature), Some(Algorithm::EdDSA));
        assert_eq!(said(&key), (Some("a".to_owned()), usage, algorithm));
        assert_eq!(said(&key.clone().with_key_id("b")), (Some("b".to_owned()), usage, algorithm));
        assert_eq!(said(&Jwk::parse(&format!("{{{ED}}}")).unwrap()), (None, None, None));
        assert_eq!(
            format!("{key:?}"),
            r#"Jwk { key_type: Okp, key_id: Some("a"), algorithm: Some(EdDSA), .. }"#
        );
        assert_eq!(format!("{:?}", key.material()), "KeyMaterial(OKP)");
    }

    #[test]
    fn a_kid_has_a_greatest_length() {
        let with_kid = |length| Jwk::parse(&format!(r#"{{{ED},"kid":"{}"}}"#, "k".repeat(length))).map(drop);
        assert_eq!(with_kid(256), Ok(()));
        let fault = MemberFault::TooLong { member: "kid", limit: 256 };
        assert_eq!(with_kid(257), Err(KeyError::Malformed(fault)));
    }

    #[test]
    fn what_a_key_may_verify_is_narrowed_by_what_it_says_of_itself() {
        use Algorithm::{Ed25519, EdDSA, PS256, RS256};
        let names = |json: &str| Jwk::parse(json).expect(json).algorithms().iter().collect::<Vec<_>>();
        assert_eq!(names(&format!("{{{ED}}}")), [EdDSA, Ed25519]);
        assert_eq!(names(&format!(r#"{{{ED},"alg":"EdDSA"}}"#)), [EdDSA, Ed25519]);
        assert_eq!(names(&format!(r#"{{{ED},"use":"sig","key_ops":["verify","sign"]}}"#)), [EdDSA, Ed25519]);
        assert_eq!(names(&format!(r#"{{{ED},"use":"enc"}}"#)), []);
        assert_eq!(names(&format!(r#"{{{ED},"use":"SIG"}}"#)), []);
        assert_eq!(names(&format!(r#"{{{ED},"key_ops":["sign"]}}"#)), []);
        assert_eq!(names(&format!(r#"{{{EC}}}"#)), [Algorithm::ES256]);
        let any = names(&rsa(&modulus(256), &[1, 0, 1]));
        assert!(any.contains(&RS256) && any.contains(&PS256) && any.len() == 6);
        let one = rsa(&modulus(256), &[1, 0, 1]).replace("\"n\"", "\"alg\":\"PS256\",\"n\"");
        assert_eq!(names(&one), [PS256]);
    }

    #[test]
    fn weak_and_impossible_rsa_numbers_are_refused() {
        let bits = |bits| KeyError::RsaModulusBits { bits, min: 2_048, max: 8_192 };
        let mut short = modulus(256);
        short[0] = 0x7f;
        let mut even = modulus(256);
        even[255] = 2;
        let mut padded = vec![0, 0];
        padded.extend(modulus(256));
        let f4: &[u8] = &[1, 0, 1];
        for (name, n, e, want) in [
            ("2048 bits", modulus(256), f4, None),
            ("2047 bits", short, f4, Some(bits(2_047))),
            ("8192 bits", modulus(1_024), f4, None),
            ("8200 bits", modulus(1_025), f4, Some(bits(8_200))),
            ("even", even, f4, Some(KeyError::RsaModulusEven)),
            ("leading zeros", padded, &[0, 1, 0, 1], None),
            ("exponent 3", modulus(256), &[3], None),
            ("exponent 1", modulus(256), &[1], Some(KeyError::RsaExponent)),
            ("exponent 0", modulus(256), &[0], Some(KeyError::RsaExponent)),
            ("even exponent", modulus(256), &[2], Some(KeyError::RsaExponent)),
            ("32-bit exponent", modulus(256), &[0xff; 4], None),
            ("33-bit exponent", modulus(256), &[1, 0, 0, 0, 1], Some(KeyError::RsaExponent)),
        ] {
            assert_eq!(Jwk::parse(&rsa(&n, e)).err(), want, "{name}");
        }
    }

    #[test]
    fn leading_zeros_of_given_parts_neither_count_nor_stay() {
        let (f4, mut short) = (vec![1, 0, 1], modulus(256));
        let key = |n, e| Jwk::from_material(KeyMaterial::Rsa { n, e });
        let padded = key([&[0; 3], &*short].concat(), [&[0], &*f4].concat());
        assert_eq!(padded, key(short.clone(), f4.clone()));
        short[0] = 0x7f;
        let want = KeyError::RsaModulusBits { bits: 2_047, min: 2_048, max: 8_192 };
        assert_eq!(key([&[0], &*short].concat(), f4), Err(want));
    }

    /// As JSON cannot say it either: an Ed25519 key would be asked to verify what is called ES256.
    #[test]
    fn a_curve_belongs_to_one_type_of_key() {
        use super::super::algorithm::Curve::{Ed25519, P256, P384, P521, Secp256k1};
        for curve in [P256, P384, P521, Secp256k1, Ed25519] {
            let part = vec![7; curve.coordinate_bytes()];
            let (x, y) = (part.clone(), part.clone());
            let weierstrass = Jwk::from_material(KeyMaterial::Ec { curve, x, y });
            let edwards = Jwk::from_material(KeyMaterial::Okp { curve, x: part });
            let (good, bad) = if curve == Ed25519 { (edwards, weierstrass) } else { (weierstrass, edwards) };
            assert!(good.is_ok_and(|key| !key.algorithms().is_empty()), "{curve:?}");
            assert_eq!(bad, Err(KeyError::CurveUnknown), "{curve:?}");
        }
    }

    #[test]
    fn faults_are_named_exactly() {
        use KeyError::{
            AlgorithmMismatch, AlgorithmUnknown, CurveUnknown, Encoding, KeyTypeUnknown, Malformed,
        };
        use MemberFault::{Json, Missing, Repeated, WrongType};
        for (json, want) in [
            ("[]".to_owned(), Malformed(Json)),
            ("{}".to_owned(), Malformed(Missing { member: "kty" })),
            (format!("{{{ED}"), Malformed(Json)),
            (format!(r#"{{{ED},"kty":"OKP"}}"#), Malformed(Repeated { member: Some("kty") })),
            (format!(r#"{{{ED},"z":1,"z":1}}"#), Malformed(Repeated { member: None })),
            (format!(r#"{{{ED},"kid":7}}"#), Malformed(WrongType { member: "kid" })),
            (format!(r#"{{{ED},"kid":null,"kid":"a"}}"#), Malformed(Repeated { member: Some("kid") })),
            (
                format!(r#"{{{ED},"key_ops":["sign"],"key_ops":null}}"#),
                Malformed(Repeated { member: Some("key_ops") }),
            ),
            (format!(r#"{{{ED},"d":null,"d":"AA"}}"#), Malformed(Repeated { member: None })),
            (
                format!(r#"{{{ED},"kty":null}}"#).replace(r#""kty":"OKP","#, ""),
                Malformed(Missing { member: "kty" }),
            ),
            (EC.replace(r#""x":"#, r#""x":null,"z":"#), Malformed(Missing { member: "x" })),
            (format!(r#"{{{ED},"use":["sig"]}}"#), Malformed(WrongType { member: "use" })),
            (format!(r#"{{{ED},"key_ops":"verify"}}"#), Malformed(WrongType { member: "key_ops" })),
            (
                format!(r#"{{{ED},"key_ops":["verify","verify"]}}"#),
                Malformed(WrongType { member: "key_ops" }),
            ),
            (format!(r#"{{{ED},"alg":"ES256"}}"#), AlgorithmMismatch),
            (format!(r#"{{{ED},"alg":"ES999"}}"#), AlgorithmUnknown),
            (r#"{"kty":"rsa"}"#.to_owned(), KeyTypeUnknown),
            (EC.replace("P-256", "secp256r1"), CurveUnknown),
            (EC.replace("P-256", "Ed25519"), CurveUnknown),
            (EC.replace("f83O", "f8+O"), Encoding { member: "x" }),
            (EC.replace("f83O", ""), KeyError::Length { member: "x", found: 29, want: 32 }),
            (r#"{"kty":"EC","crv":"P-256","x":"AA"}"#.to_owned(), Malformed(Missing { member: "y" })),
            (r#"{"kty":"AKP","pub":"AA"}"#.to_owned(), Malformed(Missing { member: "alg" })),
        ] {
            let json = if json.starts_with('"') { format!("{{{json}}}") } else { json };
            assert_eq!(Jwk::parse(&json).expect_err(&json), want, "{json}");
        }
    }

    #[test]
    fn an_encryption_key_is_read_and_serves_nothing() {
        let json =
            rsa(&modulus(256), &[1, 0, 1]).replace("\"n\"", "\"alg\":\"RSA-OAEP\",\"use\":\"enc\",\"n\"");
        assert!(Jwk::parse(&json).unwrap().algorithms().is_empty());
    }

    #[test]
    fn a_member_that_is_null_says_nothing() {
        let unset = r#""kid":null,"use":null,"alg":null,"key_ops":null,"n":null,"e":null,"y":null,"k":null,"pub":null"#;
        let private = PRIVATE_NAMES.map(|name| format!(r#""{name}":null"#)).join(",");
        let key = Jwk::parse(&format!(r#"{{{ED},{unset},"issuer":null,{private}}}"#)).unwrap();
        assert_eq!(key, Jwk::parse(&format!("{{{ED}}}")).unwrap());
        for name in PRIVATE_NAMES {
            for value in [r#""AA""#, r#""""#, "7", "false", "[]", "[null]", "{}"] {
                let json = format!(r#"{{{ED},"{name}":{value}}}"#);
                assert!(Jwk::parse(&json).unwrap().is_private(), "{json}");
            }
        }
    }

    const PRIVATE_NAMES: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "priv"];

    #[test]
    fn private_halves_are_noticed_and_keys_are_not_printed() {
        let private = format!(r#"{{{ED},"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}}"#);
        assert!(Jwk::parse(&private).unwrap().is_private());
        assert!(!Jwk::parse(&format!("{{{ED}}}")).unwrap().is_private());
        let secret = Jwk::parse(r#"{"kty":"oct","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMw"}"#).unwrap();
        let shown = format!("{secret:?} {:?}", secret.material());
        assert!(!shown.contains("secret") && !shown.contains("115"), "{shown}");
    }
}
