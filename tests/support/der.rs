//! Just enough DER to hand keys to a signer and to key parsers.

/// One element: tag, length, content.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let length = content.len().to_be_bytes();
            let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
            out.push(0x80 | u8::try_from(length.len()).unwrap());
            out.extend(length);
        }
    }
    out.extend(content);
    out
}

/// A positive INTEGER from big-endian bytes.
pub fn integer(number: &[u8]) -> Vec<u8> {
    let mut content: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
    if content.first().is_none_or(|first| first & 0x80 != 0) {
        content.insert(0, 0);
    }
    element(0x02, &content)
}

/// A SEQUENCE of elements.
pub fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &elements.concat())
}

/// The numbers of a SEQUENCE of two positive INTEGERs, such as an RSA public key.
pub fn two_integers(der: &[u8]) -> [Vec<u8>; 2] {
    let (sequence, rest) = content(der);
    assert!(rest.is_empty());
    let (first, rest) = content(sequence);
    let (second, rest) = content(rest);
    assert!(rest.is_empty());
    [first, second].map(|number| number.iter().copied().skip_while(|byte| *byte == 0).collect())
}

/// The content of the first element, and what follows it.
fn content(der: &[u8]) -> (&[u8], &[u8]) {
    let long = usize::from(der[1] & 0x7f);
    let (start, length) = match der[1] {
        short @ ..0x80 => (2, usize::from(short)),
        _ => (2 + long, der[2..2 + long].iter().fold(0, |length, byte| length << 8 | usize::from(*byte))),
    };
    der[start..].split_at(length)
}

/// A PEM block, lines of 64 characters.
pub fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<_> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
