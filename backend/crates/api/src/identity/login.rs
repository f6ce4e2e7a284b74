//! The body of a login, as clients write it, turned into what the engine checks.

use serde::Deserialize;
use serde_json::Value;
use zun_engine::identity::{
    ApplicationCredentialRef, Credential, DomainRef, LoginRequest, ProjectRef, Scope, UserRef,
};

use crate::error::{Answer, Problem};
use crate::extract::SecretText;

/// `{"auth": …}`. Keys that are not known are left alone, as Keystone does.
#[derive(Deserialize)]
pub(crate) struct LoginBody {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    identity: Proofs,
    #[serde(default)]
    scope: Option<Value>,
}

#[derive(Deserialize)]
struct Proofs {
    methods: Vec<String>,
    #[serde(default)]
    password: Option<PasswordProof>,
    #[serde(default)]
    token: Option<TokenProof>,
    #[serde(default)]
    application_credential: Option<CredentialProof>,
}

#[derive(Deserialize)]
struct PasswordProof {
    user: UserBody,
}

#[derive(Deserialize)]
struct UserBody {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    domain: Option<DomainBody>,
    #[serde(default)]
    password: Option<SecretText>,
}

#[derive(Deserialize)]
struct DomainBody {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct TokenProof {
    id: SecretText,
}

#[derive(Deserialize)]
struct CredentialProof {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    user: Option<UserBody>,
    secret: SecretText,
}

impl LoginBody {
    /// What the engine checks.
    pub(super) fn request(self) -> Answer<LoginRequest> {
        let identity = self.auth.identity;
        let [method] = identity.methods.as_slice() else {
            return Err(Problem::value(
                "auth.identity.methods",
                "must name one method",
            ));
        };
        let missing = |path: &str| Problem::value(path, "is required by the method that is named");
        let credential = match method.as_str() {
            "password" => identity
                .password
                .ok_or_else(|| missing("auth.identity.password"))?
                .credential()?,
            "token" => {
                let proof = identity
                    .token
                    .ok_or_else(|| missing("auth.identity.token"))?;
                Credential::Token(proof.id.0)
            }
            "application_credential" => identity
                .application_credential
                .ok_or_else(|| missing("auth.identity.application_credential"))?
                .credential()?,
            other => {
                let shown: String = other.chars().take(40).collect();
                return Err(Problem::unauthorized(format!(
                    "the login method {shown:?} is not served: one of password, token, application_credential is"
                )));
            }
        };
        Ok(LoginRequest {
            credential,
            scope: scope(self.auth.scope.as_ref())?,
        })
    }
}

impl PasswordProof {
    fn credential(self) -> Answer<Credential> {
        let path = "auth.identity.password.user";
        let mut user = self.user;
        let password = user.password.take();
        let password =
            password.ok_or_else(|| Problem::value(&format!("{path}.password"), "is required"))?;
        Ok(Credential::Password {
            user: user.who(path)?,
            password: password.0,
        })
    }
}

impl CredentialProof {
    fn credential(self) -> Answer<Credential> {
        let path = "auth.identity.application_credential";
        let credential = match (self.id, self.name, self.user) {
            (Some(id), _, _) => ApplicationCredentialRef::Id(id),
            (None, Some(name), Some(user)) => ApplicationCredentialRef::Name {
                name,
                user: user.who(&format!("{path}.user"))?,
            },
            _ => return Err(Problem::value(path, "takes an id, or a name and its user")),
        };
        Ok(Credential::ApplicationCredential {
            credential,
            secret: self.secret.0,
        })
    }
}

impl UserBody {
    fn who(self, path: &str) -> Answer<UserRef> {
        match (self.id, self.name, self.domain) {
            (Some(id), _, _) => Ok(UserRef::Id(id)),
            (None, Some(name), Some(domain)) => Ok(UserRef::Name {
                name,
                domain: domain.which(&format!("{path}.domain"))?,
            }),
            _ => Err(Problem::value(
                path,
                "takes an id, or a name and its domain",
            )),
        }
    }
}

impl DomainBody {
    fn which(self, path: &str) -> Answer<DomainRef> {
        match (self.id, self.name) {
            (Some(id), _) => Ok(DomainRef::Id(id)),
            (None, Some(name)) => Ok(DomainRef::Name(name)),
            (None, None) => Err(Problem::value(path, "takes an id or a name")),
        }
    }
}

/// What the token shall be good for: nothing said, a word, or a project.
fn scope(scope: Option<&Value>) -> Answer<Scope> {
    let scope = match scope {
        None | Some(Value::Null) => return Ok(Scope::Unsaid),
        Some(Value::String(word)) if word == "unscoped" => return Ok(Scope::Unscoped),
        Some(scope) => scope,
    };
    if scope.get("unscoped").is_some() {
        return Ok(Scope::Unscoped);
    }
    let Some(project) = scope.get("project").filter(|project| project.is_object()) else {
        return Err(Problem::value(
            "auth.scope",
            "takes a project; tokens for a domain or the system are not served",
        ));
    };
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(ToOwned::to_owned);
    let path = "auth.scope.project";
    let which = match (
        text(project.get("id")),
        text(project.get("name")),
        project.get("domain"),
    ) {
        (Some(id), _, _) => ProjectRef::Id(id),
        (None, Some(name), Some(domain)) => {
            let domain = DomainBody {
                id: text(domain.get("id")),
                name: text(domain.get("name")),
            };
            ProjectRef::Name {
                name,
                domain: domain.which(&format!("{path}.domain"))?,
            }
        }
        _ => {
            return Err(Problem::value(
                path,
                "takes an id, or a name and its domain",
            ));
        }
    };
    Ok(Scope::Project(which))
}
