//! `/v1/registries`: registries with credentials. A password goes in and never comes out.

use axum::Json;
use axum::extract::{Path, State};
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;
use zun_domain::policy::Action;
use zun_domain::registry::{Password, Registry};
use zun_engine::Call;
use zun_engine::command::registry::{CreateRegistry, Field, RegistryFilter, UpdateRegistry};

use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::{Args, json_only};
use crate::page::Paging;

/// What stands in the place of every password, of one that is not set, too.
const HIDDEN: &str = "***";

/// What lists are put in order by.
const SORT_KEYS: [&str; 5] = ["id", "uuid", "name", "domain", "username"];

/// A page. `next` is the address of the one after it.
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    registries: Vec<Value>,
    next: Value,
}

/// A registry as Zun's clients read it. `base` is where its links begin; lists have none.
fn shown(registry: &Registry, base: Option<&str>) -> Value {
    let id = registry.id;
    let mut body = json!({
        "uuid": id,
        "name": registry.name,
        "domain": registry.domain,
        "username": registry.username,
        "password": HIDDEN,
        "project_id": registry.project.0.simple().to_string(),
        "user_id": registry.user.0.simple().to_string(),
    });
    if let Some(base) = base {
        body["links"] = json!([
            {"href": format!("{base}/v1/registries/{id}"), "rel": "self"},
            {"href": format!("{base}/registries/{id}"), "rel": "bookmark"},
        ]);
    }
    body
}

fn single(registry: &Registry, asked: &Admitted) -> Json<Value> {
    Json(json!({"registry": shown(registry, Some(&asked.base))}))
}

/// The view in which `ident` is looked up: an administrator sees every project, and names in the own one first.
async fn sight(app: &App, asked: &Admitted, ident: &str) -> Answer<Call> {
    if !asked.is_admin() {
        return Ok(asked.call.clone());
    }
    if Uuid::parse_str(ident).is_ok() {
        return Ok(asked.everywhere());
    }
    match app.engine.registry_get(&asked.call, ident).await {
        Err(zun_engine::Error::NotFound { .. }) => Ok(asked.everywhere()),
        Ok(_) => Ok(asked.call.clone()),
        Err(error) => Err(error.into()),
    }
}

/// An engine's refusal with the field's path in these bodies.
fn refused(error: zun_engine::Error) -> Problem {
    let of_field = matches!(error, zun_engine::Error::Invalid { .. });
    let problem = Problem::from(error);
    if of_field {
        problem.within("registry")
    } else {
        problem
    }
}

/// The fields inside of `registry`.
fn inside(args: &mut Args) -> Answer<Args> {
    let value = args.take("registry");
    let value = value
        .ok_or_else(|| Problem::value("registry", "is required: an object with its fields"))?;
    Args::nested("registry", value)
}

/// A text that may be null for none.
fn text(args: &mut Args, name: &str) -> Answer<Field<String>> {
    if args.given(name) && !args.has(name) {
        args.take(name);
        return Ok(Field::Clear);
    }
    Ok(args.text(name)?.map_or(Field::Keep, Field::Set))
}

fn password(args: &mut Args) -> Answer<Field<Password>> {
    Ok(match text(args, "password")? {
        Field::Keep => Field::Keep,
        Field::Clear => Field::Clear,
        Field::Set(text) => {
            Field::Set(Password::try_from(text).map_err(|error| Problem::value("password", error))?)
        }
    })
}

fn given<T>(field: Field<T>) -> Option<T> {
    match field {
        Field::Set(value) => Some(value),
        Field::Keep | Field::Clear => None,
    }
}

fn fields(mut inner: Args) -> Answer<UpdateRegistry> {
    let update = UpdateRegistry {
        name: text(&mut inner, "name")?,
        domain: inner.parsed("domain")?,
        username: text(&mut inner, "username")?,
        password: password(&mut inner)?,
    };
    inner.end()?;
    Ok(update)
}

