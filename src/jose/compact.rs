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
    header: Vec<u8>,
}

impl<'t> UnverifiedToken<'t> {
    /// Takes `text` apart, if it has at most `max_bytes` bytes.
    ///
    /// # Errors
    /// [`Rejection::TokenTooLarge`], [`Rejection::TokenMalformed`] or [`Rejection::HeaderTooLarge`].
    pub fn parse(text: &'t str, max_bytes: usize) -> Result<Self, Rejection> {
        let mut room = Room::default();
        let header = Segments::split(text, max_bytes)?.decode(&mut room)?.header.to_vec();
        Ok(Self { text, header })
    }

    /// Reads the header, in one pass.
    ///
    /// # Errors
    /// [`Rejection::HeaderMalformed`], [`Rejection::HeaderUnsupported`] or [`Rejection::AlgorithmUnknown`].
    pub fn header(&self) -> Result<Header<'_>, Rejection> {
        Header::parse(&self.header)
    }

    /// The text that was parsed.
    #[must_use]
    pub fn as_str(&self) -> &'t str {
        self.text
    }
}

/// The three segments of a text that is not too large, and of which the encoding has not been looked at.
#[derive(Clone, Copy)]
pub(crate) struct Segments<'t> {
    text: &'t str,
    header: &'t str,
    payload: &'t str,
    signature: &'t str,
}

impl<'t> Segments<'t> {
    /// Finds the outer two of the dots. A third is found when what lies between them is decoded.
    pub(crate) fn split(text: &'t str, max_bytes: usize) -> Result<Self, Rejection> {
        if text.len() > max_bytes {
            return Err(Rejection::TokenTooLarge { limit: max_bytes });
        }
        let (header, rest) = text.split_once('.').unwrap_or_default();
        let Some((payload, signature)) = rest.rsplit_once('.') else {
            return Err(wrong_number_of_segments(text));
        };
        let segments = Self { text, header, payload, signature };
        if base64url::decoded_bytes(header.len()) > MAX_HEADER_BYTES {
            return Err(segments.fault(Rejection::HeaderTooLarge { limit: MAX_HEADER_BYTES }));
        }
        Ok(segments)
    }

    /// The first segment, as it came: the same text has the same header.
    pub(crate) const fn header(&self) -> &'t str {
        self.header
    }

    /// Decodes the segments, in their order, into `room`.
    pub(crate) fn decode<'r>(self, room: &'r mut Room) -> Result<Decoded<'t, 'r>, Rejection> {
        let Room { header, payload, signature } = room;
        let header = header.decode(self.header).ok_or_else(|| self.misencoded(Segment::Header))?;
        self.decode_behind(header, payload, signature)
    }

    /// Decodes all but the header, which must be one that was decoded before.
    pub(crate) fn decode_behind_known_header<'r>(
        self,
        room: &'r mut Room,
    ) -> Result<Decoded<'t, 'r>, Rejection> {
        self.decode_behind(&[], &mut room.payload, &mut room.signature)
    }

    fn decode_behind<'r>(
        self,
        header: &'r [u8],
        payload: &'r mut Buffer<PAYLOAD_INLINE>,
        signature: &'r mut Buffer<SIGNATURE_INLINE>,
    ) -> Result<Decoded<'t, 'r>, Rejection> {
        let payload = payload.decode(self.payload).ok_or_else(|| self.misencoded(Segment::Payload))?;
        let signature =
            signature.decode(self.signature).ok_or_else(|| self.misencoded(Segment::Signature))?;
        let signing_input = self.text.get(..self.header.len() + 1 + self.payload.len()).unwrap_or_default();
        Ok(Decoded { signing_input, header, payload, signature })
    }

    #[cold]
    fn misencoded(&self, segment: Segment) -> Rejection {
        self.fault(Rejection::TokenMalformed(TokenFault::Encoding { segment }))
    }

    /// What is wrong with a token of which something is: first of all the number of its segments.
    #[cold]
    fn fault(&self, fault: Rejection) -> Rejection {
        if self.payload.contains('.') { wrong_number_of_segments(self.text) } else { fault }
    }
}

#[cold]
fn wrong_number_of_segments(text: &str) -> Rejection {
    let found = text.bytes().filter(|byte| *byte == b'.').count() + 1;
    Rejection::TokenMalformed(TokenFault::Segments { found })
}

/// A token of which the form has been checked, and nothing else.
pub(crate) struct Decoded<'t, 'r> {
    signing_input: &'t str,
    header: &'r [u8],
    payload: &'r [u8],
    signature: &'r [u8],
}

