//! Why a request was refused, and the body that says so: one [`Problem`], five shapes.
//!
//! A handler answers a [`Problem`]; `frame` writes its body in the shape of the API that was asked, with
//! the request's id. This is the only place that knows which error has which status.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use zun_api_types::error::{ErrorBody, ErrorEntry, Link};
use zun_domain::policy::Denied;
use zun_engine::Error;

use crate::frame::{Api, Context};
use crate::microversion::Microversion;

/// A request that was refused or failed.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// Zun's word for it, kebab-case; empty for what has none.
    slug: &'static str,
    title: String,
    detail: String,
    field: Option<String>,
    existing: Option<String>,
    /// The version asked for is not served: Zun answers with further keys.
    unsupported: bool,
}

/// Result of a handler.
pub(crate) type Answer<T = Response> = Result<T, Problem>;

impl Problem {
    /// A refusal whose sentence is title and detail alike, as Zun does.
    pub(crate) fn new(status: StatusCode, slug: &'static str, sentence: impl Into<String>) -> Self {
        let title: String = sentence.into();
        Self {
            status,
            slug,
            detail: title.clone(),
            title,
            field: None,
            existing: None,
            unsupported: false,
        }
    }

    /// 400.
    pub(crate) fn bad(slug: &'static str, sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, slug, sentence)
    }

    /// 400 for the value of a field; the sentence begins with the field's name.
    pub(crate) fn value(field: &str, message: impl std::fmt::Display) -> Self {
        let mut cut: String = field.chars().take(200).collect();
        if cut.is_empty() {
            cut.push_str("body");
        }
        Self::bad("schema-validation-error", format!("{cut}: {message}")).field(&cut)
    }

    /// 404 of an object; what belongs to someone else is not found either.
    pub(crate) fn not_found(what: &'static str, ident: impl std::fmt::Display) -> Self {
        Error::not_found(what, ident).into()
    }

    /// 404 of an address.
    pub(crate) fn no_such_address(detail: String) -> Self {
        let mut problem = Self::new(StatusCode::NOT_FOUND, "", "Not Found");
        problem.detail = detail;
        problem
    }

    /// 401.
    pub(crate) fn unauthorized(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", sentence)
    }

    /// 406 for a version out of range.
    pub(crate) fn unsupported_version(version: &str) -> Self {
        let (min, max) = (Microversion::MIN, Microversion::MAX);
        let mut problem = Self::new(
            StatusCode::NOT_ACCEPTABLE,
            "",
            "Requested microversion is unsupported",
        );
        problem.detail = format!(
            "version {version} is not supported by the API: the lowest is {min} and the highest is {max}"
        );
        problem.unsupported = true;
        problem
    }

