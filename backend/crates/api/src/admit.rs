//! Who may pass: the token, the version and the right of a request, decided once, before its handler.
//!
//! A handler that takes [`Admitted`] or [`LoggedIn`] gets what was decided here. Rights are those of the
//! route's entry in the table; what depends on the request's values is asked with [`Admitted::may`].

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, Uri};
use uuid::Uuid;
use zun_domain::policy::{Action, Exceptions, may};
use zun_engine::Call;
use zun_engine::identity::{Secret, TokenInfo};

use crate::App;
use crate::address::Written;
use crate::error::{Answer, Problem};
use crate::frame::{Api, Context};
use crate::microversion::Microversion;
use crate::router::{Right, Route};

/// The header that carries a token.
pub(crate) const TOKEN: &str = "x-auth-token";

/// A request whose token, version and right were found good.
#[derive(Debug, Clone)]
pub(crate) struct Admitted {
    /// Limited to the project of the token.
    pub(crate) call: Call,
    pub(crate) version: Microversion,
    /// Where the client reached us.
    pub(crate) base: Arc<str>,
    exceptions: Exceptions,
}

impl Admitted {
    /// Whether the caller may do this too.
    pub(crate) fn may(&self, action: Action) -> Answer<()> {
        Ok(may(&self.call.caller, action, &self.exceptions)?)
    }

    /// Whether the caller is an administrator.
    pub(crate) fn is_admin(&self) -> bool {
        self.call.caller.is_admin()
    }

    /// The same request with a view of every project; for administrators.
    pub(crate) fn everywhere(&self) -> Call {
        Call {
            all_projects: true,
            ..self.call.clone()
        }
    }

    /// The request with the view in which `ident` is looked up. An administrator sees every project, but
    /// a name means the one in the own project first: elsewhere it may stand for several.
    pub(crate) async fn sight(&self, app: &App, ident: &str) -> Answer<Call> {
        if !self.is_admin() {
            return Ok(self.call.clone());
        }
        if Uuid::parse_str(ident).is_ok() {
            return Ok(self.everywhere());
        }
        match app.engine.container_get(&self.call, ident).await {
            Err(zun_engine::Error::NotFound { .. }) => Ok(self.everywhere()),
            Ok(_) => Ok(self.call.clone()),
            Err(error) => Err(error.into()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Admitted {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| {
            Problem::internal(&"a handler asks for a caller on a route without a right")
        })
    }
}

/// What the token of a request says; it may be for no project.
#[derive(Debug, Clone)]
pub(crate) struct LoggedIn(pub(crate) Arc<TokenInfo>);

impl<S: Sync> FromRequestParts<S> for LoggedIn {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| Problem::internal(&"a handler asks for a token on a public route"))
    }
}

/// What is known of any request.
impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let found = parts.extensions.get::<Self>().cloned();
        found.ok_or_else(|| Problem::internal(&"a request went around its frame"))
    }
}

