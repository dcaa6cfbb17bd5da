//! The keys, and the tokens that clients send.

use portcullis::Algorithm;
use portcullis::testkit::{Mint, TestClock};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) const IDENTIFIER: &str = "https://id.example.com";
pub(crate) const AUDIENCE: &str = "https://api.example.com";

/// How many keys there are in the day.
pub(crate) const KEY_COUNT: usize = 9;
/// The key that stands under the name of the one before it.
pub(crate) const RENAMED: usize = 4;

/// A key of the issuer, or of somebody else.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) kid: String,
    pub(crate) jwk: Value,
}

/// What a client asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ask {
    /// With a token of this key.
    Token { key: usize, fault: Fault },
    /// With a key id that nobody has.
    Invented,
}

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    None,
    Expired,
    OtherAudience,
    /// Signed by somebody else.
    Forged,
}

const FAULTS: [Fault; 4] = [Fault::None, Fault::Expired, Fault::OtherAudience, Fault::Forged];

pub(crate) struct Requests {
    keys: Vec<Key>,
    /// By key and fault.
    tokens: Vec<[String; 4]>,
    invented: Vec<String>,
}

impl Requests {
    pub(crate) fn new(clock: &TestClock) -> Self {
        let mint = || {
            let builder = Mint::builder(IDENTIFIER).algorithm(Algorithm::EdDSA);
            builder.audience(AUDIENCE).clock(clock.clone()).build()
        };
        let stranger = mint();
        let mut keys: Vec<Key> = Vec::new();
        let mut tokens = Vec::new();
        for number in 0..KEY_COUNT {
            let mint = mint();
            let kid = if number == RENAMED { keys[number - 1].kid.clone() } else { format!("key-{number}") };
            let token =
                |mint: &Mint| mint.token().header("kid", &kid).expires_in(Duration::from_secs(3 * 86_400));
            tokens.push([
                token(&mint).mint(),
                token(&mint).expired_for(Duration::from_secs(600)).mint(),
                token(&mint).audience("https://other.example.com").mint(),
                token(&stranger).mint(),
            ]);
            let document: Value = serde_json::from_str(&mint.jwks_json()).unwrap();
            let mut jwk = document["keys"][0].clone();
            jwk["kid"] = json!(kid);
            keys.push(Key { kid, jwk });
        }
        let invented =
            (0..200).map(|n| stranger.token().header("kid", format!("invented-{n}")).mint()).collect();
        Self { keys, tokens, invented }
    }

    pub(crate) fn keys(&self) -> Vec<Key> {
        self.keys.clone()
    }

    /// Most clients send a good token of the key that signs now.
    pub(crate) fn draw(&self, dice: &mut Dice, signing: usize, flooded: bool) -> (Ask, String) {
        if dice.below(100) < if flooded { 60 } else { 3 } {
            return (Ask::Invented, self.invented[dice.below(200)].clone());
        }
        let key = if dice.below(100) < 75 { signing } else { dice.below(KEY_COUNT) };
        let fault = if dice.below(100) < 80 { 0 } else { dice.below(4) };
        (Ask::Token { key, fault: FAULTS[fault] }, self.tokens[key][fault].clone())
    }
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}
