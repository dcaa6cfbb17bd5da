//! One JSON Web Key ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)).

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use super::algorithm::{Algorithm, AlgorithmSet, Curve, Family, KeyType};
use super::base64url;
use super::header::MAX_KID_BYTES;
use super::strict::{Names, Reading, StrictValue, Text};
use crate::error::{KeyError, MemberFault};

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
    key_id: Option<String>,
    key_use: Option<KeyUse>,
    may_verify: bool,
    algorithm: Option<Algorithm>,
    private: bool,
}

/// What a key is made of. Integers and coordinates are big-endian; those of RSA carry no leading zeros.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyMaterial {
    /// A shared secret, wiped when dropped.
    Oct {
        /// `k`.
        secret: Zeroizing<Vec<u8>>,
    },
    /// An RSA public key.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The public exponent.
        e: Vec<u8>,
    },
    /// A point on a Weierstrass curve, each coordinate at full length.
    Ec {
        /// `crv`.
        curve: Curve,
        /// The x coordinate.
        x: Vec<u8>,
        /// The y coordinate.
        y: Vec<u8>,
    },
    /// An octet key pair's public half.
    Okp {
        /// `crv`.
        curve: Curve,
        /// The public key.
        x: Vec<u8>,
    },
    /// An algorithm key pair's public half.
    Akp {
        /// `alg`, which for this type is part of the key.
        algorithm: Algorithm,
        /// `pub`.
        public: Vec<u8>,
    },
}

impl KeyMaterial {
    /// The `kty` of such a key.
    #[must_use]
    pub const fn key_type(&self) -> KeyType {
        match self {
            Self::Oct { .. } => KeyType::Oct,
            Self::Rsa { .. } => KeyType::Rsa,
            Self::Ec { .. } => KeyType::Ec,
            Self::Okp { .. } => KeyType::Okp,
            Self::Akp { .. } => KeyType::Akp,
        }
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Oct { .. } | Self::Rsa { .. } => algorithm.key_type() == self.key_type(),
            Self::Ec { curve, .. } | Self::Okp { curve, .. } => algorithm.curve() == Some(*curve),
            Self::Akp { algorithm: own, .. } => algorithm == *own,
        }
    }
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
    /// Members are typed strictly and none may be repeated. An `RSA` modulus or exponent with leading zero octets,
    /// which some issuers publish, is read as the number it is; everything else must be encoded as RFC 7518 says.
    /// Of a private key only the public half is kept; [`Jwk::is_private`] tells.
    ///
    /// # Errors
    /// [`KeyError`], naming the member at fault.
    pub fn parse(json: &str) -> Result<Self, KeyError> {
        let mut pass = Pass::default();
        let mut input = serde_json::Deserializer::from_str(json);
        input
            .deserialize_map(JwkVisitor(&mut pass))
            .and_then(|()| input.end())
            .map_err(|error| KeyError::Malformed(MemberFault::of(&error, &pass.reading)))?;
        pass.finish()
    }

    /// A key of the given parts, without restrictions and without an id.
    ///
    /// # Errors
    /// [`KeyError`] when a part has an impossible length.
    pub fn from_material(material: KeyMaterial) -> Result<Self, KeyError> {
        let material = check_lengths(material)?;
        Ok(Self { material, key_id: None, key_use: None, may_verify: true, algorithm: None, private: false })
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

/// Shows what kind of key it is, never the key.
impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyMaterial({})", self.key_type())
    }
}

/// Lengths and numbers that can be judged without a cryptographic library; the same on every backend.
pub(super) fn check_lengths(material: KeyMaterial) -> Result<KeyMaterial, KeyError> {
    match &material {
        KeyMaterial::Rsa { n, e } => {
            let bits = bit_length(n);
            if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) {
                return Err(KeyError::RsaModulusBits { bits, min: RSA_BITS_MIN, max: RSA_BITS_MAX });
            }
            if !is_odd(n) {
                return Err(KeyError::RsaModulusEven);
            }
            if !is_odd(e) || !(RSA_EXPONENT_BITS_MIN..=RSA_EXPONENT_BITS_MAX).contains(&bit_length(e)) {
                return Err(KeyError::RsaExponent);
            }
        }
        KeyMaterial::Ec { curve, x, y } => {
            for (member, coordinate) in [("x", x), ("y", y)] {
                exact_length(member, coordinate, curve.coordinate_bytes())?;
            }
        }
        KeyMaterial::Okp { curve, x } => exact_length("x", x, curve.coordinate_bytes())?,
        KeyMaterial::Akp { algorithm, public } => {
            let want = algorithm.ml_dsa_key_bytes().ok_or(KeyError::AlgorithmMismatch)?;
            exact_length("pub", public, want)?;
        }
        KeyMaterial::Oct { .. } => {}
    }
    Ok(material)
}