/// The gate in front of one route.
pub(crate) async fn admit(
    State((app, route)): State<(App, &'static Route)>,
    mut request: Request,
    next: Next,
) -> Response {
    match decide(&app, route, &mut request).await {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn decide(app: &App, route: &Route, request: &mut Request) -> Answer<()> {
    let context = context_of(request)?;
    refuse_nul(request.uri())?;
    let action = match route.right {
        Right::Public => {
            version_of(&context)?;
            return Ok(());
        }
        Right::Loopback(_) if is_loopback(request) => return Ok(()),
        Right::Login => None,
        Right::Loopback(action) | Right::May(action) => Some(action),
    };
    let token = authenticate(app, request.headers()).await?;
    let version = version_of(&context)?;
    if !(route.since..=route.until).contains(&version) && context.api == Api::Container {
        return Err(not_in_version(route, version));
    }
    if let Some(action) = action {
        let caller = token.caller().ok_or_else(|| {
            Problem::new(
                StatusCode::FORBIDDEN,
                "policy-not-authorized",
                format!(
                    "{} takes a token for a project, and this one is for none: log in with a project",
                    action.rule()
                ),
            )
        })?;
        let exceptions = app.engine.exceptions();
        may(&caller, action, exceptions)?;
        let call = Call {
            caller,
            request_id: context.request_id.clone(),
            all_projects: false,
        };
        request.extensions_mut().insert(Admitted {
            call,
            version,
            base: context.base.clone(),
            exceptions: exceptions.clone(),
        });
    }
    request.extensions_mut().insert(LoggedIn(token));
    Ok(())
}

/// No name, id or value has one, and no database takes one.
fn refuse_nul(address: &Uri) -> Answer<()> {
    if address.to_string().contains("%00") {
        return Err(Problem::bad(
            "invalid-value",
            "the address holds a NUL (%00), which no name and no value may hold",
        ));
    }
    Ok(())
}

fn context_of(request: &Request) -> Answer<Context> {
    let context = request.extensions().get::<Context>().cloned();
    context.ok_or_else(|| Problem::internal(&"a request went around its frame"))
}

/// The version asked for; only that of `/v1` has an effect.
fn version_of(context: &Context) -> Answer<Microversion> {
    match context.api {
        Api::Container => context.version.clone().map_err(Problem::from),
        Api::Volume => {
            context.volume_version.clone()?;
            Ok(Microversion::MAX)
        }
        Api::Root | Api::Identity | Api::Network | Api::Image | Api::Extension => {
            Ok(Microversion::MAX)
        }
    }
}

fn not_in_version(route: &Route, version: Microversion) -> Problem {
    let Route {
        method,
        path,
        since,
        until,
        ..
    } = route;
    let served = if version < *since {
        format!("from version {since} on")
    } else {
        format!("up to version {until} only")
    };
    Problem::new(
        StatusCode::NOT_ACCEPTABLE,
        "not-acceptable",
        format!("{method} {path} is served {served}, and this request asked for {version}"),
    )
}

/// What the token of a request says.
pub(crate) async fn authenticate(app: &App, headers: &HeaderMap) -> Answer<Arc<TokenInfo>> {
    let token = headers.get(TOKEN).and_then(|value| value.to_str().ok());
    let Some(token) = token.map(str::trim).filter(|token| !token.is_empty()) else {
        return Err(Problem::unauthorized(
            "this takes a token: log in at /identity/v3/auth/tokens and send it as X-Auth-Token",
        ));
    };
    Ok(app.engine.identity().validate(&Secret::new(token)).await?)
}

/// Asked on this machine, and by no proxy for someone else.
fn is_loopback(request: &Request) -> bool {
    let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip"]
        .iter()
        .any(|name| request.headers().contains_key(*name));
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    !forwarded && peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback())
}

/// Answers what is no address of ours. Without a token, `/v1` does not even tell that.
pub(crate) async fn no_such_address(
    State(app): State<App>,
    context: Context,
    method: Method,
    uri: Uri,
    written: Option<Extension<Written>>,
    headers: HeaderMap,
) -> Problem {
    if let Err(problem) = check_outside(&app, &context, &headers).await {
        return problem;
    }
    let path = written.as_ref().map_or(uri.path(), |written| &written.0.0);
    let path: String = path.chars().take(200).collect();
    let last = path.rsplit('/').next().unwrap_or_default();
    let later = [
        "attach",
        "execute",
        "execute_resize",
        "get_archive",
        "put_archive",
        "network_attach",
        "network_detach",
        "network_list",
        "add_security_group",
        "remove_security_group",
        "container_actions",
        "capsules",
        "registries",
        "networks",
    ];
    Problem::no_such_address(if context.api == Api::Container && later.contains(&last) {
        format!("{last} is not served by this version of zund ({method} {path})")
    } else {
        format!(
            "there is nothing at {path}; see the list of addresses in the documentation of this API"
        )
    })
}

/// Answers a method that an address does not have.
pub(crate) async fn no_such_method(
    State(app): State<App>,
    context: Context,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Problem {
    if let Err(problem) = check_outside(&app, &context, &headers).await {
        return problem;
    }
    let path: String = uri.path().chars().take(200).collect();
    let mut problem = Problem::status_only(StatusCode::METHOD_NOT_ALLOWED);
    problem.explain(format!(
        "{path} does not take {method}; the header Allow says what it takes"
    ));
    problem
}

async fn check_outside(app: &App, context: &Context, headers: &HeaderMap) -> Answer<()> {
    if !matches!(context.api, Api::Root | Api::Identity) {
        authenticate(app, headers).await?;
        version_of(context)?;
    }
    Ok(())
}
