//! The last word on a plan: settle it, then ask the server what would stand in the way of the apply.
//!
//! What stands in the way is a warning here, with all reasons: the same run may raise the quota or free the
//! room. That the server cannot be asked at all, or refuses the login, is an error at once.

use tfplugin::{
    Action, AttributePath, Context, Diagnostic, Diagnostics, PlanRequest, PlanResponse, Value,
};
use zun_api_types::features::DiskMeaning;
use zun_api_types::preview::{Preview, PreviewRequest, Problem};

use super::memory::Memory;
use super::mounts;
use super::plan::{follows_tag, shape_create, shape_update};
use super::spec::{environment_wo, fields, spec_of, wait_for_of, wish_of};
use crate::json::to_json;
use crate::report::{detail, failed, sentence};
use crate::session::Session;

/// Settles a plan and previews it where it asks something of the server.
pub(super) async fn plan(
    context: &Context<Session>,
    request: &PlanRequest,
    response: &mut PlanResponse,
) -> Result<(), Diagnostics> {
    let memory = Memory::load(&response.private);
    match request.action {
        Action::Destroy => Ok(()),
        Action::Create => {
            response.requires_replace.clear();
            shape_create(&request.config, &mut response.planned_state);
            Memory::default().store(&mut response.private);
            // The first half of a replacement was previewed with the old container out of the way.
            match context.try_client() {
                Some(session) if memory.replaces.is_none() => {
                    preview(session, request, None, &Memory::default(), response).await
                }
                _ => Ok(()),
            }
        }
        Action::Update => update(context, request, memory, response).await,
    }
}

async fn update(
    context: &Context<Session>,
    request: &PlanRequest,
    memory: Memory,
    response: &mut PlanResponse,
) -> Result<(), Diagnostics> {
    let (config, prior) = (&request.config, &request.prior_state);
    let session = context.try_client();
    let disk_differs = config
        .get("disk")
        .is_ok_and(|disk| !disk.is_null() && Ok(disk) != prior.get("disk"));
    let disk = match session {
        Some(session) if disk_differs => {
            let features = session.client.features().await;
            features.map_err(|error| failed(&error))?.disk
        }
        // The dearer reading: a plan may turn out cheaper, never dearer.
        _ => DiskMeaning::Enforced,
    };
    let shape = shape_update(config, prior, &memory, disk, &mut response.planned_state);
    response.requires_replace.clear();
    for name in &shape.replaced_by {
        response.require_replace(*name);
    }
    tell_of_moved_tag(prior, &memory, response);
    mounts::judge(
        prior,
        &response.planned_state,
        shape.replaces(),
        &mut response.diagnostics,
    );
    if shape.replaces() {
        let mut memory = memory.clone();
        memory.replaces = prior.read::<Option<String>>("id").ok().flatten();
        memory.store(&mut response.private);
    }
    match session {
        Some(session) if shape.calls() => {
            let id = prior.read::<Option<String>>("id")?;
            preview(session, request, id, &memory, response).await
        }
        _ => Ok(()),
    }
}

fn tell_of_moved_tag(prior: &Value, memory: &Memory, response: &mut PlanResponse) {
    let Some(moved) = memory.moved.as_ref() else {
        return;
    };
    if !follows_tag(&response.planned_state)
        || prior.get("image") != response.planned_state.get("image")
    {
        return;
    }
    let text = |name: &str| {
        let text = prior.get(name).ok().and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let words = format!(
        "{} means {moved} by now, and the container runs {}. The apply recreates it in place from the new one.",
        text("image"),
        text("image_digest")
    );
    let warning = Diagnostic::warning("The tag of the image has moved", words);
    response.diagnostics.push(warning.at("image"));
}

async fn preview(
    session: &Session,
    request: &PlanRequest,
    container: Option<String>,
    memory: &Memory,
    response: &mut PlanResponse,
) -> Result<(), Diagnostics> {
    if !is_decided(&request.config) {
        return Ok(());
    }
    let planned = &response.planned_state;
    let mut spec = spec_of(planned)?;
    // Such as a volume or a network made by the same run: everything else can be asked about.
    let known = |name: &str| request.config.get(name).is_ok_and(Value::is_wholly_known);
    if !known("mounts") {
        spec.mounts = None;
    }
    if !known("networks") || !known("security_groups") {
        (spec.networks, spec.security_groups) = (None, None);
    }
    if let Some(wished) = &memory.wished {
        wished.complete(&request.config, &mut spec);
    }
    if container.is_some() && memory.resends(&request.prior_state, planned) {
        spec.environment_wo = Some(environment_wo(&request.config)?.unwrap_or_default());
    }
    let name = planned.get("name").map(to_json)?;
    let body = PreviewRequest {
        container,
        name: crate::json::parse(name).map_err(|problem| problem.at("name"))?,
        spec,
        state: wish_of(planned),
        wait_for: wait_for_of(planned),
    };
    // A login that is refused, a wrong address, a server too old: nothing will get better until the apply.
    session
        .client
        .features()
        .await
        .map_err(|error| failed(&error))?;
    match session.client.preview(&body).await {
        Ok(preview) => warn(&preview, &mut response.diagnostics),
        Err(error) => response.diagnostics.warn(
            "This change could not be checked beforehand",
            detail(&error),
        ),
    }
    Ok(())
}

/// Whether the configuration says everything that the server would be asked about.
fn is_decided(config: &Value) -> bool {
    fields()
        .filter(|name| !["mounts", "networks", "security_groups"].contains(name))
        .chain(["name", "state", "wait_for"])
        .all(|name| config.get(name).is_ok_and(Value::is_wholly_known))
}

fn warn(preview: &Preview, diagnostics: &mut Diagnostics) {
    for problem in &preview.problems {
        let mut text = format!("{}.", sentence(&problem.message));
        if problem.kind == "placement" {
            text.push_str(&every_reason(preview, &problem.message));
        }
        text.push_str(
            "\n\nThis is how things stand now; the apply fails if they are the same then.",
        );
        let warning = Diagnostic::warning("The server would refuse this now", text);
        diagnostics.push(match path_of(problem) {
            Some(path) => warning.at(path),
            None => warning,
        });
    }
}

/// The reasons of each host that the message does not hold already.
fn every_reason(preview: &Preview, message: &str) -> String {
    let lines = preview.rejections.iter().flat_map(|rejection| {
        rejection
            .refusals
            .iter()
            .filter(|refusal| !message.contains(&refusal.reason))
            .map(|refusal| {
                format!(
                    "\n  - {}: {} ({})",
                    rejection.host, refusal.reason, refusal.filter
                )
            })
    });
    lines.collect()
}

fn path_of(problem: &Problem) -> Option<AttributePath> {
    match problem.kind.as_str() {
        name @ ("image" | "mounts" | "networks" | "ports" | "name" | "state") => {
            Some(AttributePath::root(name))
        }
        _ => None,
    }
}
