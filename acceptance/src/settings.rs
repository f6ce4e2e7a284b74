//! The environment, read in this one place.
//!
//! | variable | meaning |
//! |---|---|
//! | `TEST_DOCKER=1` | tests may use the Docker Engine of this machine |
//! | `TEST_POSTGRES_URL` | a PostgreSQL where the store suite may create and drop databases |
//! | `TEST_TERRAFORM`, `TEST_TOFU` | the two command lines under test |
//! | `TEST_ROUNDS` | how often sixty containers and their network come and go; 3 where nothing is said |
//! | `TEST_OPENSTACK` | the folder with the Python packages of OpenStack's clients |
//! | `TEST_GOPHERCLOUD` | the program of `acceptance/gophercloud` |

use std::path::PathBuf;

/// The value of an environment variable; an empty one counts as not set.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of this package that reads the environment"
)]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether tests may use the Docker Engine.
pub fn docker() -> bool {
    variable("TEST_DOCKER").is_some_and(|value| value == "1")
}

/// How often sixty containers and their network are made and destroyed.
pub fn rounds() -> u32 {
    let asked = variable("TEST_ROUNDS").and_then(|text| text.parse().ok());
    asked.unwrap_or(3)
}

/// The folder for what is built or fetched once and used by every checkout.
pub fn cache_dir() -> PathBuf {
    base_dir("XDG_CACHE_HOME", ".cache")
}

/// The folder for data that outlives a build.
pub fn state_dir() -> PathBuf {
    base_dir("XDG_STATE_HOME", ".local/state")
}

fn base_dir(name: &str, below_home: &str) -> PathBuf {
    variable(name)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .unwrap_or_else(|| {
            PathBuf::from(variable("HOME").unwrap_or_else(|| "/root".to_owned())).join(below_home)
        })
        .join("zun")
}

/// The folders of `PATH`.
pub fn path_dirs() -> Vec<PathBuf> {
    std::env::split_paths(&variable("PATH").unwrap_or_default()).collect()
}

/// The program of that name on `PATH`.
pub fn on_path(program: &str) -> Option<PathBuf> {
    path_dirs()
        .into_iter()
        .map(|dir| dir.join(program))
        .find(|path| path.is_file())
}
