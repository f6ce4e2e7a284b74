//! The root of `zun/postgres:1`: PostgreSQL from the Debian packages of this machine, with the libraries it asks for.
//!
//! Its default program `database` makes a cluster in `$PGDATA` (default `/var/lib/postgresql/data`) where there is none,
//! with the password `$POSTGRES_PASSWORD` for the user `postgres`, and runs it with the
//! arguments it is given, none of which may hold a space.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::debian::{copy, files, libraries, newest};
use super::write_program;

/// Where Debian keeps the programs of each version.
const PACKAGES: &str = "/usr/lib/postgresql";
/// What is run inside.
const PROGRAMS: [&str; 4] = ["initdb", "pg_isready", "postgres", "psql"];

/// A folder with something in it that is no cluster is nobody's to clean: `initdb` says so and ends.
const DATABASE: &str = r#"#!/bin/sh
set -e
export PGDATA="${PGDATA:-/var/lib/postgresql/data}"
mkdir -p "$PGDATA" /var/run/postgresql
chown postgres:postgres "$PGDATA" /var/run/postgresql
chmod 700 "$PGDATA"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    umask 077
    echo "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD to the password of the user postgres}" >/tmp/password
    chown postgres /tmp/password
    su postgres -s /bin/sh -c 'initdb --username=postgres --pwfile=/tmp/password --auth=scram-sha-256 --locale=C --encoding=UTF8'
    rm /tmp/password
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
fi
# su would take the arguments for its own.
export ARGUMENTS="$*"
exec su postgres -s /bin/sh -c 'exec postgres -c listen_addresses="*" $ARGUMENTS'
"#;

/// What the image is told beside its root.
pub(super) fn changes() -> Vec<String> {
    [
        "CMD [\"database\"]",
        "ENV PATH=/bin:/usr/lib/postgresql/bin",
        "EXPOSE 5432/tcp",
    ]
    .map(ToOwned::to_owned)
    .to_vec()
}

/// Adds PostgreSQL to a root with a busybox.
pub(super) fn fill(root: &Path) -> Result<()> {
    let package = newest(
        Path::new(PACKAGES),
        "bin/initdb",
        "`apt-get install postgresql`",
    )?;
    let version = package.file_name().context("a package without a version")?;
    for path in files(&Path::new("/usr/share/postgresql").join(version))? {
        copy(&path, root)?;
    }
    // A program finds what is its own from where it is, so everything keeps its path.
    let bin = package.join("bin");
    let mut parts: Vec<PathBuf> = PROGRAMS.map(|program| bin.join(program)).to_vec();
    parts.extend(
        files(&package.join("lib"))?
            .into_iter()
            .filter(|path| path.extension().is_some_and(|end| end == "so"))
            // The compiler of queries asks for all of LLVM.
            .filter(|path| !path.to_string_lossy().contains("llvmjit")),
    );
    for path in parts.iter().chain(&libraries(&parts)?) {
        copy(path, root)?;
    }
    // What a time zone is, it asks the system; UTC it knows.
    fs::create_dir_all(root.join("usr/share/zoneinfo"))?;
    symlink(&bin, root.join("usr/lib/postgresql/bin"))?;
    fs::write(
        root.join("etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\npostgres:x:70:70:postgres:/var/lib/postgresql:/bin/sh\n",
    )?;
    fs::write(root.join("etc/group"), "root:x:0:\npostgres:x:70:\n")?;
    write_program(root, "database", DATABASE)
}
