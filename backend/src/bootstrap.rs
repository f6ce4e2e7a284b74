//! What the first start leaves in the data directory, and what later starts keep true.
//!
//! | file | what |
//! |---|---|
//! | `secret.key` | 32 random bytes that seal what may hold a password in the database |
//! | `deployment` | a UUID, the label of everything this deployment makes in Docker |
//! | `openrc`, `clouds.yaml` | how clients log in as `admin`, with the generated password |
//!
//! Each file is made whole, and the password is written down before the database knows it, so that a crash
//! between any two steps is mended by starting again. Later starts change nothing in the two files but the
//! address, where that changed, and `zund admin reset-password` nothing but the password: what a person
//! edited stays.

use anyhow::{Context as _, bail};
use zun_engine::context::Ids;
use zun_engine::identity::{ADMIN, Identity, Secret};

use crate::config::Config;
use crate::place::Place;

const KEY: &str = "secret.key";
const DEPLOYMENT: &str = "deployment";
pub(crate) const OPENRC: &str = "openrc";
pub(crate) const CLOUDS: &str = "clouds.yaml";
/// The database, where none is named.
pub(crate) const DATABASE: &str = "zun.db";

/// What stands before the address in `openrc` and in `clouds.yaml`.
const AUTH_URL: (&str, &str) = ("export OS_AUTH_URL=", "auth_url: ");
/// What stands before the password.
const PASSWORD: (&str, &str) = ("export OS_PASSWORD=", "password: ");

/// The key of the database, made where there is no database yet.
pub(crate) fn key(place: &Place, config: &Config) -> anyhow::Result<[u8; 32]> {
    let Some(bytes) = place.read(KEY)? else {
        let database = place.file(DATABASE);
        if config.database.is_none() && database.exists() {
            bail!(
                "{} is missing, and without it {} cannot be read: restore both from the same backup, or \
                 move the database away to begin anew",
                place.file(KEY).display(),
                database.display()
            );
        }
        let key: [u8; 32] = rand::random();
        place.write(KEY, &key)?;
        return Ok(key);
    };
    bytes.try_into().map_err(|bytes: Vec<u8>| {
        anyhow::anyhow!(
            "{} has {} bytes instead of 32: restore it from a backup",
            place.file(KEY).display(),
            bytes.len()
        )
    })
}

/// The id of this deployment, made at the first start.
pub(crate) fn deployment(place: &Place, ids: &dyn Ids) -> anyhow::Result<String> {
    if let Some(id) = deployment_of(place)? {
        return Ok(id);
    }
    let id = ids.uuid().to_string();
    place.write(DEPLOYMENT, format!("{id}\n").as_bytes())?;
    Ok(id)
}

/// The same; `None` where there was no first start yet.
pub(crate) fn deployment_of(place: &Place) -> anyhow::Result<Option<String>> {
    let text = place.read_text(DEPLOYMENT)?;
    Ok(text.map(|text| text.trim().to_owned()))
}

/// Makes the administrator where there is none, and keeps the address in the files true. `true` where
/// this was the first start.
pub(crate) async fn administrator(
    place: &Place,
    identity: &Identity,
    url: &str,
    region: &str,
) -> anyhow::Result<bool> {
    let auth_url = format!("{url}/identity/v3");
    let known = place.read_text(OPENRC)?;
    let password = known.as_deref().and_then(password_in);
    let fresh = password.is_none();
    let password = password.unwrap_or_else(Secret::random);
    let is_new = identity.is_empty().await.context("cannot read the users")?;
    if is_new && fresh {
        place.write(CLOUDS, clouds(&auth_url, region, &password).as_bytes())?;
        place.write(OPENRC, openrc(&auth_url, region, &password).as_bytes())?;
    }
    if is_new {
        identity
            .bootstrap(&password)
            .await
            .context("cannot make the administrator")?;
    }
    refresh(place, OPENRC, AUTH_URL.0, &auth_url)?;
    refresh(place, CLOUDS, AUTH_URL.1, &auth_url)?;
    if is_new && !fresh {
        tracing::info!("the first start was interrupted; it goes on with the password in {OPENRC}");
        if place.read(CLOUDS)?.is_none() {
            place.write(CLOUDS, clouds(&auth_url, region, &password).as_bytes())?;
        }
    }
    Ok(is_new)
}

/// Writes another password of the administrator into both files, made anew where they are not there.
pub(crate) fn write_password(
    place: &Place,
    auth_url: &str,
    region: &str,
    password: &Secret,
) -> anyhow::Result<()> {
    if place.read(CLOUDS)?.is_none() {
        place.write(CLOUDS, clouds(auth_url, region, password).as_bytes())?;
    }
    if place.read(OPENRC)?.is_none() {
        place.write(OPENRC, openrc(auth_url, region, password).as_bytes())?;
    }
    refresh(place, CLOUDS, PASSWORD.1, &quoted(password.expose()))?;
    refresh(place, OPENRC, PASSWORD.0, password.expose())
}

fn openrc(auth_url: &str, region: &str, password: &Secret) -> String {
    format!(
        "# Read by a shell: . openrc\n\
         export OS_AUTH_URL={auth_url}\n\
         export OS_IDENTITY_API_VERSION=3\n\
         export OS_USERNAME={ADMIN}\n\
         export OS_PASSWORD={}\n\
         export OS_PROJECT_NAME={ADMIN}\n\
         export OS_USER_DOMAIN_NAME=Default\n\
         export OS_PROJECT_DOMAIN_NAME=Default\n\
         export OS_REGION_NAME={region}\n",
        password.expose()
    )
}

fn clouds(auth_url: &str, region: &str, password: &Secret) -> String {
    format!(
        "# Read by OpenStack clients in their working directory: OS_CLOUD=zun\n\
         clouds:\n  zun:\n    auth:\n      \
         auth_url: {auth_url}\n      \
         username: {ADMIN}\n      \
         password: {}\n      \
         project_name: {ADMIN}\n      \
         user_domain_name: Default\n      \
         project_domain_name: Default\n    \
         region_name: {region}\n    \
         identity_api_version: 3\n",
        quoted(password.expose())
    )
}

/// YAML takes some passwords for numbers or worse.
fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn password_in(openrc: &str) -> Option<Secret> {
    let value = openrc
        .lines()
        .find_map(|line| line.trim().strip_prefix(PASSWORD.0))?;
    let value = value.trim().trim_matches(['\'', '"']);
    (!value.is_empty()).then(|| Secret::new(value))
}

/// Writes the value behind `prefix`, and nothing else; a file that is not there stays so.
fn refresh(place: &Place, name: &str, prefix: &str, value: &str) -> anyhow::Result<()> {
    let Some(text) = place.read_text(name)? else {
        return Ok(());
    };
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            if !line.trim_start().starts_with(prefix) {
                return line.to_owned();
            }
            let indent = line.len() - line.trim_start().len();
            format!("{}{prefix}{value}", &line[..indent])
        })
        .collect();
    let fresh = format!("{}\n", lines.join("\n"));
    if fresh != text {
        place.write(name, fresh.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