fn exact_length(member: &'static str, bytes: &[u8], want: usize) -> Result<(), KeyError> {
    if bytes.len() == want { Ok(()) } else { Err(KeyError::Length { member, found: bytes.len(), want }) }
}

/// Bits of a big-endian number without leading zero octets.
fn bit_length(number: &[u8]) -> usize {
    match number.first() {
        None => 0,
        Some(first) => {
            (number.len() - 1) * 8 + 8usize.saturating_sub(first.leading_zeros().try_into().unwrap_or(8))
        }
    }
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last & 1 == 1)
}

/// The smallest modulus: RFC 7518, section 3.3.
const RSA_BITS_MIN: usize = 2_048;
/// Verifying costs the square of this; nobody issues larger keys.
const RSA_BITS_MAX: usize = 8_192;
/// An exponent of 1 makes every message its own signature; 3 is the smallest that is one.
const RSA_EXPONENT_BITS_MIN: usize = 2;
/// What every candidate library takes; a large exponent is a way to make verification slow.
const RSA_EXPONENT_BITS_MAX: usize = 32;

#[derive(Default)]
struct Pass<'j> {
    kty: Option<Text<'j>>,
    kid: Option<Text<'j>>,
    key_use: Option<Text<'j>>,
    alg: Option<Text<'j>>,
    crv: Option<Text<'j>>,
    x: Option<Text<'j>>,
    y: Option<Text<'j>>,
    n: Option<Text<'j>>,
    e: Option<Text<'j>>,
    k: Option<Text<'j>>,
    public: Option<Text<'j>>,
    key_ops: Option<Operations>,
    private: bool,
    reading: Reading,
}

impl Pass<'_> {
    fn finish(self) -> Result<Jwk, KeyError> {
        let text = |member, value: &Option<Text<'_>>| {
            value
                .as_ref()
                .map(|text| text.0.clone().into_owned())
                .ok_or(KeyError::Malformed(MemberFault::Missing { member }))
        };
        let bytes = |member, value: &Option<Text<'_>>| {
            let encoded = value.as_ref().ok_or(KeyError::Malformed(MemberFault::Missing { member }))?;
            base64url::decode(&encoded.0).ok_or(KeyError::Encoding { member })
        };
        let number = |member, value: &Option<Text<'_>>| {
            let bytes = bytes(member, value)?;
            Ok(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
        };
        let curve = |curves: &[Curve]| {
            let name = text("crv", &self.crv)?;
            curves.iter().copied().find(|curve| curve.name() == name).ok_or(KeyError::CurveUnknown)
        };
        let declared = match &self.alg {
            None => None,
            Some(name) => Some(Algorithm::from_name(&name.0).ok_or(KeyError::AlgorithmUnknown)),
        };
        let material = match &*text("kty", &self.kty)? {
            "RSA" => KeyMaterial::Rsa { n: number("n", &self.n)?, e: number("e", &self.e)? },
            "EC" => KeyMaterial::Ec {
                curve: curve(&[Curve::P256, Curve::P384, Curve::P521, Curve::Secp256k1])?,
                x: bytes("x", &self.x)?,
                y: bytes("y", &self.y)?,
            },
            "OKP" => KeyMaterial::Okp { curve: curve(&[Curve::Ed25519])?, x: bytes("x", &self.x)? },
            "AKP" => KeyMaterial::Akp {
                algorithm: declared
                    .clone()
                    .ok_or(KeyError::Malformed(MemberFault::Missing { member: "alg" }))??,
                public: bytes("pub", &self.public)?,
            },
            "oct" => KeyMaterial::Oct { secret: bytes("k", &self.k)?.into() },
            _ => return Err(KeyError::KeyTypeUnknown),
        };
        let mut jwk = Jwk::from_material(material)?;
        jwk.private = self.private;
        jwk.may_verify = self.key_ops.is_none_or(|operations| operations.verify);
        jwk.key_use = self.key_use.map(|text| match &*text.0 {
            "sig" => KeyUse::Signature,
            _ => KeyUse::Other,
        });
        if let Some(kid) = self.kid {
            if kid.0.len() > MAX_KID_BYTES {
                let fault = MemberFault::TooLong { member: "kid", limit: MAX_KID_BYTES };
                return Err(KeyError::Malformed(fault));
            }
            jwk.key_id = Some(kid.0.into_owned());
        }
        match declared {
            // An encryption key names an algorithm that is not in the table. Its `use` is the better reason to skip it.
            Some(Err(_)) if jwk.algorithms().is_empty() => Ok(jwk),
            Some(algorithm) => jwk.with_algorithm(algorithm?),
            None => Ok(jwk),
        }
    }
}

