//! Makes the images of the quick start and of the tests, without a registry: a root with a static busybox in it.
//!
//! The image `zun/quickstart:1` (and `zun/test:1`, the same under another name) holds:
//!
//! | program | what it does |
//! |---|---|
//! | `web` (the default) | serves a page with `$GREETING` and the hostname on port `$PORT`, default 80; ends at once on TERM |
//! | `run PROGRAM ARGUMENT...` | runs a program as a child and ends at once on TERM, which a plain process 1 would ignore |
//! | `sh`, `sleep`, `nc`, ... | busybox |
//!
//! `zun/postgres:1`, `zun/mariadb:1` and `zun/wordpress:1` are made from Debian's packages: see [`postgres`], [`mariadb`],
//! [`wordpress`].

mod debian;
mod mariadb;
mod postgres;
mod wordpress;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures::TryStreamExt;

use crate::docker::Engine;
use crate::{process, settings};

/// The image of `examples/terraform/quickstart`.
pub const QUICKSTART: &str = "zun/quickstart:1";
/// The image of the acceptance tests and of the benchmark.
pub const TEST: &str = "zun/test:1";

/// The image of `examples/terraform/database`.
pub const POSTGRES: &str = "zun/postgres:1";

/// The database of `examples/terraform/wordpress`.
pub const MARIADB: &str = "zun/mariadb:1";

/// The web application of `examples/terraform/wordpress`.
pub const WORDPRESS: &str = "zun/wordpress:1";

/// Every image that is made here.
pub const ALL: [&str; 5] = [QUICKSTART, TEST, POSTGRES, MARIADB, WORDPRESS];

const RECIPE_LABEL: &str = "zun.image-recipe";

/// Counts up when the recipe of an image changes, so that an older one is replaced.
fn recipe(name: &str) -> &'static str {
    match name {
        MARIADB => "2",
        _ => "1",
    }
}

const RUN: &str = r#"#!/bin/sh
# Process 1 gets no default action for TERM from the kernel: without this trap a stop takes the whole grace period.
trap 'kill "$child" 2>/dev/null; exit 0' TERM INT
"$@" &
child=$!
wait "$child"
"#;

const WEB: &str = r#"#!/bin/sh
page="${GREETING:-Hello} from $(hostname)"
if mkdir -p /tmp/www 2>/dev/null && echo "$page" 2>/dev/null >/tmp/www/index.html; then www=/tmp/www; else www=/www; fi
echo "serving on port ${PORT:-80}: $page"
exec run httpd -f -p "${PORT:-80}" -h "$www"
"#;

/// Makes the image under this name, unless the engine has it already.
pub fn ensure(engine: &Engine, name: &str) -> Result<()> {
    // One after the other: each would fetch and make the same, and apt-get lets only one in.
    static MAKING: Mutex<()> = Mutex::new(());
    let _alone = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let made = engine.block_on(engine.client().inspect_image(name)).ok();
    let made = made
        .and_then(|image| image.config)
        .and_then(|config| config.labels)
        .and_then(|labels| labels.get(RECIPE_LABEL).cloned());
    if made.as_deref() == Some(recipe(name)) {
        return Ok(());
    }
    let (repository, tag) = name
        .rsplit_once(':')
        .with_context(|| format!("the image name {name} has no tag"))?;
    let options = CreateImageOptionsBuilder::new()
        .from_src("-")
        .repo(repository)
        .tag(tag)
        .changes(changes(name))
        .build();
    let archive = bollard::body_full(archive(name)?.into());
    engine
        .block_on(
            engine
                .client()
                .create_image(Some(options), Some(archive), None)
                .try_collect::<Vec<_>>(),
        )
        .with_context(|| format!("cannot import the image {name} into the Docker Engine"))?;
    Ok(())
}

fn changes(name: &str) -> Vec<String> {
    let mut changes = match name {
        POSTGRES => postgres::changes(),
        MARIADB => mariadb::changes(),
        WORDPRESS => wordpress::changes(),
        _ => ["CMD [\"web\"]", "ENV PATH=/bin", "EXPOSE 80/tcp"]
            .map(ToOwned::to_owned)
            .to_vec(),
    };
    changes.push(format!("LABEL {RECIPE_LABEL}={}", recipe(name)));
    changes
}

/// The root of the image of the tests as a tar archive, with these words in `/etc/words`: other words are another image.
pub fn root_with(words: &str) -> Result<Vec<u8>> {
    packed(|root| Ok(fs::write(root.join("etc/words"), words)?))
}

/// The root as a tar archive.
fn archive(name: &str) -> Result<Vec<u8>> {
    packed(|root| match name {
        POSTGRES => postgres::fill(root),
        MARIADB => mariadb::fill(root),
        WORDPRESS => wordpress::fill(root),
        _ => Ok(()),
    })
}

/// A root with a busybox and more, as a tar archive.
fn packed(more: impl FnOnce(&Path) -> Result<()>) -> Result<Vec<u8>> {
    let busybox = static_busybox()?;
    let stage = tempfile::tempdir().context("cannot make a temporary folder")?;
    let root = stage.path().join("root");
    let filled = fill(&root, &busybox).and_then(|()| more(&root));
    filled.with_context(|| format!("cannot fill {}", root.display()))?;
    let archive = stage.path().join("root.tar");
    process::run(
        Command::new("tar")
            .args(["--owner=0", "--group=0", "--sort=name", "-C"])
            .arg(&root)
            .arg("-cf")
            .arg(&archive)
            .arg("."),
        Duration::from_mins(1),
    )?
    .success()?;
    fs::read(&archive).with_context(|| format!("cannot read {}", archive.display()))
}

fn fill(root: &Path, busybox: &Path) -> Result<()> {
    for dir in ["bin", "etc", "root", "tmp", "www"] {
        fs::create_dir_all(root.join(dir))?;
    }
    fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777))?;
    fs::copy(busybox, root.join("bin/busybox"))?;
    fs::set_permissions(root.join("bin/busybox"), fs::Permissions::from_mode(0o755))?;
    let applets =
        process::run(Command::new(busybox).arg("--list"), Duration::from_secs(10))?.success()?;
    for applet in applets.stdout.lines().filter(|applet| *applet != "busybox") {
        symlink("busybox", root.join("bin").join(applet))?;
    }
    for (name, script) in [("run", RUN), ("web", WEB)] {
        write_program(root, name, script)?;
    }
    fs::write(root.join("www/index.html"), "Hello\n")?;
    fs::write(
        root.join("etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
    )?;
    fs::write(root.join("etc/group"), "root:x:0:\nnogroup:x:65534:\n")?;
    Ok(())
}

fn write_program(root: &Path, name: &str, script: &str) -> Result<()> {
    let path = root.join("bin").join(name);
    fs::write(&path, script)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// A busybox that needs no library of this machine: the image has none.
fn static_busybox() -> Result<PathBuf> {
    let candidates = settings::path_dirs()
        .into_iter()
        .chain(["/bin".into(), "/usr/bin".into()])
        .flat_map(|dir| [dir.join("busybox"), dir.join("busybox-static")]);
    for path in candidates.filter(|path| path.is_file()) {
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let loader = b"/ld-";
        if !bytes.windows(loader.len()).any(|window| window == loader) {
            return Ok(path);
        }
    }
    bail!("no statically linked busybox on this machine: `apt-get install busybox-static`")
}
