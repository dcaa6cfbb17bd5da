//! The compact serialisation: three segments, sizes first, one text for one token.

use std::fmt;

use super::base64url;
use super::header::Header;
use crate::error::{Rejection, Segment, TokenFault};

/// A token that has been taken apart and not been believed.
///
/// Sizes, segments and the encoding of all three segments have been checked
/// ([RFC 7515, section 7.1](https://www.rfc-editor.org/rfc/rfc7515#section-7.1)); nothing has been verified. The payload
/// is not visible: only a verifier, after the signature, hands it out.
///
/// ```
/// use portcullis::jose::{MAX_TOKEN_BYTES, UnverifiedToken};
///
/// let text = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImEifQ.e30.AA";
/// let token = UnverifiedToken::parse(text, MAX_TOKEN_BYTES).unwrap();
/// assert_eq!(token.header().unwrap().key_id(), Some("a"));
///
/// // Stray bits at the end of a segment: another text for the same bytes, so refused.
/// let code = UnverifiedToken::parse("eyJhbGciOiJFUzI1NiIsImtpZCI6ImEifQ.e30.AB", MAX_TOKEN_BYTES).unwrap_err().code();
/// assert_eq!(code, "token_malformed");
/// ```
pub struct UnverifiedToken<'t> {
    text: &'t str,
    signing_input: &'t str,
    header: Buffer<HEADER_INLINE>,
    payload: Vec<u8>,
    signature: Buffer<SIGNATURE_INLINE>,
}

impl<'t> UnverifiedToken<'t> {
    /// Takes `text` apart, if it has at most `max_bytes` bytes.
    ///
    /// # Errors
    /// [`Rejection::TokenTooLarge`], [`Rejection::TokenMalformed`] or [`Rejection::HeaderTooLarge`].
    pub fn parse(text: &'t str, max_bytes: usize) -> Result<Self, Rejection> {
        if text.len() > max_bytes {
            return Err(Rejection::TokenTooLarge { limit: max_bytes });
        }
        let Some((header, payload, signature)) = split(text) else {
            let found = text.bytes().filter(|byte| *byte == b'.').count() + 1;
            return Err(Rejection::TokenMalformed(TokenFault::Segments { found }));
        };
        if base64url::decoded_bytes(header.len()) > MAX_HEADER_BYTES {
            return Err(Rejection::HeaderTooLarge { limit: MAX_HEADER_BYTES });
        }
        let fault = |segment| Rejection::TokenMalformed(TokenFault::Encoding { segment });
        let signing_input = text.get(..header.len() + 1 + payload.len()).unwrap_or_default();
        Ok(Self {
            text,
            signing_input,
            header: Buffer::decode(header).ok_or(fault(Segment::Header))?,
            payload: base64url::decode(payload).ok_or(fault(Segment::Payload))?,
            signature: Buffer::decode(signature).ok_or(fault(Segment::Signature))?,
        })
    }

    /// Reads the header, in one pass.
    ///
    /// # Errors
    /// [`Rejection::HeaderMalformed`], [`Rejection::HeaderUnsupported`] or [`Rejection::AlgorithmUnknown`].
    pub fn header(&self) -> Result<Header<'_>, Rejection> {
        Header::parse(self.header.bytes())
    }

    /// The exact bytes that are signed.
    pub(crate) fn signing_input(&self) -> &'t [u8] {
        self.signing_input.as_bytes()
    }

    pub(crate) fn signature(&self) -> &[u8] {
        self.signature.bytes()
    }

    /// The payload, not yet covered by a verified signature: for choosing a trust anchor, and for nothing else.
    pub(crate) fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// Gives the payload away, once the signature holds.
    pub(crate) fn into_payload(self) -> Vec<u8> {
        self.payload
    }

    /// The text that was parsed.
    #[must_use]
    pub fn as_str(&self) -> &'t str {
        self.text
    }
}

/// Says that there is a token and how long it is; never the text, which is a secret.
impl fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedToken").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

/// The three segments, if there are exactly three.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let (header, rest) = text.split_once('.')?;
    let (payload, signature) = rest.split_once('.')?;
    if signature.contains('.') { None } else { Some((header, payload, signature)) }
}

