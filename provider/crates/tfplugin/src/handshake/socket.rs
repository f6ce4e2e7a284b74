//! The Unix socket Terraform connects to, in a directory only this user can enter.

use std::fs::{DirBuilder, remove_dir, remove_file};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// The longest path a socket can have on every Unix, in bytes.
const LONGEST_PATH: usize = 103;

/// A listening socket. Its directory goes with it.
#[derive(Debug)]
pub struct Socket {
    listener: Option<UnixListener>,
    directory: PathBuf,
    path: PathBuf,
}

impl Socket {
    /// Binds a socket in a fresh directory inside `parent`, or inside `/tmp` if the path would
    /// be too long for a socket.
    pub fn bind(parent: &Path) -> io::Result<Self> {
        let name = format!("plugin{:016x}", RandomState::new().build_hasher().finish());
        let mut directory = parent.join(&name);
        if directory.join("s").as_os_str().len() > LONGEST_PATH {
            directory = Path::new("/tmp").join(&name);
        }
        DirBuilder::new().mode(0o700).create(&directory)?;
        let path = directory.join("s");
        let mut socket = Self {
            listener: None,
            directory,
            path,
        };
        let listener = UnixListener::bind(&socket.path)?;
        listener.set_nonblocking(true)?;
        socket.listener = Some(listener);
        Ok(socket)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The listener, once.
    pub fn take_listener(&mut self) -> io::Result<UnixListener> {
        self.listener
            .take()
            .ok_or_else(|| io::Error::other("the listener was taken before"))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // The client removes the socket as well; whoever comes second finds nothing.
        let _ = remove_file(&self.path);
        let _ = remove_dir(&self.directory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_the_owner_may_enter_and_nothing_stays() {
        let socket = Socket::bind(&std::env::temp_dir()).unwrap();
        let directory = socket.path().parent().unwrap().to_owned();
        let mode = directory.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        drop(socket);
        assert!(!directory.exists());
    }

    #[test]
    fn long_paths_are_avoided() {
        let socket = Socket::bind(Path::new(&format!("/{}", "x".repeat(200)))).unwrap();
        assert!(socket.path().starts_with("/tmp"));
    }
}
