//! Slow hashes, so that a stolen database does not give passwords away.
//!
//! argon2id with 7 MiB and five passes, one of the equivalent choices of OWASP's cheat sheet: the one with
//! the least memory, since the program has to stay small. At most [`AT_ONCE`] are worked on at a time, off
//! the threads that serve requests, so that a storm of logins neither fills the memory nor stops the rest.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use super::Secret;
use crate::error::{Error, Result};

const AT_ONCE: usize = 2;
const MEMORY_KIB: u32 = 7 * 1024;
const PASSES: u32 = 5;

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
            PasswordHasher::<PasswordHash>::hash_password(&argon2()?, password.expose().as_bytes())
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
            let hash = PasswordHash::new(hash).map_err(|error| {
                Error::Internal(format!("a stored password hash is damaged: {error}"))
            })?;
            let right = argon2()?
                .verify_password(password.expose().as_bytes(), &hash)
                .is_ok();
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

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None)
        .map_err(|error| Error::Internal(format!("parameters of argon2: {error}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
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
