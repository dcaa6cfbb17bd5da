//! RSA moduli that can be factored because of how they were made: ROCA, CVE-2017-15361.
//!
//! A widely used chip library made primes of the form `k · M + (65537^a mod M)`, where `M` is the product of the first 126
//! primes for keys of 2048 bits, and of more for longer ones. The modulus of such a key is therefore a power of 65537
//! modulo each of those primes, by which it is recognised, and its factors are found in feasible time:
//! [Nemec, Sys, Svenda, Klinec, Matyas, "The Return of Coppersmith's Attack", ACM CCS 2017](https://doi.org/10.1145/3133956.3133969),
//! sections 2.1 and 2.2.

/// Whether a modulus of at least 2048 bits bears the mark. Most others are told apart by the first few primes.
pub(super) fn is_marked(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|prime| is_power_of_f4(residue(modulus, *prime), *prime))
}

/// Of a big-endian number. `prime` is below 2^16, so nothing overflows.
fn residue(number: &[u8], prime: u32) -> u32 {
    number.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime)
}

fn is_power_of_f4(residue: u32, prime: u32) -> bool {
    let mut power = 1;
    loop {
        if power == residue {
            return true;
        }
        power = power * F4 % prime;
        if power == 1 {
            return false;
        }
    }
}

/// The fourth Fermat number, from which that library took its powers.
const F4: u32 = 65_537;

/// Primes up to 701, the 126th, modulo which few numbers are powers of 65537: of ordinary moduli, one in 2^67 is one
/// modulo all of them.
const PRIMES: [u32; 15] = [37, 97, 229, 239, 241, 257, 331, 349, 397, 461, 523, 541, 571, 673, 691];

#[cfg(test)]
mod tests {
    use super::super::base64url;
    use super::super::jwk::Jwk;
    use super::*;
    use crate::error::KeyError;

    /// Of two 1024-bit primes made as the paper says.
    const MARKED: &str = concat!(
        "wV5LqsE7vNVRWQkMe9QFGZ-CnMU0wXLDTjXaAnwgTyaSjyBpRleEWJGXO2t85SqvgpAJ7BX-nXAsnm5uBDFEW2YfMnsjttx1IWdEqhHLlY-XV8",
        "hABWjaW_ODm7mAFGVv06Bxym0VvUBOu0n40M7P8DNsdekpPFbCOeK5eINlJVpjeEAfGL9ISnm1R2kU6OikZZtp2caBFHJtx2gCal4aoqLLYOzv",
        "1DHeUhdin2nBwjSVn282DraHyAuMXX5znTuVrv85wUCldC-Tdzf2rNP1jx29ZCmcP6ysFkIdPuX26rTpqTjexEMTPx8B2mZkav36xiIL8MLTMD",
        "IWzMSTNFWcWQ",
    );
    /// Another number, with the same residues modulo all the primes of the table but the last.
    const UNMARKED: &str = concat!(
        "wV5LqsE7vNVRWQkMe9QFGZ-CnMU0wXLDTjXaAnwgTyaSjyBpRleEWJGXO2t85SqvgpAJ7BX-nXAsnm5uBDFEW2YfMnsjttx1IWdEqhHLlY-XV8",
        "hABWjaW_ODm7mAFGVv06Bxym0VvUBOu0n40M7P8DNsdekpPFbCOeK5eINlJVpjeEAfGL9ISnm1R2kU6OikZZtp2caBFHJtx2gCal4aoqLLYOzv",
        "1DHeUhdin2nBwjSVn282DraHyAuMXX5znTuVrv85wUCldC-Tdzf2rNP1jx29ZCmcP6ysFkIdPuX26rTpqTjexEMTPx8B2mZkav36xizRvQS22J",
        "PtKx5xwITCYw",
    );

    #[test]
    fn a_modulus_of_the_broken_generator_is_recognised_and_its_neighbour_is_not() {
        for (name, modulus, want) in
            [("marked", MARKED, Err(KeyError::RsaModulusWeak)), ("unmarked", UNMARKED, Ok(()))]
        {
            let jwk = format!(r#"{{"kty":"RSA","n":"{modulus}","e":"AQAB"}}"#);
            assert_eq!(Jwk::parse(&jwk).map(drop), want, "{name}");
        }
        let (marked, unmarked) = (base64url::decode(MARKED).unwrap(), base64url::decode(UNMARKED).unwrap());
        let differing =
            PRIMES.iter().filter(|prime| residue(&marked, **prime) != residue(&unmarked, **prime));
        assert_eq!(differing.collect::<Vec<_>>(), [&691]);
    }

    /// How many of the numbers that a prime does not divide are powers of 65537 modulo it.
    fn powers(prime: u32) -> u32 {
        (1..prime).map(|residue| u32::from(is_power_of_f4(residue, prime))).sum()
    }

    #[test]
    fn an_ordinary_modulus_is_not_taken_for_a_marked_one() {
        let bits: f64 =
            PRIMES.iter().map(|prime| (f64::from(prime - 1) / f64::from(powers(*prime))).log2()).sum();
        assert!(bits > 60.0, "{bits}");
    }

    #[test]
    fn residues_are_those_of_the_whole_number() {
        for (number, prime, want) in [
            (&[][..], 37, 0),
            (&[0x01, 0x00, 0x01], 37, 65_537 % 37),
            (&[0xff; 4], 691, u32::MAX % 691),
            (&[0x01, 0, 0, 0, 0], 691, 134),
        ] {
            assert_eq!(residue(number, prime), want, "{number:?} modulo {prime}");
        }
        // 10 has order 3 modulo 37, and 65537 is 10 modulo 37.
        let modulo_37: Vec<_> = (0..37).filter(|residue| is_power_of_f4(*residue, 37)).collect();
        assert_eq!(modulo_37, [1, 10, 26]);
    }
}
