//! A machine that lets zund down: its Docker Engine does not answer, its disk is full.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use zun_acceptance::api::Api;
use zun_acceptance::docker::Sweeper;
use zun_acceptance::world::World;
use zun_acceptance::{firewall, http, process, skip};

use super::must_say;

const WEB: &str = "resource \"zun_container\" \"web\" {\n  name = \"web\"\n  image = \"zun/test:1\"\n  memory = 16\n}\n";
/// zund looks again every second.
const NOTICE_DEADLINE: Duration = Duration::from_secs(30);
/// Where the engine of this machine listens.
const ENGINE: &str = "/var/run/docker.sock";

/// A way to the engine that a test can close: the engine itself is everybody's.
struct Way {
    path: PathBuf,
    open: Arc<Mutex<Vec<UnixStream>>>,
}

impl Way {
    fn to_engine(path: PathBuf) -> Result<Self> {
        let way = Self {
            path,
            open: Arc::default(),
        };
        way.open()?;
        Ok(way)
    }

    fn open(&self) -> Result<()> {
        let listener = UnixListener::bind(&self.path).context("cannot listen for zund")?;
        let open = Arc::clone(&self.open);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // One that cannot be led on is closed, as an engine does that ends.
                let _ = lead(&stream, &open);
            }
        });
        Ok(())
    }

    /// Nobody gets through any more, and nobody is on the way.
    fn close(&self) -> Result<()> {
        fs::remove_file(&self.path).context("cannot remove the socket")?;
        for stream in self
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
        {
            let _ = stream.shutdown(Shutdown::Both);
        }
        Ok(())
    }
}

fn lead(stream: &UnixStream, open: &Mutex<Vec<UnixStream>>) -> io::Result<()> {
    let engine = UnixStream::connect(ENGINE)?;
    for (from, to) in [(stream, &engine), (&engine, stream)] {
        let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    let ends = [stream.try_clone()?, engine];
    open.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .extend(ends);
    Ok(())
}

pub(crate) fn engine_stopped(world: &mut World) -> Result<()> {
    let dir = tempfile::tempdir().context("cannot make a folder for the socket")?;
    let socket = dir.path().join("docker.sock");
    let way = Way::to_engine(socket.clone())?;
    let shown = socket.display().to_string();
    world.backend.restart_with("ZUND_DOCKER_SOCKET", &shown)?;
    let workspace = world.workspace()?;
    workspace.configure(WEB)?;
    way.close()?;
    let text = workspace.apply_error()?;
    let words = ["Docker Engine does not answer at", &shown, "start it"];
    must_say("engine stopped", &text, &words.map(str::to_owned))?;
    let rows = world.api()?.containers()?;
    ensure!(rows.is_empty(), "something was made: {rows:#?}");

    way.open()?;
    let health = format!("{}/zund/v1/health", world.backend.url());
    let noticed = process::poll(NOTICE_DEADLINE, || {
        let (_, body) = http::get(&health).ok()?;
        body.contains("\"hosts_down\":[]").then_some(())
    });
    ensure!(
        noticed.is_some(),
        "zund does not notice that the engine is back"
    );
    workspace.apply()?;
    workspace.must_be_settled()?;
    workspace.destroy()?;
    world.must_be_empty()
}

/// A small file system over a folder; unmounted when dropped.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn over(folder: &'a Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs"])
            .arg(folder)
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then_some(Self(folder))
    }

    /// Takes all the room there is; the room comes back when the file is removed.
    fn fill(&self) -> Result<PathBuf> {
        let path = self.0.join("filler");
        let mut file = File::create(&path).context("cannot make a file")?;
        while file.write_all(&[0; 4096]).is_ok() {}
        Ok(path)
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
}

pub(crate) fn disk_full(world: &mut World) -> Result<()> {
    world.backend.kill()?;
    let folder = world.backend.data_dir().to_owned();
    let Some(small) = Small::over(&folder) else {
        skip::skip("cannot mount a file system: takes root");
        return Ok(());
    };
    world.backend.restart()?;
    // The one on the small file system is a deployment of its own.
    let deployment = world.backend.deployment()?;
    let sweeper = Sweeper::new(&world.engine, world.label()?);
    let full = on_full_disk(world, &small);
    world.backend.kill()?;
    drop(sweeper);
    firewall::sweep(&deployment)?;
    full
}

fn on_full_disk(world: &World, small: &Small<'_>) -> Result<()> {
    let workspace = world.workspace()?;
    workspace.configure(WEB)?;
    let api = world.api()?;
    let filler = small.fill()?;
    // The file of the last commits may have some room left.
    let refused = (0..400).any(|_| Api::login(&world.backend).is_err());
    ensure!(refused, "a full disk refuses nobody");
    let text = workspace.apply_error()?;
    let words = ["data directory is full", "free some space"];
    must_say("disk full", &text, &words.map(str::to_owned))?;
    ensure!(api.containers()?.is_empty(), "something was made");
    let made = world.engine.containers(&world.label()?)?;
    ensure!(made.is_empty(), "left in Docker: {made:#?}");

    fs::remove_file(filler).context("cannot make room")?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    workspace.destroy()?;
    world.must_be_empty()
}
