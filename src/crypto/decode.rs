//! Public keys in the forms that key files come in: SubjectPublicKeyInfo and PKCS#1, DER and PEM.

use spki::der::asn1::UintRef;
use spki::der::pem;
use spki::der::{Decode, Reader, SliceReader};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

use crate::error::KeyError;
use crate::jose::{Algorithm, Curve, Digest, Jwk, KeyMaterial, Secret};

impl Jwk {
    /// Reads the one PEM block of a text, `PUBLIC KEY`
    /// ([RFC 7468, section 13](https://www.rfc-editor.org/rfc/rfc7468#section-13)) or `RSA PUBLIC KEY` (RFC 8017, appendix
    /// A.1.1). The key has no id and so fits a token with any `kid`.
    ///
    /// # Errors
    /// [`KeyError::Private`] for a private key, [`KeyError::NotPublicKey`] for anything else and for more than one block,
    /// or what is wrong with the key itself.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        // Which of several is meant is not for a reader to guess, and readers differ in which they take.
        if text.matches("-----BEGIN ").count() > 1 {
            return Err(KeyError::NotPublicKey);
        }
        // Whatever the lines' length: keys from environment variables and old tools are not folded at 64 characters.
        let mut decoder =
            pem::Decoder::new_detect_wrap(text.trim().as_bytes()).map_err(|_| KeyError::NotPublicKey)?;
        let read = match decoder.type_label() {
            "PUBLIC KEY" => public_key_info,
            "RSA PUBLIC KEY" => rsa,
            // Not decoded: that would leave a copy of it behind.
            "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" => {
                return Err(KeyError::Private);
            }
            _ => return Err(KeyError::NotPublicKey),
        };
        let mut der = Vec::new();
        decoder.decode_to_end(&mut der).map_err(|_| KeyError::NotPublicKey)?;
        read(&der)
    }

    /// Reads a DER SubjectPublicKeyInfo
    /// ([RFC 5280, section 4.1.2.7](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.7)).
    ///
    /// # Errors
    /// [`KeyError::NotPublicKey`], or what is wrong with the key itself.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        public_key_info(der)
    }

    /// Reads a DER RSAPublicKey ([RFC 8017, appendix A.1.1](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.1)).
    ///
    /// # Errors
    /// [`KeyError::NotPublicKey`], or what is wrong with the key itself.
    #[cfg(feature = "jsonwebtoken")]
    pub(crate) fn from_pkcs1_der(der: &[u8]) -> Result<Self, KeyError> {
        rsa(der)
    }

    /// A shared secret for the one HMAC algorithm it is named for.
    ///
    /// # Errors
    /// [`KeyError::AlgorithmMismatch`] for an algorithm that takes no secret, [`KeyError::SecretTooShort`] for a secret
    /// shorter than the hash ([RFC 7518, section 3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)).
    pub fn from_secret(secret: impl Into<Vec<u8>>, algorithm: Algorithm) -> Result<Self, KeyError> {
        let secret = Secret::from(secret.into());
        let want = algorithm.digest().map_or(0, Digest::bytes);
        let found = secret.len();
        let key = Self::from_material(KeyMaterial::Oct { secret })?.with_algorithm(algorithm)?;
        if found < want { Err(KeyError::SecretTooShort { found, want }) } else { Ok(key) }
    }
}

fn public_key_info(der: &[u8]) -> Result<Jwk, KeyError> {
    let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| KeyError::NotPublicKey)?;
    let bits = info.subject_public_key.as_bytes().ok_or(KeyError::NotPublicKey)?;
    let oid = info.algorithm.oid;
    if oid == RSA {
        // NULL by RFC 3279, section 2.3.1; some leave it out. Anything else is a restriction that would be lost.
        let plain = info.algorithm.parameters.is_none_or(|parameters| parameters.is_null());
        return if plain { rsa(bits) } else { Err(KeyError::NotPublicKey) };
    }
    if oid == EC {
        let curve = info.algorithm.parameters_oid().map_err(|_| KeyError::CurveUnknown)?;
        let curve = CURVES.iter().find(|(oid, _)| *oid == curve).ok_or(KeyError::CurveUnknown)?.1;
        let (x, y) = match bits.split_first() {
            Some((&UNCOMPRESSED, point)) if point.len() == 2 * curve.coordinate_bytes() => {
                point.split_at(curve.coordinate_bytes())
            }
            _ => return Err(KeyError::PointInvalid),
        };
        return Jwk::from_material(KeyMaterial::Ec { curve, x: x.to_vec(), y: y.to_vec() });
    }
    let ml_dsa = ML_DSA.iter().find(|(own, _)| *own == oid);
    if info.algorithm.parameters.is_some() && (oid == ED25519 || ml_dsa.is_some()) {
        // RFC 8410, section 3, and RFC 9881, section 2: absent.
        return Err(KeyError::NotPublicKey);
    }
    if oid == ED25519 {
        return Jwk::from_material(KeyMaterial::Okp { curve: Curve::Ed25519, x: bits.to_vec() });
    }
    match ml_dsa {
        Some((_, algorithm)) => {
            let material = KeyMaterial::Akp { algorithm: *algorithm, public: bits.to_vec() };
            Jwk::from_material(material)?.with_algorithm(*algorithm)
        }
        // Of the type that a JWK calls OKP, so its answer is that of the JWK.
        None if OTHER_OKP.contains(&oid) => Err(KeyError::CurveUnknown),
        None => Err(KeyError::KeyTypeUnknown),
    }
}

