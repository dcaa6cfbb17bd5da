//! Strict JSON text ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)), read where it stands.
//!
//! Finds where things begin and end, and sees repeated members at every depth. What is rare and has edges of its own is
//! given to `serde_json`: strings with escapes, and numbers that need floating point.

mod pass;

use std::borrow::Cow;

use super::strict::{Names, Text};

/// A place in a JSON text, moved on by what is read there.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'j> {
    text: &'j str,
    at: usize,
    /// How many objects and arrays may still be stepped into.
    room: u8,
}

/// The text is not JSON, nested too deeply, or holds an object with a repeated member.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Malformed;

/// Why there is no value of the type that was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unread {
    Malformed,
    /// A value begins there, of another type.
    OtherType,
}

impl From<Malformed> for Unread {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

/// A string, with its place in the text if it is written there as it reads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Literal<'j> {
    pub(crate) text: Cow<'j, str>,
    pub(crate) at: usize,
}

/// The name of a member.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'n, 'j> {
    pub(crate) text: &'n str,
    /// The same in the text, if it is written there as it reads.
    plain: Option<&'j str>,
}

impl<'j> Name<'_, 'j> {
    /// The name, to be kept.
    pub(crate) fn kept(self) -> Cow<'j, str> {
        self.plain.map_or_else(|| Cow::Owned(self.text.to_owned()), Cow::Borrowed)
    }
}

/// A number as it is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Number<'j> {
    pub(crate) text: &'j str,
    /// Its value, if it is an integer of at most 18 digits.
    pub(crate) integer: Option<i64>,
}

/// A value that was read past.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Value<'j> {
    Text(Literal<'j>),
    Object,
    Other,
}

impl<'j> Cursor<'j> {
    pub(crate) const fn new(text: &'j str) -> Self {
        Self { text, at: 0, room: MAX_DEPTH }
    }

    /// Where the cursor stands.
    pub(crate) const fn place(&self) -> usize {
        self.at
    }

    /// Reads an object: `each` is called with the name of each member, and must read the value.
    pub(crate) fn object<E: From<Malformed>>(
        &mut self,
        mut each: impl FnMut(&mut Self, Name<'_, 'j>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.list((b'{', b'}'), |cursor| {
            if cursor.peek() != Some(b'"') {
                return Err(Malformed.into());
            }
            // Not a literal: that would be written and read again before it is there, at each name.
            let opened = cursor.at;
            let plain = cursor.plain_string();
            let escaped;
            let text = match plain {
                Some(text) => text,
                None => {
                    escaped = cursor.escaped_string(opened)?.text;
                    &*escaped
                }
            };
            each(cursor, Name { text, plain })
        })
    }

    /// Steps over the colon behind a name.
    pub(crate) fn colon(&mut self) -> Result<(), Malformed> {
        match self.peek() {
            Some(b':') => {
                self.at += 1;
                Ok(())
            }
            _ => Err(Malformed),
        }
    }

    /// Reads an array: `each` must read one value.
    pub(crate) fn array<E: From<Malformed>>(
        &mut self,
        each: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.list((b'[', b']'), each)
    }

    pub(crate) fn string(&mut self) -> Result<Literal<'j>, Unread> {
        match self.peek() {
            Some(b'"') => Ok(self.quoted()?),
            _ => Err(self.other_type()),
        }
    }