impl<'t, 'r> Decoded<'t, 'r> {
    /// Reads the header, in one pass.
    pub(crate) fn header(&self) -> Result<Header<'r>, Rejection> {
        Header::parse(self.header)
    }

    /// The header's JSON, as it came; empty where it was not decoded.
    pub(crate) const fn raw_header(&self) -> &'r [u8] {
        self.header
    }

    /// The exact bytes that are signed.
    pub(crate) const fn signing_input(&self) -> &'t [u8] {
        self.signing_input.as_bytes()
    }

    pub(crate) const fn signature(&self) -> &'r [u8] {
        self.signature
    }

    /// The payload, not yet covered by a verified signature: for choosing a trust anchor, and for nothing else.
    pub(crate) const fn unverified_payload(&self) -> &'r [u8] {
        self.payload
    }

    /// Gives the payload away, once the signature holds.
    pub(crate) const fn into_payload(self) -> &'r [u8] {
        self.payload
    }
}

/// Says that there is a token and how long it is; never the text, which is a secret.
impl fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedToken").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

/// Where a token is decoded to: refusing one of usual size allocates nothing.
#[derive(Default)]
pub(crate) struct Room {
    header: Buffer<HEADER_INLINE>,
    payload: Buffer<PAYLOAD_INLINE>,
    signature: Buffer<SIGNATURE_INLINE>,
}

/// Room for bytes, on the stack when they are as few as usual.
struct Buffer<const INLINE: usize> {
    inline: [u8; INLINE],
    heap: Vec<u8>,
}

impl<const INLINE: usize> Default for Buffer<INLINE> {
    fn default() -> Self {
        Self { inline: [0; INLINE], heap: Vec::new() }
    }
}

impl<const INLINE: usize> Buffer<INLINE> {
    fn decode(&mut self, encoded: &str) -> Option<&[u8]> {
        let bytes = base64url::decoded_bytes(encoded.len());
        if bytes <= INLINE {
            return base64url::decode_into(encoded, &mut self.inline);
        }
        self.heap.resize(bytes, 0);
        base64url::decode_into(encoded, &mut self.heap)
    }
}

/// Largest token accepted by default: what common servers allow for a whole request head.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Largest decoded header accepted. Headers carry an algorithm, a key id and a type; certificates in them are not used.
pub const MAX_HEADER_BYTES: usize = 4 * 1024;

/// An algorithm, a type and a key id of usual length.
const HEADER_INLINE: usize = 128;
/// The claims of most access tokens.
const PAYLOAD_INLINE: usize = 1024;
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
        let text = "e30.eyJhIjoxfQ.AQID";
        assert_eq!(parse(text).unwrap().as_str(), text);
        let mut room = Room::default();
        let segments = Segments::split(text, MAX_TOKEN_BYTES).unwrap();
        assert_eq!(segments.header(), "e30");
        let token = segments.decode(&mut room).unwrap();
        assert_eq!((token.signing_input(), token.signature()), (&b"e30.eyJhIjoxfQ"[..], &[1, 2, 3][..]));
        assert_eq!(token.unverified_payload(), br#"{"a":1}"#);
        assert_eq!(token.into_payload(), br#"{"a":1}"#);
    }

    #[test]
    fn a_third_dot_is_found_whatever_else_is_wrong() {
        let long = base64url::encode(&[0; MAX_HEADER_BYTES + 1]);
        for header in ["e30", "", "!", "e31", &long] {
            for (rest, found) in
                [("...AA", 4), (".e30..", 4), (".!.!.!", 4), (".e30.e30.e30.AA", 5), (".", 2), ("", 1)]
            {
                let text = format!("{header}{rest}");
                let want = Some(Rejection::TokenMalformed(TokenFault::Segments { found }));
                assert_eq!(parse(&text).err(), want, "{rest}");
            }
        }
    }

    #[test]
    fn segments_of_any_length_are_decoded_whole() {
        for length in [0, 127, 128, 129, 255, 256, 257, 1_023, 1_024, 1_025, 2_000] {
            let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
            let segment = base64url::encode(&bytes);
            let text = format!("{segment}.{segment}.{segment}");
            let segments = Segments::split(&text, MAX_TOKEN_BYTES).unwrap();
            let mut room = Room::default();
            let token = segments.decode(&mut room).unwrap();
            assert_eq!((token.header, token.payload, token.signature), (&bytes[..], &bytes[..], &bytes[..]));
        }
    }

    #[test]
    fn debug_does_not_show_the_token() {
        let text = "eyJhbGciOiJFUzI1NiJ9.eyJzZWNyZXQiOjF9.AQID";
        let shown = format!("{:?}", parse(text).unwrap());
        assert_eq!(shown, "UnverifiedToken { bytes: 42, .. }");
    }
}