fn rsa(der: &[u8]) -> Result<Jwk, KeyError> {
    let mut reader = SliceReader::new(der).map_err(|_| KeyError::NotPublicKey)?;
    let read = reader.sequence(|sequence| {
        let (n, e): (UintRef<'_>, UintRef<'_>) = (sequence.decode()?, sequence.decode()?);
        Ok::<_, spki::der::Error>(KeyMaterial::Rsa { n: n.as_bytes().to_vec(), e: e.as_bytes().to_vec() })
    });
    let material = read.map_err(|_| KeyError::NotPublicKey)?;
    reader.finish().map_err(|_| KeyError::NotPublicKey)?;
    Jwk::from_material(material)
}

/// RFC 8017, appendix C.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 5480, section 2.1.1.
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// RFC 8410, section 3.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// RFC 8410, section 3: X25519, X448 and Ed448.
const OTHER_OKP: [ObjectIdentifier; 3] = [
    ObjectIdentifier::new_unwrap("1.3.101.110"),
    ObjectIdentifier::new_unwrap("1.3.101.111"),
    ObjectIdentifier::new_unwrap("1.3.101.113"),
];
/// RFC 5480, section 2.1.1.1; SEC 2, appendix A.2.1.
const CURVES: [(ObjectIdentifier, Curve); 4] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), Curve::P256),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), Curve::P384),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), Curve::P521),
    (ObjectIdentifier::new_unwrap("1.3.132.0.10"), Curve::Secp256k1),
];
/// RFC 9881, section 2.
const ML_DSA: [(ObjectIdentifier, Algorithm); 3] = [
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17"), Algorithm::MlDsa44),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18"), Algorithm::MlDsa65),
    (ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.19"), Algorithm::MlDsa87),
];
/// SEC 1, section 2.3.3.
const UNCOMPRESSED: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        let length = match (high, low) {
            (0, 0..=0x7f) => vec![low],
            (0, _) => vec![0x81, low],
            _ => vec![0x82, high, low],
        };
        [vec![tag], length, content].concat()
    }

    #[test]
    fn a_private_key_is_refused_by_its_label_and_not_decoded() {
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
            let block = |body: &str| format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
            // The first four characters stand for no bytes: whoever decodes them finds no PEM.
            assert_eq!(Jwk::from_pem(&block("AA*AAAAA")), Err(KeyError::Private), "{label}");
            assert_eq!(Jwk::from_pem(&block("AAAA")), Err(KeyError::Private), "{label}");
        }
        let other = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(Jwk::from_pem(other), Err(KeyError::NotPublicKey));
    }

    #[test]
    fn text_may_stand_before_a_block_and_no_other_block_may_stand_anywhere() {
        let document = info(ED25519, &[], &[1; 32]);
        let encoded = pem::encode_string("PUBLIC KEY", pem::LineEnding::LF, &document).unwrap();
        let twice = [encoded.as_str(), encoded.as_str()].concat();
        for (name, text, want) in [
            ("alone", encoded.clone(), true),
            ("behind text", format!("the key of 2026\n{encoded}"), true),
            ("before text", format!("{encoded}the key of 2026\n"), false),
            ("twice", twice, false),
            ("behind half of one", format!("-----BEGIN PUBLIC KEY-----\n{encoded}"), false),
            (
                "behind half of one, within a line",
                format!("text -----BEGIN PUBLIC KEY-----\n{encoded}"),
                false,
            ),
        ] {
            let want = if want { Ok(()) } else { Err(KeyError::NotPublicKey) };
            assert_eq!(Jwk::from_pem(&text).map(drop), want, "{name}");
        }
    }

    #[test]
    fn both_forms_of_an_rsa_key_in_pem_are_one_key() {
        let modulus = [&[0x00, 0x80][..], &[0xa5; 255]].concat();
        let bare = der(0x30, &[&der(0x02, &[&modulus]), &der(0x02, &[&[1, 0, 1]])]);
        let pem = |label, document: &[u8]| pem::encode_string(label, pem::LineEnding::LF, document).unwrap();
        let wrapped = info(RSA, &[0x05, 0x00], &bare);
        let key = Jwk::from_pem(&pem("PUBLIC KEY", &wrapped)).unwrap();
        assert_eq!(Jwk::from_pem(&pem("RSA PUBLIC KEY", &bare)), Ok(key));
        assert_eq!(Jwk::from_pem(&pem("RSA PUBLIC KEY", &wrapped)), Err(KeyError::NotPublicKey));
        assert_eq!(Jwk::from_pem(&pem("PUBLIC KEY", &bare)), Err(KeyError::NotPublicKey));
    }

    #[test]
    fn a_secret_is_as_long_as_the_hash() {
        for (algorithm, want) in [(Algorithm::HS256, 32), (Algorithm::HS384, 48), (Algorithm::HS512, 64)] {
            let short = KeyError::SecretTooShort { found: want - 1, want };
            assert_eq!(Jwk::from_secret(vec![7; want - 1], algorithm), Err(short));
            for enough in [want, want + 1] {
                let key = Jwk::from_secret(vec![7; enough], algorithm).unwrap();
                assert_eq!(key.algorithms().iter().collect::<Vec<_>>(), [algorithm]);
            }
        }
        assert_eq!(Jwk::from_secret(vec![7; 64], Algorithm::RS256), Err(KeyError::AlgorithmMismatch));
    }

    fn info(oid: ObjectIdentifier, parameters: &[u8], key: &[u8]) -> Vec<u8> {
        let algorithm = der(0x30, &[&der(0x06, &[oid.as_bytes()]), parameters]);
        der(0x30, &[&algorithm, &der(0x03, &[&[0], key])])
    }

    #[test]
    fn parameters_are_those_of_the_standards() {
        let modulus = [&[0x00, 0x80][..], &[0xa5; 255]].concat();
        let rsa = der(0x30, &[&der(0x02, &[&modulus]), &der(0x02, &[&[1, 0, 1]])]);
        let point = [&[UNCOMPRESSED][..], &[1; 64]].concat();
        let (none, null, empty) = (&[][..], &[0x05, 0x00][..], &[0x30, 0x00][..]);
        let p256 = &der(0x06, &[CURVES[0].0.as_bytes()])[..];
        let refused = Err("not_public_key");
        for (name, oid, parameters, key, want) in [
            ("RSA, NULL", RSA, null, &rsa[..], Ok(())),
            ("RSA, absent", RSA, none, &rsa, Ok(())),
            ("RSA, others", RSA, empty, &rsa, refused),
            ("EC, a named curve", EC, p256, &point, Ok(())),
            ("EC, a point too short", EC, p256, &point[..64], Err("point_invalid")),
            ("EC, a point too long", EC, p256, &[&point[..], &[1]].concat(), Err("point_invalid")),
            ("EC, a compressed point", EC, p256, &[&[2][..], &[1; 32]].concat(), Err("point_invalid")),
            ("EC, absent", EC, none, &point, Err("curve_unknown")),
            ("EC, spelt out", EC, empty, &point, Err("curve_unknown")),
            ("Ed25519, absent", ED25519, none, &[1; 32], Ok(())),
            ("Ed25519, NULL", ED25519, null, &[1; 32], refused),
            ("Ed25519, one byte more", ED25519, none, &[1; 33], Err("key_length")),
            ("ML-DSA, absent", ML_DSA[0].0, none, &[1; 1_312], Ok(())),
            ("ML-DSA, NULL", ML_DSA[0].0, null, &[1; 1_312], refused),
            ("X25519", OTHER_OKP[0], none, &[1; 32], Err("curve_unknown")),
            ("X448", OTHER_OKP[1], none, &[1; 56], Err("curve_unknown")),
            ("Ed448", OTHER_OKP[2], none, &[1; 57], Err("curve_unknown")),
            ("another kind, with parameters", CURVES[0].0, null, &[1; 32], Err("key_type_unknown")),
        ] {
            let read = |bytes: &[u8]| Jwk::from_der(bytes).map(drop).map_err(|error| error.code());
            let mut document = info(oid, parameters, key);
            assert_eq!(read(&document), want, "{name}");
            document.push(0);
            assert_eq!(read(&document), refused, "{name}, and a byte behind it");
        }
    }
}
