//! Slow hashes, so that a stolen database does not give passwords away.
//!
//! argon2id with 7 MiB and five passes, one of the equivalent choices of OWASP's cheat sheet: the one with
//! the least memory, since the program has to stay small. At most [`AT_ONCE`] are worked on at a time, off
//! the threads that serve requests, so that a storm of logins neither fills the memory nor stops the rest.

use std::sync::Arc;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{self, Error as HashError};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use tokio::sync::Semaphore;

use super::Secret;
use crate::error::{Error, Result};

const AT_ONCE: usize = 2;
const MEMORY_KIB: u32 = 7 * 1024;
const PASSES: u32 = 5;
/// KiB reserved for one hash, which touches only what its parameters say. To malloc more than 32 MiB are always a
/// mapping of their own, given back when they are freed; 7 MiB would stay with the heap of the thread for good.
const RESERVED_KIB: usize = 33 * 1024;

/// Compared with where there is no such user, so that finding this out takes as long as a wrong password.
/// It is the hash of nothing.
const NOBODY: &str = "$argon2id$v=19$m=7168,t=5,p=1$bm9ib2R5IGF0IGFsbCEhIQ$\
                      AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub(super) struct Hasher {
    turns: Arc<Semaphore>,
}

impl Hasher {
    pub(super) fn new() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// The text to keep of a password.
    pub(super) async fn hash(&self, password: &Secret) -> Result<String> {
        let password = password.clone();
        self.work(move || {
            let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(HashError::from);
            params
                .and_then(|params| hashed(&password, &params, Salt::generate()))
                .map(|hash| hash.to_string())
                .map_err(|error| Error::Internal(format!("cannot hash a password: {error}")))
        })
        .await
    }

    /// Whether the password is the one that was hashed. With `None` the answer is no, after the same time.
    pub(super) async fn verify(&self, password: &Secret, hash: Option<String>) -> Result<bool> {
        let password = password.clone();
        self.work(move || {
            let exists = hash.is_some();
            let hash = hash.as_deref().unwrap_or(NOBODY);
            let right = is_hash_of(hash, &password).map_err(|error| {
                Error::Internal(format!("a stored password hash is damaged: {error}"))
            })?;
            Ok(right && exists)
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let ended = |error: &dyn std::fmt::Display| {
            Error::Internal(format!("hashing a password ended early: {error}"))
        };
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(|error| ended(&error))?;
        // The turn ends with the work, not with the wait for it: a client that hangs up frees nothing.
        let work = move || {
            let done = work();
            drop(turn);
            done
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| ended(&error))?
    }
}

/// Takes as long whether it is or not.
fn is_hash_of(stored: &str, password: &Secret) -> password_hash::Result<bool> {
    let stored = PasswordHash::new(stored)?;
    let salt = stored.salt.ok_or(HashError::EncodingInvalid)?;
    let computed = hashed(password, &Params::try_from(&stored)?, salt)?;
    Ok(stored.hash.is_some() && computed.hash == stored.hash)
}

fn hashed(password: &Secret, params: &Params, salt: Salt) -> password_hash::Result<PasswordHash> {
    let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
    let mut memory: Vec<Block> = Vec::with_capacity(RESERVED_KIB);
    memory.resize(params.block_count(), Block::new());
    let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
    Argon2::new(algorithm, version, params.clone()).hash_password_into_with_memory(
        password.expose().as_bytes(),
        &salt,
        &mut out,
        &mut memory,
    )?;
    Ok(PasswordHash {
        algorithm: algorithm.ident(),
        version: Some(version.into()),
        params: ParamsString::try_from(params)?,
        salt: Some(salt),
        hash: Some(Output::new(&out)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let hasher = Hasher::new();
        let hash = hasher.hash(&Secret::new("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=7168,t=5,p=1$"), "{hash}");
        assert!(
            hasher
                .verify(&Secret::new("correct horse"), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(
            !hasher
                .verify(&Secret::new("battery staple"), Some(hash))
                .await
                .unwrap()
        );
        assert!(
            !hasher
                .verify(&Secret::new("correct horse"), None)
                .await
                .unwrap()
        );
        assert!(
            hasher
                .verify(&Secret::new("x"), Some("damaged".to_owned()))
                .await
                .is_err()
        );
    }

    #[test]
    fn nobody_costs_what_somebody_costs() {
        assert!(NOBODY.contains(&format!("m={MEMORY_KIB},t={PASSES},p=1")));
        assert!(PasswordHash::new(NOBODY).is_ok());
    }
}
