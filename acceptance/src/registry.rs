//! A registry on loopback that wants a login: Debian's `docker-registry`.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use bollard::auth::DockerCredentials;
use bollard::query_parameters::{PushImageOptionsBuilder, TagImageOptionsBuilder};
use futures::TryStreamExt;
use tempfile::TempDir;

use crate::archive;
use crate::docker::Engine;
use crate::{http, process};

/// Of Debian's package of the same name.
const PROGRAM: &str = "/usr/bin/docker-registry";
const START: Duration = Duration::from_secs(20);

/// Whom it lets in.
pub const USER: &str = "ann";
/// With what.
pub const PASSWORD: &str = "hunter2";
/// The same as `htpasswd` writes it: bcrypt of [`PASSWORD`].
const HTPASSWD: &str = "ann:$2y$05$1u3KBqOU/ltbtBYtCeYx6exH82gDADqtnyJIFHW9WaP1f4y/UtpEG\n";

/// A running registry. It ends with this value.
#[derive(Debug)]
pub struct Registry {
    process: Child,
    address: String,
    _folder: TempDir,
}

/// Whether this machine has the program.
pub fn is_installed() -> bool {
    Path::new(PROGRAM).is_file()
}

impl Registry {
    /// Starts one, and waits until it answers.
    pub fn start() -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let free = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let address = format!("127.0.0.1:{}", free.port());
        let users = folder.path().join("htpasswd");
        fs::write(&users, HTPASSWD)?;
        let config = folder.path().join("config.yml");
        let text = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\n\
             http: {{addr: \"{address}\"}}\nauth:\n  htpasswd: {{realm: zun, path: {}}}\n",
            folder.path().join("data").display(),
            users.display()
        );
        fs::write(&config, text)?;
        let process = Command::new(PROGRAM)
            .arg("serve")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {PROGRAM}"))?;
        let registry = Self {
            process,
            address,
            _folder: folder,
        };
        let url = format!("http://{}/v2/", registry.address);
        let answers = || matches!(http::get(&url), Ok((401, _))).then_some(());
        process::poll(START, answers).context("the registry does not answer")?;
        Ok(registry)
    }

    /// Host and port, as image references begin with them.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Gives it an image with these words by this name and the tag 1. The engine does not have it afterwards.
    pub fn push(&self, engine: &Engine, name: &str, words: &str) -> Result<()> {
        let repository = format!("{}/{name}", self.address);
        archive::import(engine, &repository, words)?;
        let client = engine.client();
        let tag = TagImageOptionsBuilder::new()
            .repo(&repository)
            .tag("1")
            .build();
        let tagged = format!("{repository}:1");
        engine.block_on(client.tag_image(&tagged, Some(tag)))?;
        let login = DockerCredentials {
            username: Some(USER.to_owned()),
            password: Some(PASSWORD.to_owned()),
            serveraddress: Some(self.address.clone()),
            ..DockerCredentials::default()
        };
        let options = PushImageOptionsBuilder::new().tag("1").build();
        let pushed = client.push_image(&repository, Some(options), Some(login));
        let pushed = engine.block_on(pushed.try_collect::<Vec<_>>());
        pushed.with_context(|| format!("cannot push {tagged}"))?;
        archive::forget(engine, &tagged)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