    pub(crate) fn number(&mut self) -> Result<Number<'j>, Unread> {
        match self.peek() {
            Some(b'-' | b'0'..=b'9') => Ok(self.digits()?),
            _ => Err(self.other_type()),
        }
    }

    /// Reads past any value.
    pub(crate) fn value(&mut self) -> Result<Value<'j>, Malformed> {
        match self.peek() {
            Some(b'"') => return self.quoted().map(Value::Text),
            Some(b'{') => {
                let mut names = Names::default();
                self.object(|cursor, name| {
                    if !names.insert(name.kept()) {
                        return Err(Malformed);
                    }
                    cursor.colon()?;
                    cursor.value().map(drop)
                })?;
                return Ok(Value::Object);
            }
            Some(b'[') => self.array(|cursor| cursor.value().map(drop))?,
            Some(b'-' | b'0'..=b'9') => drop(self.digits()?),
            Some(b't') => self.word("true")?,
            Some(b'f') => self.word("false")?,
            Some(b'n') => self.word("null")?,
            _ => return Err(Malformed),
        }
        Ok(Value::Other)
    }

    /// Whether an array begins here.
    pub(crate) fn is_array(&mut self) -> bool {
        self.peek() == Some(b'[')
    }

    /// Nothing but white space follows.
    pub(crate) fn end(mut self) -> Result<(), Malformed> {
        if self.peek().is_none() { Ok(()) } else { Err(Malformed) }
    }

    /// A value of another type than was asked for is judged by its beginning.
    fn other_type(&mut self) -> Unread {
        match self.peek() {
            Some(b'{' | b'[') => Unread::OtherType,
            _ => self.value().map_or(Unread::Malformed, |_| Unread::OtherType),
        }
    }

    fn list<E: From<Malformed>>(
        &mut self,
        (open, close): (u8, u8),
        mut each: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.room = self.room.checked_sub(1).ok_or(Malformed)?;
        if self.peek() != Some(open) {
            return Err(Malformed.into());
        }
        self.at += 1;
        if self.peek() == Some(close) {
            self.at += 1;
        } else {
            loop {
                each(self)?;
                let next = self.peek();
                self.at += 1;
                match next {
                    Some(b',') => {}
                    Some(byte) if byte == close => break,
                    _ => return Err(Malformed.into()),
                }
            }
        }
        self.room += 1;
        Ok(())
    }

    fn bytes(&self) -> &'j [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The next byte that is not white space, which is stepped over.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                next => return next.copied(),
            }
        }
    }

    fn word(&mut self, word: &str) -> Result<(), Malformed> {
        if !self.bytes().starts_with(word.as_bytes()) {
            return Err(Malformed);
        }
        self.at += word.len();
        Ok(())
    }

    /// A string, whose opening quotation mark is the next byte.
    #[inline]
    fn quoted(&mut self) -> Result<Literal<'j>, Malformed> {
        let opened = self.at;
        match self.plain_string() {
            Some(text) => Ok(Literal { text: Cow::Borrowed(text), at: opened + 1 }),
            None => self.escaped_string(opened),
        }
    }

    /// The string that begins here, if it has no escapes; else stands before what ended it. Comes back in registers.
    #[inline(never)]
    fn plain_string(&mut self) -> Option<&'j str> {
        let start = self.at + 1;
        self.at = start + plain(self.text.as_bytes().get(start..).unwrap_or_default());
        if self.bytes().first() != Some(&b'"') {
            return None;
        }
        let text = self.text.get(start..self.at);
        self.at += 1;
        text
    }

    /// A string with escapes: stands before the first of them, if there is one.
    #[cold]
    #[inline(never)]
    fn escaped_string(&mut self, opened: usize) -> Result<Literal<'j>, Malformed> {
        self.leave_string()?;
        // Control characters are refused here too.
        let literal = self.text.get(opened..self.at).ok_or(Malformed)?;
        let Text(text) = serde_json::from_str(literal).map_err(|_| Malformed)?;
        Ok(Literal { text, at: opened + 1 })
    }

    /// To behind the quote that ends the string that this stands in.
    fn leave_string(&mut self) -> Result<(), Malformed> {
        let mut rest = self.bytes().iter();
        loop {
            match rest.next().ok_or(Malformed)? {
                b'"' => break,
                b'\\' => drop(rest.next()),
                _ => {}
            }
        }
        self.at = self.text.len() - rest.as_slice().len();
        Ok(())
    }

    /// A number, whose first byte is the next.
    fn digits(&mut self) -> Result<Number<'j>, Malformed> {
        let start = self.at;
        let negative = self.step_over(|byte| byte == b'-');
        let leading_zero = self.bytes().first() == Some(&b'0');
        let (count, value) = self.run_of_digits()?;
        if leading_zero && count > 1 {
            return Err(Malformed);
        }
        let fraction = self.step_over(|byte| byte == b'.');
        if fraction {
            self.run_of_digits()?;
        }
        let exponent = self.step_over(|byte| matches!(byte, b'e' | b'E'));
        if exponent {
            self.step_over(|byte| matches!(byte, b'+' | b'-'));
            self.run_of_digits()?;
        }
        let text = self.text.get(start..self.at).ok_or(Malformed)?;
        if exponent || text.len() > SURELY_FINITE {
            serde_json::from_str::<f64>(text).map_err(|_| Malformed)?;
        }
        let exact = !fraction && !exponent && count <= 18;
        let value = if negative { value.wrapping_neg() } else { value };
        Ok(Number { text, integer: exact.then_some(value) })
    }

    fn step_over(&mut self, wanted: impl Fn(u8) -> bool) -> bool {
        let found = self.bytes().first().is_some_and(|byte| wanted(*byte));
        self.at += usize::from(found);
        found
    }

    /// One digit or more: how many, and their value, which is not to be used of more than 18.
    fn run_of_digits(&mut self) -> Result<(usize, i64), Malformed> {
        let (mut count, mut value) = (0, 0_i64);
        for byte in self.bytes() {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
            count += 1;
        }
        self.at += count;
        if count == 0 { Err(Malformed) } else { Ok((count, value)) }
    }
}

/// How many bytes from the beginning of `bytes` stand for themselves in a string: up to a quotation mark, a backslash or a
/// control character. Eight at a time.
fn plain(bytes: &[u8]) -> usize {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let (words, rest) = bytes.as_chunks();
    let mut passed = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        // A borrow reaches only bytes above one that was found, so the lowest is always true.
        let (quote, backslash) = (word ^ (EACH * 0x22), word ^ (EACH * 0x5c));
        let found = (quote.wrapping_sub(EACH) & !quote)
            | (backslash.wrapping_sub(EACH) & !backslash)
            | (word.wrapping_sub(EACH * 0x20) & !word);
        let found = found & HIGH;
        if found != 0 {
            return passed + usize::try_from(found.trailing_zeros() / 8).unwrap_or_default();
        }
        passed += 8;
    }
    passed + rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | ..0x20)).count()
}

/// How deeply objects and arrays may be nested: as `serde_json` has it, so that the claims that are let through can be read
/// in the application's own shape.
const MAX_DEPTH: u8 = 127;

/// A number of at most so many characters is below the greatest that floating point holds, unless it has an exponent.
const SURELY_FINITE: usize = 300;
