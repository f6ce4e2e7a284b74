//! Secrets at rest. What may hold a password is sealed before it is bound and opened after it is read:
//! a version byte, a random nonce of 24 bytes, and the text under XChaCha20-Poly1305 (the long nonce may
//! be random without counting). The table, column and row are authenticated with it, so that a value
//! copied to another place does not open.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

const VERSION: u8 = 1;
const NONCE: usize = 24;

/// Where a sealed value belongs.
pub(crate) struct Place<'a> {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) row: &'a str,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        format!("{}/{}/{}", self.table, self.column, self.row).into_bytes()
    }
}

/// Seals and opens. Does not print its key; the key is wiped when the vault is dropped.
pub(crate) struct Vault {
    cipher: XChaCha20Poly1305,
}

impl Vault {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new(&(*key).into()),
        }
    }

    /// Seals `plain` for its place.
    pub(crate) fn seal(&self, plain: &[u8], place: &Place<'_>) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload {
            msg: plain,
            aad: &place.bytes(),
        };
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|error| Error::Internal(Box::new(error)))?;
        let mut whole = Vec::with_capacity(1 + NONCE + sealed.len());
        whole.push(VERSION);
        whole.extend_from_slice(&nonce);
        whole.extend_from_slice(&sealed);
        Ok(whole)
    }

    /// Opens what [`Vault::seal`] made for the same place.
    pub(crate) fn open(&self, whole: &[u8], place: &Place<'_>) -> Result<Zeroizing<Vec<u8>>> {
        let corrupt = |why: &str| Error::Corrupt {
            table: place.table,
            row: place.row.to_owned(),
            why: format!("{}: {why}", place.column),
        };
        let (nonce, sealed) = match whole {
            [VERSION, rest @ ..] => rest
                .split_first_chunk::<NONCE>()
                .ok_or_else(|| corrupt("is too short"))?,
            _ => return Err(corrupt("is sealed in a way this program does not know")),
        };
        let payload = Payload {
            msg: sealed,
            aad: &place.bytes(),
        };
        self.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| corrupt("does not open with the key: it was changed or belongs elsewhere"))
    }

    /// Seals the JSON of a value.
    pub(crate) fn seal_json<T: Serialize>(&self, value: &T, place: &Place<'_>) -> Result<Vec<u8>> {
        let plain = serde_json::to_vec(value).map_err(|error| Error::Internal(Box::new(error)))?;
        self.seal(&Zeroizing::new(plain), place)
    }

    /// Opens a sealed JSON. The message of a failure has no part of the text.
    pub(crate) fn open_json<T: DeserializeOwned>(
        &self,
        whole: &[u8],
        place: &Place<'_>,
    ) -> Result<T> {
        let plain = self.open(whole, place)?;
        serde_json::from_slice(&plain).map_err(|error| Error::Corrupt {
            table: place.table,
            row: place.row.to_owned(),
            why: format!(
                "{}: not what this program writes, at character {}",
                place.column,
                error.column()
            ),
        })
    }

    /// Opens a sealed text.
    pub(crate) fn open_text(&self, whole: &[u8], place: &Place<'_>) -> Result<String> {
        let plain = self.open(whole, place)?;
        String::from_utf8(plain.to_vec()).map_err(|_| Error::Corrupt {
            table: place.table,
            row: place.row.to_owned(),
            why: format!("{}: not text", place.column),
        })
    }
}
