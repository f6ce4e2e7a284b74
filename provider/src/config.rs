//! The provider's own configuration: attributes, else the named cloud of `clouds.yaml`, else `OS_*` variables.
//!
//! Where a cloud is named it goes before the environment, so that what is left over in a shell does not
//! mix into it; what the cloud leaves out, a password for example, may still come from there.

pub(crate) mod clouds;
pub(crate) mod environment;

mod credentials;

use std::path::PathBuf;

use tfplugin::schema::validator;
use tfplugin::{Attribute, Diagnostic, Diagnostics, Schema, Value};
use url::Url;
use zun_client::{Connection, Tls};

use clouds::Cloud;
use environment::Environment;

/// One setting: the attribute, its variables, its place in a cloud, what it is.
pub(crate) struct Setting {
    /// Attribute.
    pub(crate) name: &'static str,
    /// Variables, the usual one first.
    pub(crate) variables: &'static [&'static str],
    cloud: &'static str,
    text: &'static str,
}

const fn setting(
    name: &'static str,
    variables: &'static [&'static str],
    cloud: &'static str,
    text: &'static str,
) -> Setting {
    Setting {
        name,
        variables,
        cloud,
        text,
    }
}

/// Every setting but `cloud`, which chooses where the others come from.
pub(crate) const SETTINGS: &[Setting] = &[
    setting(
        "auth_url",
        &["OS_AUTH_URL"],
        "auth.auth_url",
        "Address of Keystone, with or without `/v3`.",
    ),
    setting(
        "user_name",
        &["OS_USERNAME", "OS_USER_NAME"],
        "auth.username",
        "Who logs in.",
    ),
    setting(
        "user_id",
        &["OS_USER_ID"],
        "auth.user_id",
        "Who logs in, by id.",
    ),
    setting(
        "password",
        &["OS_PASSWORD"],
        "auth.password",
        "The user's password.",
    ),
    setting(
        "project_name",
        &["OS_PROJECT_NAME", "OS_TENANT_NAME"],
        "auth.project_name",
        "The project to work in.",
    ),
    setting(
        "project_id",
        &["OS_PROJECT_ID", "OS_TENANT_ID"],
        "auth.project_id",
        "The project to work in, by id.",
    ),
    setting(
        "user_domain_name",
        &["OS_USER_DOMAIN_NAME", "OS_DOMAIN_NAME"],
        "auth.user_domain_name",
        "Domain of `user_name`; the domain with the id `default` where none is given.",
    ),
    setting(
        "user_domain_id",
        &["OS_USER_DOMAIN_ID", "OS_DOMAIN_ID"],
        "auth.user_domain_id",
        "Domain of `user_name`, by id.",
    ),
    setting(
        "project_domain_name",
        &["OS_PROJECT_DOMAIN_NAME", "OS_DOMAIN_NAME"],
        "auth.project_domain_name",
        "Domain of `project_name`; the domain with the id `default` where none is given.",
    ),
    setting(
        "project_domain_id",
        &["OS_PROJECT_DOMAIN_ID", "OS_DOMAIN_ID"],
        "auth.project_domain_id",
        "Domain of `project_name`, by id.",
    ),
    setting(
        "application_credential_id",
        &["OS_APPLICATION_CREDENTIAL_ID"],
        "auth.application_credential_id",
        "An application credential, which has its project already.",
    ),
    setting(
        "application_credential_name",
        &["OS_APPLICATION_CREDENTIAL_NAME"],
        "auth.application_credential_name",
        "An application credential by name; needs the user.",
    ),
    setting(
        "application_credential_secret",
        &["OS_APPLICATION_CREDENTIAL_SECRET"],
        "auth.application_credential_secret",
        "Its secret.",
    ),
    setting(
        "token",
        &["OS_TOKEN", "OS_AUTH_TOKEN"],
        "auth.token",
        "A token instead of a login; with `endpoint`, no Keystone is needed.",
    ),
    setting(
        "region",
        &["OS_REGION_NAME"],
        "region_name",
        "Region whose endpoint is used; any where none is given.",
    ),
    setting(
        "insecure",
        &["OS_INSECURE"],
        "verify",
        "Accept any certificate.",
    ),
    setting(
        "cacert_file",
        &["OS_CACERT"],
        "cacert",
        "PEM file of the authorities to trust, instead of the machine's own.",
    ),
    setting(
        "endpoint",
        &["OS_CONTAINER_ENDPOINT_OVERRIDE"],
        "container_endpoint_override",
        "Address of the container service, instead of the one in the catalog.",
    ),
];

const SECRETS: [&str; 3] = ["password", "token", "application_credential_secret"];

/// The schema of the provider's own configuration.
pub(crate) fn schema() -> Schema {
    let begin = Schema::new()
        .description(
            "Containers on zund, declared, planned and kept as they are declared.\n\n\
             Each setting is taken from the configuration, else from the cloud that `cloud` names in `clouds.yaml` \
             (`OS_CLIENT_CONFIG_FILE`, `./clouds.yaml`, `~/.config/openstack/`, `/etc/openstack/`, with `secure.yaml` beside it), \
             else from its variable. Nothing is asked of the server before something needs it.",
        )
        .attribute(
            "cloud",
            Attribute::string()
                .optional()
                .description("The cloud in `clouds.yaml` that the other settings come from. Variable `OS_CLOUD`."),
        );
    SETTINGS.iter().fold(begin, |schema, setting| {
        let attribute = match setting.name {
            "insecure" => Attribute::bool(),
            "auth_url" | "endpoint" => {
                Attribute::string().validator(validator::parses::<HttpUrl>())
            }
            _ => Attribute::string(),
        };
        let attribute = if SECRETS.contains(&setting.name) {
            attribute.sensitive()
        } else {
            attribute
        };
        let text = format!("{} Variable `{}`.", setting.text, setting.variables[0]);
        schema.attribute(setting.name, attribute.optional().description(text))
    })
}