/// Decoded bytes, on the stack when they are as few as usual.
enum Buffer<const INLINE: usize> {
    Inline { bytes: [u8; INLINE], len: usize },
    Heap(Vec<u8>),
}

impl<const INLINE: usize> Buffer<INLINE> {
    fn decode(encoded: &str) -> Option<Self> {
        if base64url::decoded_bytes(encoded.len()) > INLINE {
            return base64url::decode(encoded).map(Self::Heap);
        }
        let mut bytes = [0; INLINE];
        let len = base64url::decode_into(encoded, &mut bytes)?.len();
        Some(Self::Inline { bytes, len })
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Inline { bytes, len } => bytes.get(..*len).unwrap_or_default(),
            Self::Heap(bytes) => bytes,
        }
    }
}

/// Largest token accepted by default: what common servers allow for a whole request head.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Largest decoded header accepted. Headers carry an algorithm, a key id and a type; certificates in them are not used.
pub const MAX_HEADER_BYTES: usize = 4 * 1024;

/// An algorithm, a type and a key id of usual length.
const HEADER_INLINE: usize = 128;
/// An RSA-2048 signature; larger ones go to the heap, where the larger key dwarfs the cost.
const SIGNATURE_INLINE: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<UnverifiedToken<'_>, Rejection> {
        UnverifiedToken::parse(text, MAX_TOKEN_BYTES)
    }

    #[test]
    fn segments_are_counted_and_each_is_canonical() {
        use Segment::{Header, Payload, Signature};
        let segments = |found| Err(Rejection::TokenMalformed(TokenFault::Segments { found }));
        let encoding = |segment| Err(Rejection::TokenMalformed(TokenFault::Encoding { segment }));
        for (text, want) in [
            ("e30.e30.AA", Ok(())),
            ("e30.e30.", Ok(())),
            ("", segments(1)),
            ("e30", segments(1)),
            ("e30.e30", segments(2)),
            ("e30.e30.AA.", segments(4)),
            ("e30.e30.AA.AA.AA", segments(5)),
            ("e30=.e30.AA", encoding(Header)),
            ("e31.e30.AA", encoding(Header)),
            ("e30.e30 .AA", encoding(Payload)),
            (" e30.e30.AA", encoding(Header)),
            ("e30.e30.AB", encoding(Signature)),
            ("e30.e30.AA\n", encoding(Signature)),
            ("e30.e3+.AA", encoding(Payload)),
        ] {
            assert_eq!(parse(text).map(drop), want, "{text:?}");
        }
    }

    #[test]
    fn sizes_are_judged_before_anything_is_decoded() {
        assert_eq!((MAX_TOKEN_BYTES, MAX_HEADER_BYTES), (16_384, 4_096), "as documented");
        let text = "e30.e30.AA";
        assert!(UnverifiedToken::parse(text, text.len()).is_ok());
        let limit = text.len() - 1;
        assert_eq!(UnverifiedToken::parse(text, limit).err(), Some(Rejection::TokenTooLarge { limit }));

        let encoded = base64url::encode(&[0; MAX_HEADER_BYTES]);
        let fits = format!("{encoded}.e30.AA");
        assert!(UnverifiedToken::parse(&fits, usize::MAX).is_ok());
        let large = format!("{encoded}!.e30.AA");
        let want = Some(Rejection::HeaderTooLarge { limit: MAX_HEADER_BYTES });
        assert_eq!(UnverifiedToken::parse(&large, usize::MAX).err(), want);
    }

    #[test]
    fn the_signing_input_is_the_text_as_it_came() {
        let token = parse("e30.eyJhIjoxfQ.AQID").unwrap();
        assert_eq!(token.signing_input(), b"e30.eyJhIjoxfQ");
        assert_eq!((token.as_str(), token.signature()), ("e30.eyJhIjoxfQ.AQID", &[1, 2, 3][..]));
        assert_eq!(token.unverified_payload(), br#"{"a":1}"#);
        assert_eq!(token.into_payload(), br#"{"a":1}"#);
    }

    #[test]
    fn debug_does_not_show_the_token() {
        let text = "eyJhbGciOiJFUzI1NiJ9.eyJzZWNyZXQiOjF9.AQID";
        let shown = format!("{:?}", parse(text).unwrap());
        assert_eq!(shown, "UnverifiedToken { bytes: 42, .. }");
    }
}
