//! JSON by RFC 8259, read by a parser that shares no code with the library's: the oracle of other targets.

/// A value; an object with all its members, in their order, repeated ones too.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    /// As it was written.
    Number(String),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unread {
    /// The text is not JSON, or nested deeper than readers must follow.
    Refused,
    /// A number so near to the largest that readers may differ on whether it is one.
    Open,
}

/// Reads `text`, nested at most [`DEPTH`] deep.
pub fn parse(text: &[u8]) -> Result<Json, Unread> {
    parse_within(text, DEPTH)
}

/// Reads `text`, nested at most `depth` deep.
pub fn parse_within(text: &[u8], depth: usize) -> Result<Json, Unread> {
    let text = std::str::from_utf8(text).map_err(|_| Unread::Refused)?;
    let mut reader = Reader { rest: text.as_bytes() };
    let value = reader.value(depth)?;
    reader.space();
    if reader.rest.is_empty() { Ok(value) } else { Err(Unread::Refused) }
}

impl Json {
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether an object, at any depth, has a member twice.
    pub fn repeats(&self) -> bool {
        match self {
            Self::Array(items) => items.iter().any(Self::repeats),
            Self::Object(members) => repeated(members) || members.iter().any(|(_, value)| value.repeats()),
            _ => false,
        }
    }

    /// The value of a member that stands there once.
    pub fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(own, _)| own == name).map(|(_, value)| value),
            _ => None,
        }
    }
}

fn repeated(members: &[(String, Json)]) -> bool {
    let mut names: Vec<_> = members.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| pair[0] == pair[1])
}

struct Reader<'t> {
    rest: &'t [u8],
}

