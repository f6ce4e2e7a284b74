//! The last word on a plan: settle it, then ask the server what would stand in the way of the apply. As with
//! `zun_container`, what stands in the way is a warning here.

use std::fmt::Write as _;

use tfplugin::{Action, Context, Diagnostic, Diagnostics, PlanRequest, PlanResponse, Value};
use zun_api_types::capsule::{CapsulePreview, CapsulePreviewRequest};
use zun_api_types::features::DiskMeaning;

use super::edit;
use super::memory::Memory;
use super::plan::{shape_create, shape_update};
use super::spec::{
    WHOLE, all_of, environment_wo, members_of, name_of, spec_of, template_of, wait_for_of, wish_of,
};
use super::volumes;
use crate::json::{parse, to_json};
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
            // The first half of a replacement was previewed with the old capsule out of the way.
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
    let disk = match session {
        Some(session) if disk_differs(config, prior) => {
            let features = session.client.features().await;
            features.map_err(|error| failed(&error))?.disk
        }
        // The dearer reading: a plan may turn out cheaper, never dearer.
        _ => DiskMeaning::Enforced,
    };
    let enforced = disk == DiskMeaning::Enforced;
    let shape = shape_update(
        config,
        prior,
        &memory,
        enforced,
        &mut response.planned_state,
    );
    response.requires_replace.clear();
    for name in &shape.replaced_by {
        response.require_replace(*name);
    }
    volumes::judge(
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

fn disk_differs(config: &Value, prior: &Value) -> bool {
    members_of(config).any(|member| {
        let before = name_of(member).and_then(|name| super::spec::member_of(prior, name));
        let disk = member.get("disk").unwrap_or(&Value::Null);
        !disk.is_null() && before.is_some_and(|before| before.get("disk") != Ok(disk))
    })
}

async fn preview(
    session: &Session,
    request: &PlanRequest,
    capsule: Option<String>,
    memory: &Memory,
    response: &mut PlanResponse,
) -> Result<(), Diagnostics> {
    let config = &request.config;
    if !is_decided(config) {
        return Ok(());
    }
    let planned = &response.planned_state;
    let Some(known) = edit::resolved_for_preview(planned) else {
        return Ok(());
    };
    let mut spec = spec_of(&known)?;
    let wished = memory.wished.as_ref().filter(|_| capsule.is_some());
    if let Some(wished) = wished {
        wished.complete(config, template_of(config)?.is_some(), &mut spec);
    }
    for one in all_of(&mut spec) {
        if capsule.is_some() && memory.resends(&request.prior_state, planned, one.name.as_str()) {
            let hidden = environment_wo(config, &one.name)?;
            one.spec.environment_wo = Some(hidden.unwrap_or_default());
        }
    }
    let name = planned.get("name").map(to_json)?;
    let body = CapsulePreviewRequest {
        capsule,
        name: parse(name).map_err(|problem| problem.at("name"))?,
        spec,
        state: wish_of(planned),
        wait_for: wait_for_of(planned),
    };
    // A login that is refused, a wrong address, a server too old: nothing will get better until the apply.
    let features = session.client.features().await;
    features.map_err(|error| failed(&error))?;
    match session.client.capsule_preview(&body).await {
        Ok(preview) => warn(&preview, planned, &mut response.diagnostics),
        Err(error) => response.diagnostics.warn(
            "This change could not be checked beforehand",
            detail(&error),
        ),
    }
    Ok(())
}

/// Whether the configuration says everything that the server would be asked about, but for what the same run makes.
fn is_decided(config: &Value) -> bool {
    let of_others = ["networks", "security_groups"];
    let whole = WHOLE.iter().filter(|name| !of_others.contains(name));
    let known = |name: &str| config.get(name).is_ok_and(Value::is_wholly_known);
    let whole = whole.chain(&[
        "name",
        "state",
        "wait_for",
        "template",
        "containers",
        "init_containers",
    ]);
    whole.into_iter().all(|name| known(name))
}

fn warn(preview: &CapsulePreview, planned: &Value, diagnostics: &mut Diagnostics) {
    for problem in &preview.problems {
        let mut text = format!("{}.", sentence(&problem.message));
        if problem.kind == "placement" {
            for rejection in &preview.rejections {
                let new = |reason: &str| !problem.message.contains(reason);
                for refusal in rejection.refusals.iter().filter(|one| new(&one.reason)) {
                    let (host, filter) = (&rejection.host, &refusal.filter);
                    let _ = write!(text, "\n  - {host}: {} ({filter})", refusal.reason);
                }
            }
        }
        text.push_str(
            "\n\nThis is how things stand now; the apply fails if they are the same then.",
        );
        let warning = Diagnostic::warning("The server would refuse this now", text);
        let template = planned.get("template").is_ok_and(|value| !value.is_null());
        diagnostics.push(match problem.kind.as_str() {
            name @ ("name" | "state") => warning.at(name),
            "image" | "ports" | "mounts" | "networks" if template => warning.at("template"),
            "image" | "ports" => warning.at("containers"),
            "mounts" => warning.at("volumes"),
            "networks" => warning.at("networks"),
            _ => warning,
        });
    }
}
