//! zund's own API, for what the command lines do not show: rows, claims, what the engine was seen to do.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::backend::Backend;
use crate::http;

/// A login as the administrator of a backend. It outlives restarts of the backend.
#[derive(Debug)]
pub struct Api {
    runtime: Runtime,
    url: String,
    token: String,
    project: String,
}

impl Api {
    /// Logs in.
    pub fn login(backend: &Backend) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start a runtime for requests")?;
        let client = http::client()?;
        let variables = backend.credentials()?;
        let variable = |name: &str| variables.get(name).cloned().unwrap_or_default();
        let domain = json!({ "name": "Default" });
        let body = json!({ "auth": {
            "identity": { "methods": ["password"], "password": { "user": {
                "name": variable("OS_USERNAME"), "password": variable("OS_PASSWORD"), "domain": domain,
            } } },
            "scope": { "project": { "name": variable("OS_PROJECT_NAME"), "domain": domain } },
        } });
        let url = format!("{}/identity/v3/auth/tokens", backend.url());
        let (token, answer) = runtime.block_on(async {
            let response = client.post(&url).json(&body).send().await?;
            let response = response.error_for_status()?;
            let token = response.headers().get("x-subject-token").cloned();
            anyhow::Ok((token, response.json::<Value>().await?))
        })?;
        let token = token.context("the login gave no token")?;
        Ok(Self {
            runtime,
            url: backend.url().to_owned(),
            token: token.to_str()?.to_owned(),
            project: text(&answer["token"]["project"]["id"])?,
        })
    }

    /// The id of the project that is worked in.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// What a `GET` answers.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.ask(Method::GET, path, None)
    }

    /// What a `POST` answers.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask(Method::POST, path, Some(body))
    }

    /// What a `PUT` answers.
    pub fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask(Method::PUT, path, Some(body))
    }

    /// What a `PATCH` answers.
    pub fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask(Method::PATCH, path, Some(body))
    }

    /// What a `DELETE` answers.
    pub fn delete(&self, path: &str) -> Result<Value> {
        self.ask(Method::DELETE, path, None)
    }

    /// A path of the block storage API.
    pub fn block_storage(&self, path: &str) -> String {
        format!("/volume/v3/{}/{path}", self.project)
    }

    /// Every container of the project.
    pub fn containers(&self) -> Result<Vec<Value>> {
        let page = self.get("/zund/v1/containers?limit=1000")?;
        ensure!(page["next"].is_null(), "more than one page of containers");
        let containers = page["containers"].as_array().cloned();
        containers.context("a list of containers without containers")
    }

    /// Every capsule of the project.
    pub fn capsules(&self) -> Result<Vec<Value>> {
        let page = self.get("/zund/v1/capsules?limit=1000")?;
        ensure!(page["next"].is_null(), "more than one page of capsules");
        let capsules = page["capsules"].as_array().cloned();
        capsules.context("a list of capsules without capsules")
    }

    /// One container, as zund holds it.
    pub fn container(&self, ident: &str) -> Result<Value> {
        self.get(&format!("/zund/v1/containers/{ident}"))
    }

    /// A new project, its id.
    pub fn create_project(&self, name: &str) -> Result<String> {
        let body = json!({ "project": { "name": name } });
        text(&self.post("/identity/v3/projects", &body)?["project"]["id"])
    }

    fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let url = format!("{}{path}", self.url);
        let shown = format!("{method} {url}");
        // A new connection each time: the backend may have been killed and started again since the last one.
        let mut request = http::client()?
            .request(method, &url)
            .header("X-Auth-Token", &self.token)
            .header("OpenStack-API-Version", "container 1.40");
        if let Some(body) = body {
            request = request.json(body);
        }
        let (status, answer) = self
            .runtime
            .block_on(async {
                let response = request.send().await?;
                let status = response.status();
                anyhow::Ok((status, response.text().await?))
            })
            .with_context(|| format!("{shown} was not answered"))?;
        ensure!(status.is_success(), "{shown} answered {status}: {answer}");
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&answer).with_context(|| format!("{shown} answered no JSON: {answer}"))
    }
}

fn text(value: &Value) -> Result<String> {
    let text = value.as_str().map(str::to_owned);
    text.with_context(|| format!("{value} should be a text"))
}
