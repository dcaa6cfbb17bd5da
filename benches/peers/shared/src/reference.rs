//! What all are compared with: the signature alone, checked by aws-lc-rs with a key that was parsed before.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{Algorithm, Contender, Local, Task};

/// Checks the signature of the task's own token, whatever token it is handed.
///
/// # Errors
/// If the key or the token of the task is not what its algorithm says.
pub fn signature_alone(task: &Task) -> Result<Box<dyn Contender>, String> {
    let (input, signature) = task.token.rsplit_once('.').ok_or("not a token")?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|error| error.to_string())?;
    let input = input.as_bytes().to_vec();
    let algorithm: &'static dyn VerificationAlgorithm = match task.algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
        Algorithm::EdDsa => &signature::ED25519,
        Algorithm::Hs256 => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &task.key);
            return Ok(Box::new(Local(move |_: &str| hmac::verify(&key, &input, &signature).is_ok())));
        }
    };
    let key = ParsedPublicKey::new(algorithm, &task.key).map_err(|error| error.to_string())?;
    Ok(Box::new(Local(move |_: &str| key.verify_sig(&input, &signature).is_ok())))
}
