//! A text that does not print and is wiped when dropped.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A password, a token or another secret.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text, for handing it to whom it is meant for.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// 256 random bits, as 43 characters that need no quoting in a URL, a header or a shell.
    pub fn random() -> Self {
        let bits: Zeroizing<[u8; 32]> = Zeroizing::new(rand::random());
        Self::new(URL_SAFE_NO_PAD.encode(*bits))
    }

    /// What is kept of a secret that is long and random enough not to need a slow hash.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn does_not_print_and_is_never_the_same_twice() {
        let secret = Secret::random();
        assert_eq!(format!("{secret:?}"), "Secret(redacted)");
        assert_eq!(secret.expose().len(), 43);
        assert_ne!(secret.expose(), Secret::random().expose());
        assert_eq!(secret.fingerprint(), secret.clone().fingerprint());
    }
}
