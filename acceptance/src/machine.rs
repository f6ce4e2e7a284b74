//! The Rust half of `./dev`: everything that comes after packages, the engine and the build.
//!
//! | file | what it does |
//! |---|---|
//! | [`up`] | starts `zund` for this checkout, writes `target/zun/env` |
//! | [`port`] | who listens on a port that we want |
//! | [`cli`] | finds, fetches or builds `terraform` and `tofu` |
//! | [`openstack`] | fetches OpenStack's own clients |
//! | [`quickstart`] | applies the example and looks at it; takes it down |
//! | [`checks`] | `./dev test`: every check, one after the other, counted |
//! | `leftover` | what the tests left behind |
//! | [`tally`] | reads what the test runner prints |
//! | [`postgres`] | a PostgreSQL for the length of the tests |
//! | [`say`] | what a person sees meanwhile |

use std::path::{Path, PathBuf};

use crate::settings;

pub mod checks;
pub mod cli;
mod leftover;
pub mod openstack;
pub mod port;
pub mod postgres;
pub mod quickstart;
pub mod say;
pub mod tally;
pub mod up;

/// The checkout that `./dev` stands in, and where its things are.
#[derive(Debug, Clone)]
pub struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The checkout at this absolute path.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The top folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What `up` makes and may make again at any time.
    pub fn made(&self) -> PathBuf {
        self.root.join("target/zun")
    }

    /// The data of this checkout's `zund`, its log and its process id: kept when `target` is deleted.
    pub fn state(&self) -> PathBuf {
        let name = self.root.file_name().unwrap_or_default().to_string_lossy();
        let whole = self.root.to_string_lossy();
        settings::state_dir().join(format!("{name}-{:016x}", fingerprint(whole.as_bytes())))
    }

    /// The example that the quick start applies.
    pub fn quickstart(&self) -> PathBuf {
        self.root.join("examples/terraform/quickstart")
    }
}

/// FNV-1a: the same in every build, so that a checkout finds its state again.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::{Checkout, fingerprint};

    #[test]
    fn the_fingerprint_is_fnv_1a() {
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn two_checkouts_of_one_name_have_two_states() {
        let state = |path: &str| Checkout::new(path.into()).state();
        assert_ne!(state("/a/zun"), state("/b/zun"));
        assert_eq!(state("/a/zun"), state("/a/zun"));
    }
}
