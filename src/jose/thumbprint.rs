//! JWK thumbprints: a key's name, computed from the key.

use std::fmt;

use zeroize::Zeroizing;

use super::base64url;
use super::jwk::Jwk;
use super::material::KeyMaterial;

/// The SHA-256 thumbprint of a key ([RFC 7638](https://www.rfc-editor.org/rfc/rfc7638)), printed in base64url.
///
/// Made by [`Backend::thumbprint`](crate::crypto::Backend::thumbprint).
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    pub(crate) const fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

impl Jwk {
    /// The text whose digest is the thumbprint: the required members only, in lexicographic order, without white space
    /// (RFC 7638, section 3; for `OKP` RFC 8037, section 2; for `AKP` RFC 9964, section 6).
    ///
    /// Every value is base64url or comes from the algorithm table, so none needs escaping.
    pub(crate) fn thumbprint_input(&self) -> Zeroizing<String> {
        let b64 = base64url::encode;
        Zeroizing::new(match self.material() {
            KeyMaterial::Oct { secret } => {
                // Each piece is made at its full length: a text that grows leaves what it held before behind.
                let secret = Zeroizing::new(b64(secret));
                [r#"{"k":""#, secret.as_str(), r#"","kty":"oct"}"#].concat()
            }
            KeyMaterial::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, b64(e), b64(n)),
            KeyMaterial::Ec { curve, x, y } => {
                format!(r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#, curve.name(), b64(x), b64(y))
            }
            KeyMaterial::Okp { curve, x } => {
                format!(r#"{{"crv":"{}","kty":"OKP","x":"{}"}}"#, curve.name(), b64(x))
            }
            KeyMaterial::Akp { algorithm, public } => {
                format!(r#"{{"alg":"{}","kty":"AKP","pub":"{}"}}"#, algorithm.name(), b64(public))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_of_the_required_members_in_their_order_and_shown_in_base64url() {
        let point = r#""crv":"P-256","kty":"EC","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#;
        for (json, want) in [
            (
                r#"{"kid":"a","kty":"oct","alg":"HS256","k":"AQ"}"#.to_owned(),
                r#"{"k":"AQ","kty":"oct"}"#.to_owned(),
            ),
            (format!(r#"{{"use":"sig",{point}}}"#), format!("{{{point}}}")),
        ] {
            assert_eq!(*Jwk::parse(&json).unwrap().thumbprint_input(), want);
        }
        let print = Thumbprint::new([0xfb; 32]);
        let text = "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s";
        assert_eq!((print.to_string().as_str(), format!("{print:?}")), (text, format!("Thumbprint({text})")));
        assert_eq!(print.as_bytes(), &[0xfb; 32]);
    }
}