    /// 500 that says nothing of its cause but where to look for it.
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!("a request failed: {cause}");
        Self::status_only(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What has nothing to say but its status.
    pub(crate) fn status_only(status: StatusCode) -> Self {
        Self::new(status, "", status.canonical_reason().unwrap_or("Error"))
    }

    /// Says more than the title does.
    pub(crate) fn explain(&mut self, detail: String) {
        self.detail = detail;
    }

    /// Names the field of the request.
    pub(crate) fn field(mut self, path: &str) -> Self {
        self.field = Some(path.to_owned());
        self
    }

    /// The field's path below `parent`, where the sentence is right as it is.
    pub(crate) fn field_in(mut self, parent: &str) -> Self {
        if let Some(field) = &mut self.field {
            *field = format!("{parent}.{field}");
        }
        self
    }

    /// The whole message.
    pub(crate) fn sentence(self) -> String {
        self.detail
    }

    /// The same problem of a field inside `parent`, in the field's path and in the sentence.
    pub(crate) fn within(mut self, parent: &str) -> Self {
        if let Some(field) = &self.field {
            self.field = Some(format!("{parent}.{field}"));
            self.title = format!("{parent}.{}", self.title);
            self.detail.clone_from(&self.title);
        }
        self
    }

    /// 400 in place of 409: Cinder's status for what the state of an object does not allow.
    pub(crate) fn or_bad_request(mut self) -> Self {
        if self.status == StatusCode::CONFLICT {
            self.status = StatusCode::BAD_REQUEST;
        }
        self
    }

    /// The answer with its body.
    pub(crate) fn render(mut self, context: &Context, mut response: Response) -> Response {
        if self.status == StatusCode::INTERNAL_SERVER_ERROR {
            self.detail = format!(
                "the server could not do this; its log has the cause under {}",
                context.request_id
            );
        }
        let keystone = context.api == Api::Identity
            || (self.status == StatusCode::UNAUTHORIZED
                && matches!(
                    context.api,
                    Api::Container | Api::Volume | Api::Network | Api::Image
                ));
        let body = match context.api {
            _ if keystone => self.keystone(),
            Api::Volume => self.cinder(),
            Api::Network => self.neutron(),
            Api::Image => self.glance(),
            Api::Root | Api::Container | Api::Identity | Api::Extension => self.zun(context),
        };
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = format!("Keystone uri=\"{}/identity/v3\"", context.base);
            if let Ok(value) = HeaderValue::try_from(challenge) {
                headers.insert(header::WWW_AUTHENTICATE, value);
            }
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        *response.status_mut() = self.status;
        *response.body_mut() = body.to_string().into();
        response
    }

    fn keystone(&self) -> Value {
        json!({"error": {
            "code": self.status.as_u16(),
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "message": self.detail,
        }})
    }

    fn cinder(&self) -> Value {
        let name = match self.status.as_u16() {
            400 => "badRequest",
            403 => "forbidden",
            404 => "itemNotFound",
            405 => "badMethod",
            409 => "conflictingRequest",
            413 => "overLimit",
            415 => "badMediaType",
            503 => "serviceUnavailable",
            _ => "computeFault",
        };
        let mut body = json!({});
        body[name] = json!({"code": self.status.as_u16(), "message": self.detail});
        body
    }

    /// As Glance tells those who accept JSON.
    fn glance(&self) -> Value {
        let title = self.status.canonical_reason().unwrap_or("Error");
        json!({
            "code": format!("{} {title}", self.status.as_u16()),
            "title": title,
            "message": self.detail,
        })
    }

    fn neutron(&self) -> Value {
        json!({"NeutronError": {
            "type": self.neutron_type(),
            "message": self.detail,
            "detail": "",
        }})
    }

    /// Neutron's word for it, by which its clients tell refusals from each other.
    fn neutron_type(&self) -> &'static str {
        match (self.slug, self.status.as_u16()) {
            ("network-not-found", _) => "NetworkNotFound",
            ("subnet-not-found", _) => "SubnetNotFound",
            ("subnet-pool-not-found", _) => "SubnetPoolNotFound",
            ("port-not-found", _) => "PortNotFound",
            ("security-group-not-found", _) => "SecurityGroupNotFound",
            ("security-group-rule-not-found", _) => "SecurityGroupRuleNotFound",
            ("router-not-found", _) => "RouterNotFound",
            ("floating-ip-not-found", _) => "FloatingIPNotFound",
            ("policy-not-authorized", _) => "PolicyNotAuthorized",
            // A rule of networks, under the name that Neutron gives it.
            (rule, _) if rule.starts_with(|first: char| first.is_ascii_uppercase()) => rule,
            (_, 400) => "InvalidInput",
            (_, 403) => "HTTPForbidden",
            (_, 404) => "HTTPNotFound",
            (_, 405) => "HTTPMethodNotAllowed",
            (_, 409) => "Conflict",
            (_, 413) => "HTTPRequestEntityTooLarge",
            (_, 415) => "HTTPUnsupportedMediaType",
            (_, 503) => "ServiceUnavailable",
            _ => "HTTPInternalServerError",
        }
    }

