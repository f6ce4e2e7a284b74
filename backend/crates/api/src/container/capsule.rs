//! `/v1/capsules`: Zun's capsules. The template is read by `zun-api-types`, the answer made in [`view`].

mod view;

use axum::Json;
use axum::extract::{Path, State};
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;
use zun_api_types::template::{Template, TemplateError};
use zun_domain::capsule::Capsule;
use zun_domain::container::{WaitFor, Wish};
use zun_domain::id::CapsuleId;
use zun_domain::policy::Action;
use zun_engine::command::DeleteContainer;
use zun_engine::command::capsule::CreateCapsule;
use zun_engine::query::CapsuleFilter;
use zun_engine::{Call, Error};

use self::view::Shown;
use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::{Args, json_only};
use crate::page::Paging;

/// 202, where to find it, and the capsule.
pub(crate) type Created = (StatusCode, [(HeaderName, String); 1], Json<Shown>);

/// The request with the view in which `ident` is looked up: as for containers, a name means the one in the own
/// project first.
pub(crate) async fn sight(app: &App, asked: &Admitted, ident: &str) -> Answer<Call> {
    if !asked.is_admin() {
        return Ok(asked.call.clone());
    }
    if Uuid::parse_str(ident).is_ok() {
        return Ok(asked.everywhere());
    }
    match app.engine.capsule_get(&asked.call, ident).await {
        Err(Error::NotFound { .. }) => Ok(asked.everywhere()),
        Ok(_) => Ok(asked.call.clone()),
        Err(error) => Err(error.into()),
    }
}

fn in_template(error: TemplateError) -> Problem {
    Problem::value(&error.path, error.message)
}

/// An engine's refusal with the path that the field has in a template, and Zun's status for it.
fn refused(error: Error) -> Problem {
    let error = match error {
        Error::Invalid { field, message } => Error::Invalid {
            field: path_in_template(&field),
            message,
        },
        other => other,
    };
    super::create::refused(error)
}

/// Fields of a container that a template calls differently.
const NAMES: [(&str, &str); 6] = [
    ("cpu", "resources.requests.cpu"),
    ("environment", "env"),
    ("image_pull_policy", "imagePullPolicy"),
    ("memory", "resources.requests.memory"),
    ("mounts", "volumeMounts"),
    ("workdir", "workDir"),
];

/// `containers[1].spec.workdir` is `spec.containers[1].workDir` there.
fn path_in_template(field: &str) -> String {
    let lists = [
        ("containers[", "containers["),
        ("init_containers[", "initContainers["),
    ];
    for (ours, theirs) in lists {
        let Some(rest) = field.strip_prefix(ours) else {
            continue;
        };
        let Some((index, inner)) = rest.split_once("].spec.") else {
            return format!("spec.{theirs}{rest}");
        };
        let (name, more) = inner.split_at(inner.find(['.', '[']).unwrap_or(inner.len()));
        let known = NAMES.iter().find(|(ours, _)| *ours == name);
        let name = known.map_or(name, |(_, theirs)| theirs);
        return format!("spec.{theirs}{index}].{name}{more}");
    }
    match field {
        field if field.starts_with("volumes[") => format!("spec.{field}"),
        "networks" => "nets".to_owned(),
        "availability_zone" => "availabilityZone".to_owned(),
        field => field.to_owned(),
    }
}

/// `POST /v1/capsules`.
pub(crate) async fn create(
    State(app): State<App>,
    asked: Admitted,
    headers: HeaderMap,
    mut args: Args,
) -> Answer<Created> {
    json_only(&headers)?;
    let template = args.take("template");
    let template = template.ok_or_else(|| {
        Problem::value(
            "template",
            "is required: a capsule, as an object, or as JSON or YAML in a string",
        )
    })?;
    args.end()?;
    let Template { name, spec, .. } = Template::of(template).map_err(in_template)?;
    let create = CreateCapsule {
        name,
        spec,
        wish: Some(Wish::Running),
        wait_for: WaitFor::None,
        unique: false,
    };
    let creating = app.engine.capsule_create(&asked.call, create);
    // On the heap: what it holds is large.
    let accepted = Box::pin(creating).await.map_err(refused)?;
    let location = format!("{}/v1/capsules/{}", asked.base, accepted.capsule.id);
    let body = view::capsule(&accepted.capsule, &asked, app.settings.clock.now());
    let headers = [(header::LOCATION, location)];
    Ok((StatusCode::ACCEPTED, headers, Json(body)))
}