/// `GET /v1/registries`, limited to the project of the token unless an administrator asks for all.
pub(crate) async fn list(
    State(app): State<App>,
    asked: Admitted,
    mut args: Args,
) -> Answer<Json<Page>> {
    let paging = Paging::take(&mut args, &SORT_KEYS)?;
    let mut call = asked.call.clone();
    if args.ext_bool("all_projects")? == Some(true) {
        asked.may(Action::Admin("registry:get_all_all_projects"))?;
        call.all_projects = true;
    }
    let (project, user) = (args.text("project_id")?, args.text("user_id")?);
    let filter = RegistryFilter {
        name: args.text("name")?,
        domain: args.text("domain")?,
        username: args.text("username")?,
        project: project.as_deref().and_then(|id| id.parse().ok()),
        user: user.as_deref().and_then(|id| id.parse().ok()),
    };
    args.end()?;
    // What is no id belongs to nobody.
    let nobody = (project.is_some() && filter.project.is_none())
        || (user.is_some() && filter.user.is_none());
    let mut all = app.engine.registry_list(&call, &filter).await?;
    all.retain(|_| !nobody);
    let key = |registry: &Registry| match paging.sort_key.as_str() {
        "name" => registry.name.clone().unwrap_or_default(),
        "domain" => registry.domain.to_string(),
        "username" => registry.username.clone().unwrap_or_default(),
        "uuid" => registry.id.to_string(),
        // Zun's own numbers, which grow with time.
        _ => format!("{:.9}", registry.created_at),
    };
    let page = paging.cut("registry", all, key, |registry| registry.id.to_string())?;
    let last = page.last().map(|last| last.id.to_string());
    let next = paging.next(&asked.base, "registries", page.len(), last);
    let registries = page.iter().map(|registry| shown(registry, None)).collect();
    Ok(Json(Page { registries, next }))
}

/// 201, where to find it, and the registry.
type Created = (StatusCode, [(HeaderName, String); 1], Json<Value>);

/// `POST /v1/registries`.
pub(crate) async fn create(
    State(app): State<App>,
    asked: Admitted,
    headers: HeaderMap,
    mut args: Args,
) -> Answer<Created> {
    json_only(&headers)?;
    let inner = inside(&mut args)?;
    args.end()?;
    let ask = fields(inner).map_err(|problem| problem.within("registry"))?;
    let domain = ask.domain.ok_or_else(|| {
        let message = "is required: where the registry is, such as registry.example:5000";
        Problem::value("registry.domain", message)
    })?;
    let create = CreateRegistry {
        name: given(ask.name),
        domain,
        username: given(ask.username),
        password: given(ask.password),
    };
    let made = app.engine.registry_create(&asked.call, create).await;
    let registry = made.map_err(refused)?;
    let location = format!("{}/v1/registries/{}", asked.base, registry.id);
    let body = single(&registry, &asked);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], body))
}

/// `GET /v1/registries/{ident}`.
pub(crate) async fn show(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<Json<Value>> {
    let call = sight(&app, &asked, &ident).await?;
    let registry = app.engine.registry_get(&call, &ident).await?;
    Ok(single(&registry, &asked))
}

/// `PATCH /v1/registries/{ident}`: what is given is changed, null takes away.
pub(crate) async fn patch(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    mut args: Args,
) -> Answer<Json<Value>> {
    let inner = inside(&mut args)?;
    args.end()?;
    let ask = fields(inner).map_err(|problem| problem.within("registry"))?;
    let call = sight(&app, &asked, &ident).await?;
    let changed = app.engine.registry_update(&call, &ident, ask).await;
    Ok(single(&changed.map_err(refused)?, &asked))
}

/// `DELETE /v1/registries/{ident}`.
pub(crate) async fn delete(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<StatusCode> {
    let call = sight(&app, &asked, &ident).await?;
    app.engine.registry_delete(&call, &ident).await?;
    Ok(StatusCode::NO_CONTENT)
}
