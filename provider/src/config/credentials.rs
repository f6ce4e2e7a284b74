//! Which kind of login is meant, and whether all of it is there.

use tfplugin::{Diagnostic, Diagnostics};
use zun_client::{Credentials, Domain, Named, Project, Secret, User};

use super::{SETTINGS, Source, Sources};

#[derive(Clone, Copy)]
enum Kind {
    ApplicationCredential,
    Token,
    Password,
}

const SIGNS: [(&str, Kind); 6] = [
    ("application_credential_id", Kind::ApplicationCredential),
    ("application_credential_name", Kind::ApplicationCredential),
    ("token", Kind::Token),
    ("user_name", Kind::Password),
    ("user_id", Kind::Password),
    ("password", Kind::Password),
];

/// The kind the first source shows that shows any, so that a token left in the environment does not
/// take the place of a password in the configuration.
fn kind_of(sources: &Sources<'_>) -> Kind {
    for source in [Source::Attribute, Source::Cloud, Source::Environment] {
        let shown = |name: &str| {
            let setting = SETTINGS.iter().find(|setting| setting.name == name);
            setting.is_some_and(|setting| sources.from(source, setting).is_some())
        };
        if let Some((_, kind)) = SIGNS.iter().find(|(name, _)| shown(name)) {
            return *kind;
        }
    }
    Kind::Password
}

/// The credentials, or everything that is missing.
pub(super) fn read(sources: &Sources<'_>) -> Result<Credentials, Diagnostics> {
    match kind_of(sources) {
        Kind::ApplicationCredential => application_credential(sources).map_err(Into::into),
        Kind::Token => Ok(Credentials::Token {
            token: Secret::new(sources.get("token").unwrap_or_default()),
            scope: scope(sources),
        }),
        Kind::Password => password(sources),
    }
}

fn application_credential(sources: &Sources<'_>) -> Result<Credentials, Diagnostic> {
    let secret = sources
        .get("application_credential_secret")
        .ok_or_else(|| {
            sources.missing(
                "application_credential_secret",
                "An application credential needs its secret.",
            )
        })?;
    let id = sources.get("application_credential_id").map(Named::Id);
    let name = sources.get("application_credential_name").map(Named::Name);
    let user = user(sources);
    let Some(credential) = id.or(name) else {
        return Err(sources.missing(
            "application_credential_id",
            "A secret alone is no credential.",
        ));
    };
    if matches!(credential, Named::Name(_)) && user.is_none() {
        return Err(sources.missing(
            "user_name",
            "An application credential that is named needs its user.",
        ));
    }
    Ok(Credentials::ApplicationCredential {
        credential,
        user,
        secret: Secret::new(secret),
    })
}

fn password(sources: &Sources<'_>) -> Result<Credentials, Diagnostics> {
    let mut problems = Diagnostics::new();
    let user = user(sources);
    if user.is_none() {
        problems.push(sources.missing("user_name", "Nobody is named who logs in."));
    }
    let password = sources.get("password");
    if password.is_none() {
        problems.push(sources.missing("password", "The user needs a password."));
    }
    let scope = scope(sources);
    if scope.is_none() {
        problems.push(sources.missing("project_name", "Containers belong to a project."));
    }
    match (user, password) {
        (Some(user), Some(password)) if !problems.has_errors() => Ok(Credentials::Password {
            user,
            password: Secret::new(password),
            scope,
        }),
        _ => Err(problems),
    }
}

fn user(sources: &Sources<'_>) -> Option<User> {
    let id = sources.get("user_id").map(Named::Id);
    let name = sources.get("user_name").map(Named::Name);
    Some(User {
        who: id.or(name)?,
        domain: domain(sources, "user_domain_id", "user_domain_name"),
    })
}

fn scope(sources: &Sources<'_>) -> Option<Project> {
    let id = sources.get("project_id").map(Named::Id);
    let name = sources.get("project_name").map(Named::Name);
    Some(Project {
        which: id.or(name)?,
        domain: domain(sources, "project_domain_id", "project_domain_name"),
    })
}

fn domain(sources: &Sources<'_>, id: &str, name: &str) -> Domain {
    sources
        .get(id)
        .map(Named::Id)
        .or_else(|| sources.get(name).map(Named::Name))
        .unwrap_or_else(|| Named::Id("default".into()))
}