    fn zun(&self, context: &Context) -> Value {
        let body = ErrorBody {
            errors: vec![ErrorEntry {
                request_id: context.request_id.clone(),
                code: format!("container.{}", self.slug),
                status: self.status.as_u16(),
                title: self.title.clone(),
                detail: self.detail.clone(),
                links: Vec::new(),
                field: self.field.clone(),
                existing: self.existing.clone(),
            }],
        };
        let mut body = json!(body);
        if let (true, Some(entry)) = (self.unsupported, body["errors"][0].as_object_mut()) {
            let help = Link {
                href: format!("{}/v1/", context.base),
                rel: "help".to_owned(),
            };
            entry.insert("code".to_owned(), json!("zun.microversion-unsupported"));
            entry.insert(
                "min_version".to_owned(),
                json!(Microversion::MIN.to_string()),
            );
            entry.insert(
                "max_version".to_owned(),
                json!(Microversion::MAX.to_string()),
            );
            entry.insert("links".to_owned(), json!([help]));
        }
        if context.api == Api::Container
            && let Some(entry) = body["errors"][0].as_object_mut()
        {
            // No key on /v1 that upstream does not send.
            entry.remove("field");
            entry.remove("existing");
        }
        body
    }
}

impl IntoResponse for Problem {
    /// Without a body: `frame` writes it.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "policy-not-authorized",
            denied.to_string(),
        )
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let sentence = error.to_string();
        let conflict = |slug| Problem::new(StatusCode::CONFLICT, slug, sentence.as_str());
        match error {
            Error::NotFound { what, .. } => {
                Self::new(StatusCode::NOT_FOUND, not_found_slug(what), sentence)
            }
            Error::NameTaken { existing, .. } => {
                let mut problem = conflict("container-already-exists");
                problem.existing = Some(existing.to_string());
                problem
            }
            Error::ImageTaken { .. } => conflict("image-already-exists"),
            Error::InvalidState { .. } => conflict("invalid-state-exception"),
            Error::Ambiguous { .. }
            | Error::Busy { .. }
            | Error::Stale { .. }
            | Error::Conflict(_) => conflict("conflict"),
            Error::Unplaceable(_) => conflict("no-valid-host"),
            Error::VolumeNotUsable(_) => conflict("volume-not-usable"),
            Error::NetworkNotUsable(_) => conflict("network-not-usable"),
            Error::Network { rule, .. } if rule.is_absence() => {
                Self::new(StatusCode::NOT_FOUND, rule.name(), sentence)
            }
            Error::Network { rule, .. } => conflict(rule.name()),
            Error::Failed(_) => conflict("operation-failed"),
            Error::Invalid { field, .. } => Self::bad("invalid-value", sentence).field(&field),
            Error::OverQuota(_) => Self::new(StatusCode::FORBIDDEN, "over-quota", sentence),
            Error::Image { missing: true, .. } => {
                Self::bad("image-not-found", sentence).field("image")
            }
            Error::Image { missing: false, .. } => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "image-unavailable",
                sentence,
            ),
            Error::TooLarge(_) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload-too-large", sentence)
            }
            Error::Forbidden(_) => Self::new(StatusCode::FORBIDDEN, "forbidden", sentence),
            Error::Denied(denied) => denied.into(),
            Error::Unauthorized(_) => Self::unauthorized(sentence),
            Error::Unavailable(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", sentence)
            }
            Error::Full(_) => Self::new(StatusCode::INSUFFICIENT_STORAGE, "full", sentence),
            Error::Internal(cause) => Self::internal(&cause),
        }
    }
}

fn not_found_slug(what: &str) -> &'static str {
    match what {
        "container" => "container-not-found",
        "host" => "compute-node-not-found",
        "service" => "zun-service-not-found",
        "quota class" => "quota-class-not-found",
        "operation" => "operation-not-found",
        "registry" => "registry-not-found",
        "project" => "project-not-found",
        "network" => "network-not-found",
        "subnet" => "subnet-not-found",
        "subnet pool" => "subnet-pool-not-found",
        "port" => "port-not-found",
        "security group" => "security-group-not-found",
        "security group rule" => "security-group-rule-not-found",
        "router" => "router-not-found",
        "image" => "image-not-found",
        "floating IP" => "floating-ip-not-found",
        _ => "resource-not-found",
    }
}
