//! `zund admin`: what an administrator does on the database itself, whether zund runs or not.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use zun_engine::identity::{ADMIN, DEFAULT_DOMAIN, EditUser, Identity, Secret, UserFilter};

use crate::bootstrap::{self, CLOUDS, OPENRC};
use crate::config::Config;
use crate::place::Place;
use crate::{cli, compose, listener, operations, serve};

/// Gives a user of the domain `Default` a new random password and ends its tokens.
pub(crate) fn reset_password(config: &Config, name: &str) -> anyhow::Result<ExitCode> {
    let text = operations::on_database(config, async |place, store| {
        let identity = compose::identity(config, store);
        reset(config, place, &identity, name).await
    })?;
    cli::print(&text)
}

async fn reset(
    config: &Config,
    place: &Place,
    identity: &Identity,
    name: &str,
) -> anyhow::Result<String> {
    let filter = UserFilter {
        domain: Some(DEFAULT_DOMAIN),
        ..UserFilter::default()
    };
    let users = identity.user_list(&filter).await;
    let users = users.context("cannot read the users")?;
    let Some(user) = users.iter().find(|user| user.name == name) else {
        let names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
        bail!(
            "there is no user {name} in the domain Default; there are: {}",
            names.join(", ")
        );
    };
    let password = Secret::random();
    if name == ADMIN {
        // Written down first: a password that only the database knows would be lost again.
        bootstrap::write_password(place, &auth_url(config, place)?, &config.region, &password)?;
    }
    let edit = EditUser {
        password: Some(password.clone()),
        ..EditUser::default()
    };
    let changed = identity.user_update(user.id, edit).await;
    changed.context("cannot change the password; do this again")?;
    Ok(if name == ADMIN {
        let (openrc, clouds) = (place.file(OPENRC), place.file(CLOUDS));
        format!(
            "{ADMIN} has a new password, which is in {} and {}\nnext: . {}\n",
            openrc.display(),
            clouds.display(),
            openrc.display()
        )
    } else {
        format!("{name} has a new password: {}\n", password.expose())
    })
}

/// The address of the zund that runs, else the one it would have.
fn auth_url(config: &Config, place: &Place) -> anyhow::Result<String> {
    let running = place.read_text(serve::ENDPOINT)?;
    let url = match (&config.public_url, running) {
        (Some(url), _) => url.clone(),
        (None, Some(url)) => url.trim().to_owned(),
        (None, None) => listener::url(config.listen, config.tls_certificate.is_some()),
    };
    Ok(format!("{url}/identity/v3"))
}