/// `key_ops`: only whether `verify` is among them matters here.
struct Operations {
    verify: bool,
}

impl<'de> Deserialize<'de> for Operations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OperationsVisitor;
        impl<'de> Visitor<'de> for OperationsVisitor {
            type Value = Operations;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of different strings")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Operations, A::Error> {
                let mut seen = Names::default();
                let mut verify = false;
                while let Some(Text(operation)) = items.next_element()? {
                    verify |= operation == "verify";
                    if !seen.insert(operation) {
                        return Err(de::Error::custom("repeated operation"));
                    }
                }
                Ok(Operations { verify })
            }
        }
        deserializer.deserialize_seq(OperationsVisitor)
    }
}

struct JwkVisitor<'p, 'j>(&'p mut Pass<'j>);

impl<'j> Visitor<'j> for JwkVisitor<'_, 'j> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JWK")
    }

    fn visit_map<A: MapAccess<'j>>(self, mut members: A) -> Result<(), A::Error> {
        let pass = self.0;
        let mut others = Names::default();
        while let Some(Text(name)) = members.next_key()? {
            let (member, place) = match &*name {
                "kty" => ("kty", &mut pass.kty),
                "kid" => ("kid", &mut pass.kid),
                "use" => ("use", &mut pass.key_use),
                "alg" => ("alg", &mut pass.alg),
                "crv" => ("crv", &mut pass.crv),
                "x" => ("x", &mut pass.x),
                "y" => ("y", &mut pass.y),
                "n" => ("n", &mut pass.n),
                "e" => ("e", &mut pass.e),
                "k" => ("k", &mut pass.k),
                "pub" => ("pub", &mut pass.public),
                "key_ops" => {
                    pass.reading.enter("key_ops", &mut pass.key_ops.is_some())?;
                    pass.key_ops = Some(members.next_value()?);
                    continue;
                }
                other => {
                    pass.private |= PRIVATE.contains(&other);
                    pass.reading.enter_unknown(name, &mut others)?;
                    members.next_value::<StrictValue<'_>>()?;
                    continue;
                }
            };
            pass.reading.enter(member, &mut place.is_some())?;
            *place = Some(members.next_value()?);
        }
        Ok(())
    }
}

/// Members of private keys: RFC 7518, sections 6.2.2 and 6.3.2; RFC 9964, section 4.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "priv"];

#[cfg(test)]
mod tests {
    use super::*;

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
            (format!(r#"{{{ED},"kid":null}}"#), Malformed(WrongType { member: "kid" })),
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
    fn private_halves_are_noticed_and_keys_are_not_printed() {
        let private = format!(r#"{{{ED},"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}}"#);
        assert!(Jwk::parse(&private).unwrap().is_private());
        assert!(!Jwk::parse(&format!("{{{ED}}}")).unwrap().is_private());
        let secret = Jwk::parse(r#"{"kty":"oct","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTEyMw"}"#).unwrap();
        let shown = format!("{secret:?} {:?}", secret.material());
        assert!(!shown.contains("secret") && !shown.contains("115"), "{shown}");
    }
}