/// `GET /v1/capsules/{ident}`; the query does not count.
pub(crate) async fn show(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<Json<Shown>> {
    let call = sight(&app, &asked, &ident).await?;
    let capsule = app.engine.capsule_get(&call, &ident).await?;
    Ok(Json(view::capsule(
        &capsule,
        &asked,
        app.settings.clock.now(),
    )))
}

/// A page. `next` is the address of the one after it.
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    capsules: Vec<Shown>,
    next: Value,
}

/// What lists are sorted by; `id` is the order in which they were accepted.
const KEYS: [&str; 6] = ["id", "uuid", "name", "status", "created_at", "updated_at"];

/// `GET /v1/capsules`, limited to the project of the token unless an administrator asks for all.
pub(crate) async fn list(
    State(app): State<App>,
    asked: Admitted,
    mut args: Args,
) -> Answer<Json<Page>> {
    let paging = Paging::take(&mut args, &KEYS)?;
    let mut call = asked.call.clone();
    if args.ext_bool("all_projects")? == Some(true) {
        asked.may(Action::Admin("capsule:get_all_all_projects"))?;
        call.all_projects = true;
    }
    let capsules = page(&app, &call, &paging).await?;
    let last = capsules.last().map(|last| last.id.to_string());
    let next = paging.next(&asked.base, "capsules", capsules.len(), last);
    let now = app.settings.clock.now();
    let shown = capsules.iter();
    let shown = shown.map(|capsule| view::capsule(capsule, &asked, now));
    Ok(Json(Page {
        capsules: shown.collect(),
        next,
    }))
}

async fn page(app: &App, call: &Call, paging: &Paging) -> Answer<Vec<Capsule>> {
    if paging.sort_key != KEYS[0] {
        let all = CapsuleFilter {
            limit: u32::MAX,
            ..CapsuleFilter::default()
        };
        let all = app.engine.capsule_list(call, all).await?;
        let key = |capsule: &Capsule| match paging.sort_key.as_str() {
            "name" => capsule.desired.name.to_string(),
            "status" => capsule.status().zun().to_owned(),
            "created_at" => capsule.created_at.to_string(),
            "updated_at" => capsule
                .updated_at
                .map(|at| at.to_string())
                .unwrap_or_default(),
            _ => String::new(),
        };
        return paging.cut("capsule", all, key, |capsule| capsule.id.to_string());
    }
    let marker = paging.marker.as_deref().map(|marker| {
        let id = marker.parse::<CapsuleId>();
        id.map_err(|_| Problem::not_found("capsule", marker))
    });
    let filter = CapsuleFilter {
        descending: paging.descending,
        limit: paging.limit,
        marker: marker.transpose()?,
        ..CapsuleFilter::default()
    };
    Ok(app.engine.capsule_list(call, filter).await?)
}

/// `DELETE /v1/capsules/{ident}?all_projects=`: in whatever state it is.
pub(crate) async fn delete(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    mut args: Args,
) -> Answer<StatusCode> {
    if args.ext_bool("all_projects")? == Some(true) {
        asked.may(Action::Admin("capsule:delete_all_projects"))?;
    }
    let call = sight(&app, &asked, &ident).await?;
    let how = DeleteContainer {
        force: true,
        stop: true,
    };
    app.engine.capsule_delete(&call, &ident, how).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::path_in_template;

    #[test]
    fn fields_have_the_names_of_the_template() {
        for (ours, theirs) in [
            ("containers[1].spec.ports", "spec.containers[1].ports"),
            (
                "containers[1].spec.mounts[0].source",
                "spec.containers[1].volumeMounts[0].source",
            ),
            (
                "containers[1].spec.cpu",
                "spec.containers[1].resources.requests.cpu",
            ),
            (
                "init_containers[0].spec.image",
                "spec.initContainers[0].image",
            ),
            ("containers[0].name", "spec.containers[0].name"),
            ("volumes[0]", "spec.volumes[0]"),
            ("networks", "nets"),
        ] {
            assert_eq!(path_in_template(ours), theirs);
        }
    }
}