/// Where a value came from; the order is the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Attribute,
    Cloud,
    Environment,
}

/// All three sources together.
struct Sources<'a> {
    config: &'a Value,
    cloud: Option<Cloud>,
    environment: &'a Environment,
}

impl Sources<'_> {
    /// A setting from one source.
    fn from(&self, source: Source, setting: &Setting) -> Option<String> {
        match source {
            Source::Attribute => match self.config.get(setting.name).ok()? {
                Value::String(text) => Some(text.clone()),
                Value::Bool(truth) => Some(truth.to_string()),
                _ => None,
            },
            Source::Cloud => self.cloud.as_ref()?.get(setting.cloud),
            Source::Environment => setting
                .variables
                .iter()
                .find_map(|variable| self.environment.get(variable))
                .map(str::to_owned),
        }
    }

    /// A setting from the first source that has it.
    fn find(&self, name: &str) -> Option<(String, Source)> {
        let setting = SETTINGS.iter().find(|setting| setting.name == name)?;
        [Source::Attribute, Source::Cloud, Source::Environment]
            .into_iter()
            .find_map(|source| Some((self.from(source, setting)?, source)))
    }

    fn get(&self, name: &str) -> Option<String> {
        self.find(name).map(|(value, _)| value)
    }

    /// The error for a setting that has to be there.
    fn missing(&self, name: &str, why: &str) -> Diagnostic {
        let variable = SETTINGS
            .iter()
            .find(|setting| setting.name == name)
            .map_or("", |setting| setting.variables[0]);
        let cloud = match &self.cloud {
            Some(cloud) => format!("the cloud in {} does not have it", cloud.file().display()),
            None => "name a cloud of clouds.yaml with cloud (OS_CLOUD)".to_owned(),
        };
        let detail = format!(
            "{why} Set {name} in the provider's configuration or {variable} in the environment; {cloud}."
        );
        Diagnostic::error(format!("Missing {name}"), detail).at(name)
    }

    fn url(&self, name: &str) -> Result<Option<Url>, Diagnostic> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        match text.parse::<HttpUrl>() {
            Ok(url) => Ok(Some(url.0)),
            Err(problem) => Err(Diagnostic::error(format!("Invalid {name}"), problem).at(name)),
        }
    }

    fn insecure(&self) -> Result<bool, Diagnostic> {
        let Some((text, source)) = self.find("insecure") else {
            return Ok(false);
        };
        let truth = match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => true,
            "0" | "false" | "no" | "off" => false,
            _ => {
                let detail = format!(
                    "{text:?} is neither true nor false (OS_INSECURE, or verify in clouds.yaml)."
                );
                return Err(Diagnostic::error("Invalid insecure", detail).at("insecure"));
            }
        };
        // A cloud says the opposite: `verify: false`.
        Ok(truth != (source == Source::Cloud))
    }
}

/// An address of a server.
struct HttpUrl(Url);

impl std::str::FromStr for HttpUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = |why: String| {
            format!("{text:?} is not an address such as http://host:9517/identity/v3: {why}.")
        };
        let url: Url = text
            .parse()
            .map_err(|error: url::ParseError| refused(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(refused(
                "it has to begin with http:// or https:// and a host".into(),
            ));
        }
        Ok(Self(url))
    }
}

/// The connection a wholly known configuration describes, or every reason why it describes none.
pub(crate) fn connection(
    config: &Value,
    environment: &Environment,
    user_agent: String,
) -> Result<Connection, Diagnostics> {
    let named = match config.get("cloud").ok().and_then(Value::as_str) {
        Some(name) => Some(name),
        None => environment.get("OS_CLOUD"),
    };
    let cloud = named
        .map(|name| Cloud::find(name, environment))
        .transpose()
        .map_err(|detail| Diagnostic::error("Cloud not found", detail).at("cloud"))?;
    let sources = Sources {
        config,
        cloud,
        environment,
    };
    let mut problems = Diagnostics::new();
    let auth_url = problems.keep(sources.url("auth_url")).flatten();
    let endpoint = problems.keep(sources.url("endpoint")).flatten();
    let insecure = problems.keep(sources.insecure()).unwrap_or_default();
    let credentials = problems.keep(credentials::read(&sources));
    let bare = sources.get("token").is_some() && endpoint.is_some();
    if auth_url.is_none() && !bare && !problems.has_errors() {
        problems.push(sources.missing("auth_url", "There is nothing to log in at."));
    }
    match credentials {
        Some(credentials) if !problems.has_errors() => Ok(Connection {
            auth_url,
            credentials,
            region: sources.get("region"),
            endpoint,
            tls: Tls {
                insecure,
                cacert_file: sources.get("cacert_file").map(PathBuf::from),
            },
            user_agent,
        }),
        _ => Err(problems),
    }
}

#[cfg(test)]
mod tests;
