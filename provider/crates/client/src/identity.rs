//! Login at Keystone v3: password, token, application credential.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use url::Url;

use crate::catalog::Service;
use crate::connection::{Connection, Credentials, Named, Project, Secret, User};
use crate::error::Cause;
use crate::retry::{Patience, patiently};
use crate::transport::{Ask, Transport};

/// What a login gives.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) token: Secret,
    pub(crate) catalog: Vec<Service>,
}

#[derive(Deserialize)]
struct Issued {
    token: Issue,
}

#[derive(Deserialize)]
struct Issue {
    #[serde(default)]
    catalog: Vec<Service>,
}

#[derive(Deserialize)]
struct IdentityError {
    error: IdentityMessage,
}

#[derive(Deserialize)]
struct IdentityMessage {
    message: String,
}

/// Logs in.
pub(crate) async fn log_in(transport: &Transport, connection: &Connection) -> Result<Login, Cause> {
    let Some(auth_url) = &connection.auth_url else {
        return bare_token(connection);
    };
    let url = tokens_url(auth_url)?;
    let ask = Ask::new(Method::POST, url).json(&login_body(&connection.credentials))?;
    let reply = patiently(Patience::Short, || async {
        let reply = transport.send(connection, &ask).await?;
        if matches!(reply.status.as_u16(), 429 | 502 | 503) {
            return Err(Cause::Refusal(reply.refusal()));
        }
        Ok(reply)
    })
    .await?;
    let status = reply.status.as_u16();
    if status == 401 || status == 403 {
        let message = serde_json::from_slice::<IdentityError>(&reply.body)
            .map_or_else(|_| reply.summary(), |body| body.error.message);
        return Err(Cause::Login {
            url: reply.url,
            message,
        });
    }
    if status == 404 {
        return Err(Cause::Answer {
            message: format!(
                "{}; auth_url has to be the address of Keystone, such as http://host:9517/identity/v3",
                reply.summary()
            ),
            url: reply.url,
        });
    }
    if status >= 400 {
        let message = serde_json::from_slice::<IdentityError>(&reply.body).ok();
        let mut refusal = reply.refusal();
        if let Some(body) = message {
            refusal.detail = body.error.message;
        }
        return Err(Cause::Refusal(refusal));
    }
    let token = reply
        .headers
        .get("x-subject-token")
        .and_then(|value| value.to_str().ok())
        .map(Secret::new)
        .ok_or_else(|| Cause::Answer {
            url: reply.url.clone(),
            message: format!("a login without a token ({})", reply.status.as_u16()),
        })?;
    let issued: Issued = reply.parse()?;
    Ok(Login {
        token,
        catalog: issued.token.catalog,
    })
}

fn bare_token(connection: &Connection) -> Result<Login, Cause> {
    match &connection.credentials {
        Credentials::Token { token, .. } if connection.endpoint.is_some() => Ok(Login {
            token: token.clone(),
            catalog: Vec::new(),
        }),
        _ => Err(Cause::Settings {
            message: "there is no auth_url (OS_AUTH_URL); only a token together with an endpoint works without one".into(),
        }),
    }
}

/// `…/v3/auth/tokens`, for an address with or without `/v3`.
fn tokens_url(auth_url: &Url) -> Result<Url, Cause> {
    let mut url = auth_url.clone();
    let last = url
        .path_segments()
        .and_then(|mut parts| parts.rfind(|part| !part.is_empty()))
        .unwrap_or_default()
        .to_owned();
    if last == "v2.0" {
        return Err(Cause::Settings {
            message:
                "auth_url (OS_AUTH_URL) names version 2.0 of the identity API; version 3 is needed"
                    .into(),
        });
    }
    let mut parts = url.path_segments_mut().map_err(|()| Cause::Settings {
        message: "auth_url (OS_AUTH_URL) is no address of a server".into(),
    })?;
    parts.pop_if_empty();
    if last != "v3" {
        parts.push("v3");
    }
    parts.extend(["auth", "tokens"]);
    drop(parts);
    Ok(url)
}

fn login_body(credentials: &Credentials) -> Json {
    match credentials {
        Credentials::Password {
            user,
            password,
            scope,
        } => {
            let mut user = user_json(user);
            user["password"] = password.expose().into();
            scoped(
                &json!({"methods": ["password"], "password": {"user": user}}),
                scope.as_ref(),
            )
        }
        Credentials::Token { token, scope } => scoped(
            &json!({"methods": ["token"], "token": {"id": token.expose()}}),
            scope.as_ref(),
        ),
        Credentials::ApplicationCredential {
            credential,
            user,
            secret,
        } => {
            let mut body = named(credential);
            body["secret"] = secret.expose().into();
            if let (Named::Name(_), Some(user)) = (credential, user) {
                body["user"] = user_json(user);
            }
            // The credential has its project; a scope would be refused.
            json!({"auth": {"identity": {
                "methods": ["application_credential"], "application_credential": body,
            }}})
        }
    }
}

fn scoped(identity: &Json, scope: Option<&Project>) -> Json {
    let mut auth = json!({ "identity": identity });
    if let Some(project) = scope {
        let mut which = named(&project.which);
        if matches!(project.which, Named::Name(_)) {
            which["domain"] = named(&project.domain);
        }
        auth["scope"] = json!({ "project": which });
    }
    json!({ "auth": auth })
}

fn user_json(user: &User) -> Json {
    let mut json = named(&user.who);
    if matches!(user.who, Named::Name(_)) {
        json["domain"] = named(&user.domain);
    }
    json
}

fn named(which: &Named) -> Json {
    match which {
        Named::Id(id) => json!({ "id": id }),
        Named::Name(name) => json!({ "name": name }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v3_is_added_where_it_is_missing() {
        for (given, asked) in [
            ("http://h:5000", "http://h:5000/v3/auth/tokens"),
            ("http://h:5000/v3", "http://h:5000/v3/auth/tokens"),
            ("https://h/identity/", "https://h/identity/v3/auth/tokens"),
            (
                "https://h/identity/v3/",
                "https://h/identity/v3/auth/tokens",
            ),
        ] {
            assert_eq!(tokens_url(&given.parse().unwrap()).unwrap().as_str(), asked);
        }
        assert!(tokens_url(&"http://h/v2.0".parse().unwrap()).is_err());
    }

    #[test]
    fn bodies_of_each_method() {
        let domain = Named::Id("default".into());
        let user = User {
            who: Named::Name("ann".into()),
            domain: domain.clone(),
        };
        let scope = Some(Project {
            which: Named::Name("shop".into()),
            domain,
        });
        let password = login_body(&Credentials::Password {
            user,
            password: Secret::new("pw"),
            scope: scope.clone(),
        });
        assert_eq!(
            password.to_string(),
            r#"{"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":{"id":"default"},"name":"ann","password":"pw"}}},"scope":{"project":{"domain":{"id":"default"},"name":"shop"}}}}"#
        );
        let credential = login_body(&Credentials::ApplicationCredential {
            credential: Named::Id("c1".into()),
            user: None,
            secret: Secret::new("s"),
        });
        assert_eq!(
            credential.to_string(),
            r#"{"auth":{"identity":{"application_credential":{"id":"c1","secret":"s"},"methods":["application_credential"]}}}"#
        );
        let token = login_body(&Credentials::Token {
            token: Secret::new("t"),
            scope: None,
        });
        assert_eq!(
            token.to_string(),
            r#"{"auth":{"identity":{"methods":["token"],"token":{"id":"t"}}}}"#
        );
    }
}
