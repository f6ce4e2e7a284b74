//! Around every request: its id, its log line, the headers of its answer, and the body of a refusal.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use tracing::Instrument;

use crate::App;
use crate::error::{Answer, Problem};
use crate::microversion::{Microversion, Unusable, asked};
use crate::volume::version as volume;

/// Which of the served APIs an address belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Api {
    /// `/`, `/healthcheck`.
    Root,
    /// `/v1`.
    Container,
    /// `/identity`.
    Identity,
    /// `/volume/v3`.
    Volume,
    /// `/network/v2.0`.
    Network,
    /// `/image/v2`.
    Image,
    /// `/zund/v1`.
    Extension,
}

impl Api {
    /// The API of a path that was made plain (see `address`).
    pub(crate) fn of(path: &str) -> Self {
        let first = path.split('/').nth(1).unwrap_or_default();
        match first {
            "v1" => Self::Container,
            "identity" => Self::Identity,
            "volume" => Self::Volume,
            "network" => Self::Network,
            "image" => Self::Image,
            "zund" => Self::Extension,
            _ => Self::Root,
        }
    }

    /// A word for logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Container => "container",
            Self::Identity => "identity",
            Self::Volume => "volume",
            Self::Network => "network",
            Self::Image => "image",
            Self::Extension => "extension",
        }
    }
}

/// What is known of a request before anything is decided.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) api: Api,
    /// `req-<uuid>`.
    pub(crate) request_id: String,
    pub(crate) version: Result<Microversion, Unusable>,
    pub(crate) volume_version: Answer<volume::Version>,
    /// Where the client reached us, without a slash at the end.
    pub(crate) base: Arc<str>,
}

pub(crate) async fn frame(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let context = Context {
        api: Api::of(request.uri().path()),
        request_id: format!("req-{}", app.settings.ids.uuid()),
        version: asked(request.headers()),
        volume_version: volume::asked(request.headers()),
        base: base_url(&app, request.uri(), request.headers()).into(),
    };
    let method = request.method().clone();
    // Never the query: it may carry what nobody should read in a log.
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(context.clone());
    let span = tracing::info_span!("request", id = %context.request_id, %method, path);
    let response = next.run(request).instrument(span.clone()).await;
    let mut response = finished(response, &context);
    dress(&mut response, &context);
    let (status, took) = (response.status(), started.elapsed());
    span.in_scope(|| {
        let ms = took.as_millis();
        tracing::debug!(
            status = status.as_u16(),
            ms,
            "{method} {path} answered {status} in {ms} ms"
        );
    });
    let route = route.as_ref().map_or("", MatchedPath::as_str);
    app.metrics.answered(context.api, route, status, took);
    response
}

/// Writes the body of a refusal, whoever refused.
fn finished(mut response: Response, context: &Context) -> Response {
    let status = response.status();
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        return problem.render(context, response);
    }
    let refused = status.is_client_error() || status.is_server_error();
    let json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if refused && !json {
        return Problem::status_only(status).render(context, response);
    }
    response
}

fn dress(response: &mut Response, context: &Context) {
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-openstack-request-id", context.request_id.clone());
    if let (Api::Volume, Ok(version)) = (context.api, &context.volume_version) {
        set(Microversion::HEADER, format!("volume {version}"));
        set("vary", "OpenStack-API-Version".to_owned());
    }
    if context.api != Api::Container {
        return;
    }
    if matches!(context.version, Err(Unusable::Malformed(_))) {
        return;
    }
    set(
        "openstack-api-minimum-version",
        format!("container {}", Microversion::MIN),
    );
    set(
        "openstack-api-maximum-version",
        format!("container {}", Microversion::MAX),
    );
    if let Ok(version) = &context.version {
        set(Microversion::HEADER, format!("container {version}"));
        set("vary", "OpenStack-API-Version".to_owned());
    }
}

/// Where the client reached us: what the configuration says, else what the request says.
fn base_url(app: &App, uri: &Uri, headers: &HeaderMap) -> String {
    if let Some(url) = &app.settings.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .or_else(|| uri.authority().map(http::uri::Authority::as_str));
    let plain = |host: &&str| {
        !host.is_empty()
            && host
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c))
    };
    let scheme = if app.settings.tls { "https" } else { "http" };
    let forwarded = headers
        .get("x-forwarded-proto")
        .and_then(|value| value.to_str().ok())
        .filter(|scheme| matches!(*scheme, "http" | "https"));
    format!(
        "{}://{}",
        forwarded.unwrap_or(scheme),
        host.filter(plain).unwrap_or("localhost")
    )
}

/// A handler panicked: its message goes to the log only.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer hands the payload over"
)]
pub(crate) fn panicked(payload: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let message = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned());
    tracing::error!("a handler panicked: {message}");
    Problem::status_only(StatusCode::INTERNAL_SERVER_ERROR).into_response()
}