impl Reader<'_> {
    fn next(&mut self) -> Result<u8, Unread> {
        let (first, rest) = self.rest.split_first().ok_or(Unread::Refused)?;
        self.rest = rest;
        Ok(*first)
    }

    fn take(&mut self, want: u8) -> bool {
        let found = self.rest.first() == Some(&want);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn space(&mut self) {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    fn word(&mut self, word: &[u8], value: Json) -> Result<Json, Unread> {
        self.rest = self.rest.strip_prefix(word).ok_or(Unread::Refused)?;
        Ok(value)
    }

    fn value(&mut self, depth: usize) -> Result<Json, Unread> {
        self.space();
        match self.rest.first().ok_or(Unread::Refused)? {
            b'n' => self.word(b"null", Json::Null),
            b't' => self.word(b"true", Json::Bool(true)),
            b'f' => self.word(b"false", Json::Bool(false)),
            b'"' => self.text().map(Json::Text),
            b'[' => self.array(depth.checked_sub(1).ok_or(Unread::Refused)?),
            b'{' => self.object(depth.checked_sub(1).ok_or(Unread::Refused)?),
            _ => self.number(),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json, Unread> {
        self.next()?;
        let mut items = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.space();
            match self.next()? {
                b',' => {}
                b']' => return Ok(Json::Array(items)),
                _ => return Err(Unread::Refused),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, Unread> {
        self.next()?;
        let mut members = Vec::new();
        self.space();
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            let name = self.text()?;
            self.space();
            if !self.take(b':') {
                return Err(Unread::Refused);
            }
            members.push((name, self.value(depth)?));
            self.space();
            match self.next()? {
                b',' => {}
                b'}' => return Ok(Json::Object(members)),
                _ => return Err(Unread::Refused),
            }
        }
    }

    fn digits(&mut self, written: &mut String) -> Result<(), Unread> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at(count);
        written.extend(digits.iter().copied().map(char::from));
        self.rest = rest;
        if count == 0 { Err(Unread::Refused) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<Json, Unread> {
        let mut written = String::new();
        if self.take(b'-') {
            written.push('-');
        }
        if self.take(b'0') {
            written.push('0');
        } else {
            self.digits(&mut written)?;
        }
        if self.take(b'.') {
            written.push('.');
            self.digits(&mut written)?;
        }
        if self.take(b'e') || self.take(b'E') {
            written.push('e');
            if self.take(b'-') {
                written.push('-');
            } else {
                self.take(b'+');
            }
            self.digits(&mut written)?;
        }
        let size = written.parse::<f64>().map_err(|_| Unread::Refused)?.abs();
        if size.is_infinite() {
            let shifted = written.parse::<Decimal>().map_err(|()| Unread::Refused)?;
            return Err(if shifted.magnitude() > 310 { Unread::Refused } else { Unread::Open });
        }
        if size > 1e307 { Err(Unread::Open) } else { Ok(Json::Number(written)) }
    }

    fn text(&mut self) -> Result<String, Unread> {
        if !self.take(b'"') {
            return Err(Unread::Refused);
        }
        let mut bytes = Vec::new();
        loop {
            match self.next()? {
                b'"' => return String::from_utf8(bytes).map_err(|_| Unread::Refused),
                b'\\' => {
                    let character = self.escape()?;
                    bytes.extend(character.encode_utf8(&mut [0; 4]).bytes());
                }
                ..0x20 => return Err(Unread::Refused),
                byte => bytes.push(byte),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Unread> {
        Ok(match self.next()? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut units = vec![self.unit()?];
                if (0xd800..0xdc00).contains(&units[0]) && self.take(b'\\') && self.take(b'u') {
                    units.push(self.unit()?);
                }
                let mut decoded = char::decode_utf16(units);
                let character = decoded.next().and_then(Result::ok).ok_or(Unread::Refused)?;
                if decoded.next().is_some() {
                    return Err(Unread::Refused);
                }
                character
            }
            _ => return Err(Unread::Refused),
        })
    }

    fn unit(&mut self) -> Result<u16, Unread> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = char::from(self.next()?).to_digit(16).ok_or(Unread::Refused)?;
            unit = unit << 4 | u16::try_from(digit).expect("a digit");
        }
        Ok(unit)
    }
}

/// A number exactly as it is written: `digits * 10^exponent`.
#[derive(Clone, Debug)]
pub struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl std::str::FromStr for Decimal {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let far = if exponent.starts_with('-') { -1_000_000 } else { 1_000_000 };
        let exponent = exponent.parse().unwrap_or(far).clamp(-1_000_000, 1_000_000);
        let digits = format!("{whole}{fraction}").trim_start_matches('0').to_owned();
        let shift = i64::try_from(fraction.len()).map_err(|_| ())?;
        Ok(Self { negative, digits, exponent: exponent - shift })
    }
}

impl Decimal {
    /// How many digits stand before the point; 0 and below for what is less than 1.
    fn magnitude(&self) -> i64 {
        i64::try_from(self.digits.len()).unwrap_or(i64::MAX).saturating_add(self.exponent)
    }

    /// The greatest whole number of billionths that is not greater; far away, a number that is far enough.
    pub fn billionths(&self) -> i128 {
        let shift = self.exponent + 9;
        let kept = i64::try_from(self.digits.len()).unwrap_or(i64::MAX).saturating_add(shift.min(0));
        let size = if self.digits.is_empty() {
            0
        } else if self.magnitude() > 24 {
            FAR
        } else if shift >= 0 {
            self.digits
                .parse::<i128>()
                .map_or(FAR, |digits| digits * 10i128.pow(u32::try_from(shift).unwrap_or(0)))
        } else {
            let (kept, dropped) = self.digits.split_at(usize::try_from(kept).unwrap_or(0));
            let whole = if kept.is_empty() { 0 } else { kept.parse().unwrap_or(FAR) };
            let rest = dropped.bytes().any(|digit| digit != b'0');
            whole + i128::from(self.negative && rest)
        };
        if self.negative { -size } else { size }
    }
}

/// More billionths of a second than 64 bits of seconds hold.
const FAR: i128 = 1 << 100;

/// As deep as the library's reader follows: a bound on its stack.
pub const DEPTH: usize = 127;
