//! The root of `zun/mariadb:1`: MariaDB from the Debian packages of this machine, with the libraries it asks for.
//!
//! Its default program `database` makes the system tables in `/var/lib/mysql` where that is empty, and runs the server.
//! Its user root has no password and is let in over the socket in `/run/mysqld` alone. Where `MARIADB_DATABASE` is given,
//! that database is there, and `MARIADB_USER` with `MARIADB_PASSWORD` may do anything in it, also from elsewhere.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::debian::{copy, files, libraries};
use super::write_program;

const PROGRAMS: [&str; 2] = ["/usr/sbin/mariadbd", "/usr/bin/mariadb"];
/// Messages, character sets, and the statements that make the system tables.
const SHARE: &str = "/usr/share/mysql";

/// MariaDB takes every folder in its data for a database, so that `lost+found` would be one.
const DATABASE: &str = r#"#!/bin/sh
set -e
data=/var/lib/mysql
mkdir -p "$data" /run/mysqld
chown mysql:mysql "$data" /run/mysqld
if [ ! -d "$data/mysql" ]; then
    found=$(ls -A "$data")
    if [ -n "$found" ]; then echo "$data should be empty or hold a database, and holds $found" >&2; exit 1; fi
    {
        printf '%s\n' 'CREATE DATABASE mysql;' 'USE mysql;' "SET @auth_root_socket='root';"
        cd /usr/share/mysql
        cat mysql_system_tables.sql mysql_performance_tables.sql mysql_system_tables_data.sql
    } | mariadbd --no-defaults --bootstrap --user=mysql --datadir="$data" --log-warnings=0
fi
if [ -n "${MARIADB_DATABASE:-}" ]; then
    : "${MARIADB_USER:?set MARIADB_USER and MARIADB_PASSWORD to who may use $MARIADB_DATABASE}" "${MARIADB_PASSWORD:?}"
    quoted() { printf '%s' "$1" | sed 's/[\\'\'']/\\&/g'; }
    user="'$(quoted "$MARIADB_USER")'@'%'"
    umask 077
    printf '%s\n' "CREATE DATABASE IF NOT EXISTS \`$MARIADB_DATABASE\`;" \
        "CREATE USER IF NOT EXISTS $user;" \
        "ALTER USER $user IDENTIFIED BY '$(quoted "$MARIADB_PASSWORD")';" \
        "GRANT ALL ON \`$MARIADB_DATABASE\`.* TO $user;" >/run/mysqld/init.sql
    chown mysql /run/mysqld/init.sql
    set -- --init-file=/run/mysqld/init.sql "$@"
    umask 022
fi
exec mariadbd --no-defaults --user=mysql --datadir="$data" --socket=/run/mysqld/mysqld.sock "$@"
"#;

/// What the image is told beside its root.
pub(super) fn changes() -> Vec<String> {
    [
        "CMD [\"database\"]",
        "ENV PATH=/bin:/usr/bin:/usr/sbin",
        "EXPOSE 3306/tcp",
    ]
    .map(ToOwned::to_owned)
    .to_vec()
}

/// Adds MariaDB to a root with a busybox.
pub(super) fn fill(root: &Path) -> Result<()> {
    let programs = PROGRAMS.map(PathBuf::from);
    for program in &programs {
        ensure!(
            program.is_file(),
            "no {} to make an image of: `apt-get install mariadb-server-core mariadb-client-core`",
            program.display()
        );
    }
    let shared = files(Path::new(SHARE))?;
    for path in programs.iter().chain(&libraries(&programs)?).chain(&shared) {
        copy(path, root)?;
    }
    fs::write(
        root.join("etc/passwd"),
        "root:x:0:0:root:/root:/bin/sh\nmysql:x:71:71:mysql:/var/lib/mysql:/bin/sh\n",
    )?;
    fs::write(root.join("etc/group"), "root:x:0:\nmysql:x:71:\n")?;
    write_program(root, "database", DATABASE)
}
