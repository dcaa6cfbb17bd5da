//! JSON to a key, in one pass.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroize;

use super::algorithm::{Algorithm, Curve};
use super::base64url;
use super::header::MAX_KID_BYTES;
use super::jwk::{Jwk, KeyUse};
use super::material::KeyMaterial;
use super::strict::{Names, Reading, StrictValue, Text};
use crate::error::{KeyError, MemberFault};

/// Reads one JWK.
pub(super) fn read(json: &str) -> Result<Jwk, KeyError> {
    let mut pass = Pass::default();
    let mut input = serde_json::Deserializer::from_str(json);
    input
        .deserialize_map(JwkVisitor(&mut pass))
        .and_then(|()| input.end())
        .map_err(|error| KeyError::Malformed(MemberFault::of(&error, &pass.reading)))?;
    pass.finish()
}

/// What a member says, once it was seen. `null` says nothing: some issuers write it for what they do not set.
type Member<T> = Option<Option<T>>;

fn said<T>(member: &Member<T>) -> Option<&T> {
    member.as_ref()?.as_ref()
}

#[derive(Default)]
struct Pass<'j> {
    kty: Member<Text<'j>>,
    kid: Member<Text<'j>>,
    key_use: Member<Text<'j>>,
    alg: Member<Text<'j>>,
    crv: Member<Text<'j>>,
    x: Member<Text<'j>>,
    y: Member<Text<'j>>,
    n: Member<Text<'j>>,
    e: Member<Text<'j>>,
    k: Member<SecretText<'j>>,
    public: Member<Text<'j>>,
    key_ops: Member<Operations>,
    issuer: Option<String>,
    private: bool,
    reading: Reading,
}

impl Pass<'_> {
    fn finish(self) -> Result<Jwk, KeyError> {
        let text = |member, value: &Member<Text<'_>>| {
            said(value)
                .map(|text| text.0.clone().into_owned())
                .ok_or(KeyError::Malformed(MemberFault::Missing { member }))
        };
        let bytes = |member, value: &Member<Text<'_>>| {
            let encoded = said(value).ok_or(KeyError::Malformed(MemberFault::Missing { member }))?;
            base64url::decode(&encoded.0).ok_or(KeyError::Encoding { member })
        };
        let secret = |value: &Member<SecretText<'_>>| {
            let encoded = said(value).ok_or(KeyError::Malformed(MemberFault::Missing { member: "k" }))?;
            base64url::decode_secret(&encoded.0.0).ok_or(KeyError::Encoding { member: "k" })
        };
        let curve = |curves: &[Curve]| {
            let name = text("crv", &self.crv)?;
            curves.iter().copied().find(|curve| curve.name() == name).ok_or(KeyError::CurveUnknown)
        };
        let named = |name: &Text<'_>| Algorithm::from_name(&name.0).ok_or(KeyError::AlgorithmUnknown);
        let declared = said(&self.alg).map(named);
        let material = match &*text("kty", &self.kty)? {
            "RSA" => KeyMaterial::Rsa { n: bytes("n", &self.n)?, e: bytes("e", &self.e)? },
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
            "oct" => KeyMaterial::Oct { secret: secret(&self.k)? },
            _ => return Err(KeyError::KeyTypeUnknown),
        };
        let mut jwk = Jwk::from_material(material)?;
        jwk.private = self.private;
        jwk.issuer = self.issuer;
        jwk.may_verify = said(&self.key_ops).is_none_or(|operations| operations.verify);
        jwk.key_use = said(&self.key_use).map(|text| match &*text.0 {
            "sig" => KeyUse::Signature,
            _ => KeyUse::Other,
        });
        if let Some(Some(kid)) = self.kid {
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

/// A secret as it stands in JSON. Where it was written with escapes it is a copy, and wiped when dropped.
struct SecretText<'j>(Text<'j>);

impl<'j> Deserialize<'j> for SecretText<'j> {
    fn deserialize<D: Deserializer<'j>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(Self)
    }
}

impl Drop for SecretText<'_> {
    fn drop(&mut self) {
        if let Cow::Owned(text) = &mut self.0.0 {
            text.zeroize();
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
                "pub" => ("pub", &mut pass.public),
                "key_ops" => {
                    pass.reading.enter("key_ops", &mut pass.key_ops.is_some())?;
                    pass.key_ops = Some(members.next_value()?);
                    continue;
                }
                "k" => {
                    pass.reading.enter("k", &mut pass.k.is_some())?;
                    pass.k = Some(members.next_value()?);
                    continue;
                }
                other => {
                    let (is_private, names_issuer) = (PRIVATE.contains(&other), other == "issuer");
                    pass.reading.enter_unknown(name, &mut others)?;
                    match members.next_value()? {
                        StrictValue::Null => {}
                        StrictValue::Text(issuer) if names_issuer => pass.issuer = Some(issuer.into_owned()),
                        _ => pass.private |= is_private,
                    }
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
