//! Volumes on the disk of this machine, below one folder, and the files whose content users gave.
//!
//! [`LocalVolumes`] keeps a volume in a sparse image file behind a loop device; it needs root and loop devices.
//! [`DirectoryVolumes`] keeps it in a plain directory, for machines without them, and enforces no size.
//!
//! [`LocalImages`] keeps the archives of the image service, below a folder of their own.
//!
//! Everything is named after its uuid, so that it is found again after any crash. What is being made has the
//! suffix `.new` until it is whole and on the disk, so that half of something is never taken for all of it. One
//! file lock per volume makes its verbs take turns; the programs that are started hold it too, so that one which
//! outlives a killed zund is waited for by the next.

mod command;
mod copy;
mod directory;
mod durable;
mod fact;
mod file;
mod images;
mod local;
mod lock;
mod place;
mod table;

pub use directory::DirectoryVolumes;
pub use images::LocalImages;
pub use local::LocalVolumes;

use std::path::Path;
use std::sync::Arc;

use tokio::sync::Semaphore;
use zun_driver::{Class, Error, Result};

use crate::place::Places;

/// So much is done at once. The threads for blocking work are everybody's, and a copy may take minutes.
const HANDS: usize = 8;

/// The folder of a driver's volumes, and who does the blocking work in it, aside from the threads that serve requests.
#[derive(Debug, Clone)]
struct Site {
    places: Places,
    hands: Arc<Semaphore>,
}

impl Site {
    /// `Refused` where the root is no absolute path.
    fn new(root: &Path) -> Result<Self> {
        Ok(Self {
            places: Places::new(root)?,
            hands: Arc::new(Semaphore::new(HANDS)),
        })
    }

    /// Does it. It goes on to its end where nobody waits for it any more.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Places) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let broken = |error: String| {
            let message = format!("the work on a volume broke off: {error}");
            Error::new(Class::Internal, message)
        };
        let places = self.places.clone();
        let hand = Arc::clone(&self.hands).acquire_owned().await;
        let hand = hand.map_err(|error| broken(error.to_string()))?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&places);
            drop(hand);
            done
        });
        done.await.map_err(|error| broken(error.to_string()))?
    }
}

/// Our error for one of the operating system's. `tried` completes "cannot …".
fn told(tried: &str, error: &std::io::Error) -> Error {
    use std::io::ErrorKind;
    let class = match error.kind() {
        ErrorKind::NotFound => Class::NotFound,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Class::Exhausted,
        ErrorKind::ResourceBusy => Class::Conflict,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::FileTooLarge => {
            Class::Refused
        }
        _ => Class::Internal,
    };
    Error::new(class, format!("cannot {tried}: {error}"))
}
