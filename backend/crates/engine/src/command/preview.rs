//! What a create or an update would do: the same checks and the same planner, with every problem
//! collected and nothing written.

mod networks;

use std::collections::BTreeSet;

use zun_domain::container::change::{Change as FieldChange, Effect, changes};
use zun_domain::container::{Container, ContainerSpec, Protocol, WaitFor, Wish};
use zun_domain::host::HostPlace;
use zun_domain::id::{ContainerId, ProjectId};
use zun_domain::name::{ContainerName, HostName};
use zun_domain::placement::{Rejection, Unplaceable};
use zun_domain::quota::Usage;
use zun_domain::unit::Amounts;
use zun_planner::update::plan_update;
use zun_scheduler::{fits, place};
use zun_store::Tx;

use super::create_container::seed_of;
use super::mounts::places_of;
use super::resolve::{Resolved, check_spec, publish};
use super::update_container::Wanted;
use super::{Edit, UpdateContainer};
use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

/// What is meant to be done.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The container to be changed; a create where none is given.
    pub container: Option<String>,
    /// Name.
    pub name: Option<ContainerName>,
    /// The whole specification.
    pub spec: ContainerSpec,
    /// What it should be doing.
    pub wish: Option<Wish>,
    /// When it would count as done.
    pub wait_for: WaitFor,
}

/// What would happen.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Kind and sentence of everything in the way.
    pub problems: Vec<(&'static str, String)>,
    /// Where it would run.
    pub host: Option<HostName>,
    /// Every host refused.
    pub rejections: Vec<Rejection>,
    /// What an update does; `None` for a create.
    pub effect: Option<Effect>,
    /// Fields an update changes.
    pub changes: Vec<FieldChange>,
    /// What the image reference means now.
    pub image_digest: Option<String>,
    /// Steps in words.
    pub steps: Vec<String>,
}

impl Verdict {
    fn note(&mut self, kind: &'static str, error: &Error) {
        self.problems.push((kind, error.to_string()));
    }

    fn note_unplaceable(&mut self, unplaceable: Unplaceable) {
        self.problems.push(("placement", unplaceable.to_string()));
        self.rejections = unplaceable.rejections;
    }
}

impl Engine {
    /// What a create or an update would do. Refuses only what is not a question: an unknown container.
    pub async fn container_preview(&self, call: &Call, ask: Ask) -> Result<Verdict> {
        match &ask.container {
            Some(ident) => {
                let seen = self.container_get(call, ident).await?;
                // On the heap: what it holds is large.
                Box::pin(self.preview_update(&seen, ask)).await
            }
            None => self.preview_create(call.caller.project, ask, None).await,
        }
    }

    async fn resolved_or_noted(
        &self,
        project: ProjectId,
        spec: &ContainerSpec,
        verdict: &mut Verdict,
    ) -> Option<Resolved> {
        match self.resolve(project, spec).await {
            Ok(resolved) => {
                verdict.image_digest = Some(resolved.image.digest.clone());
                Some(resolved)
            }
            Err(error) => {
                let of_image = !matches!(error, Error::NotFound { .. } | Error::Ambiguous { .. });
                verdict.note(if of_image { "image" } else { "spec" }, &error);
                None
            }
        }
    }

    /// A create; of a replacement, with the old container out of the way.
    async fn preview_create(
        &self,
        project: ProjectId,
        ask: Ask,
        old: Option<&Container>,
    ) -> Result<Verdict> {
        let mut verdict = Verdict::default();
        if let Err(error) = check_spec(self, &ask.spec, ask.wish, ask.wait_for) {
            verdict.note("spec", &error);
            return Ok(verdict);
        }
        let spec = ask.spec.clone().with_defaults(&self.settings.defaults);
        let resolved = self.resolved_or_noted(project, &spec, &mut verdict).await;
        let mut tx = self.store.begin().await?;
        if let Some(name) = &ask.name {
            let named = tx.containers_named(Some(project), name.as_str()).await?;
            let others = |existing: &&Container| Some(existing.id) != old.map(|old| old.id);
            if let Some(existing) = named.iter().find(others) {
                verdict.note(
                    "name",
                    &Error::NameTaken {
                        name: name.to_string(),
                        existing: existing.id,
                    },
                );
            }
        }
        let held = old.map_or_else(Amounts::default, |old| old.desired.amounts());
        let more = Usage {
            containers: u64::from(old.is_none()),
            amounts: spec.amounts().minus(held),
        };
        if let Err(error) = self.admit_more(&mut tx, project, &more).await {
            verdict.note("quota", &error);
        }
        let busy = resolved.as_ref().map(|resolved| resolved.busy.clone());
        let busy = busy.unwrap_or_default();
        self.preview_place(&mut tx, project, (&spec, &busy), old, &mut verdict)
            .await?;
        drop(tx);
        verdict.steps = words_of_create(&spec, &ask, resolved.as_ref());
        Ok(verdict)
    }

    /// Host and ports: those of the old container are free for the new one.
    async fn preview_place(
        &self,
        tx: &mut Tx,
        project: ProjectId,
        (spec, busy): (&ContainerSpec, &BTreeSet<(Protocol, u16)>),
        old: Option<&Container>,
        verdict: &mut Verdict,
    ) -> Result<()> {
        let ports = old.into_iter().flat_map(|old| &old.desired.published);
        let own = ports.map(|port| (port.protocol, port.external)).collect();
        let view = self.cluster_view(tx, busy, &own).await?;
        let id = ContainerId(self.ids.uuid());
        let mut request = self.request_of(spec, id);
        self.preview_networks(tx, (project, id), spec, old, verdict)
            .await?;
        match self.preview_mounts(tx, (project, id), spec, old).await {
            Ok(volumes) => request.volumes = volumes,
            Err(error @ (Error::Invalid { .. } | Error::Conflict(_))) => {
                verdict.note("spec", &error);
            }
            Err(error) => return Err(error),
        }
        let again = old
            .filter(|old| {
                let host = view.host(old.place.id);
                host.is_some_and(|host| fits(&request, host, old.desired.amounts()).is_ok())
            })
            .map(|old| old.place.clone());
        let placed = match again {
            Some(place) => Ok(place),
            None => place(&request, &view).map(|placement| placement.place),
        };
        match placed {
            Ok(place) => {
                let none = BTreeSet::new();
                let taken = view.host(place.id).map_or(&none, |host| &host.ports_taken);
                if let Err(error) = publish(self, spec.ports.as_ref(), &[], taken, seed_of(id)) {
                    verdict.note("ports", &error);
                }
                verdict.host = Some(place.name);
            }
            Err(unplaceable) => verdict.note_unplaceable(unplaceable),
        }
        Ok(())
    }

    /// The volumes that are named must be there, and free unless the container to be replaced has them.
    async fn preview_mounts(
        &self,
        tx: &Tx,
        (project, id): (ProjectId, ContainerId),
        spec: &ContainerSpec,
        old: Option<&Container>,
    ) -> Result<Vec<(String, HostPlace)>> {
        let volumes = self.volumes_named_by(tx, project, spec).await?;
        for (_, volume) in &volumes {
            let holder = old.map_or(id, |old| old.id);
            volume.may_attach(holder).map_err(Error::Conflict)?;
        }
        Ok(places_of(&volumes))
    }

    async fn preview_update(&self, seen: &Container, ask: Ask) -> Result<Verdict> {
        if let Some(changes) = replacement(seen, &ask.spec) {
            let verdict = self.preview_create(seen.project, ask, Some(seen)).await?;
            return Ok(Verdict {
                effect: Some(Effect::Replace),
                changes,
                ..verdict
            });
        }
        let mut verdict = Verdict {
            host: Some(seen.place.name.clone()),
            ..Verdict::default()
        };
        let update = UpdateContainer {
            expected: None,
            name: ask.name,
            edit: Edit::Whole(Box::new(ask.spec)),
            wish: ask.wish,
            wait_for: ask.wait_for,
            unique: true,
        };
        let wanted = match self.wanted_now(seen, &update).await {
            Ok(wanted) => wanted,
            Err(error) => {
                verdict.note(
                    if matches!(error, Error::InvalidState { .. }) {
                        "state"
                    } else {
                        "spec"
                    },
                    &error,
                );
                return Ok(verdict);
            }
        };
        verdict.changes = changes(&seen.desired.spec, &wanted.spec);
        verdict.effect = Some(self.effect_on(seen, &wanted.spec));
        if self.needs_recreate(seen, &wanted) {
            verdict.effect = verdict.effect.max(Some(Effect::Recreate));
        }
        let resolved = match self.resolve_change(seen, &wanted).await {
            Ok(resolved) => resolved,
            Err(error) => {
                let of_image = matches!(error, Error::Image { .. });
                verdict.note(if of_image { "image" } else { "spec" }, &error);
                return Ok(verdict);
            }
        };
        verdict.image_digest = Some(resolved.image.digest.clone());
        self.preview_change(seen, wanted, &resolved, update.wait_for, &mut verdict)
            .await?;
        Ok(verdict)
    }

    async fn preview_change(
        &self,
        seen: &Container,
        wanted: Wanted,
        resolved: &Resolved,
        wait_for: WaitFor,
        verdict: &mut Verdict,
    ) -> Result<()> {
        let mut tx = self.store.begin().await?;
        if wanted.name != seen.desired.name {
            let others = tx
                .containers_named(Some(seen.project), wanted.name.as_str())
                .await?;
            if let Some(other) = others.iter().find(|other| other.id != seen.id) {
                verdict.note(
                    "name",
                    &Error::NameTaken {
                        name: wanted.name.to_string(),
                        existing: other.id,
                    },
                );
            }
        }
        match self
            .decide_update(&mut tx, seen, wanted, resolved, wait_for)
            .await
        {
            Ok(decided) => {
                verdict.steps = plan_update(seen, &decided.change).words();
                self.note_unreachable(&tx, &decided.wiring, &decided.change.target.spec, verdict)
                    .await?;
            }
            Err(Error::Unplaceable(unplaceable)) => verdict.note_unplaceable(unplaceable),
            Err(error @ Error::OverQuota(_)) => verdict.note("quota", &error),
            Err(error @ Error::Conflict(_)) => verdict.note("ports", &error),
            Err(error @ Error::NetworkNotUsable(_)) => verdict.note("networks", &error),
            Err(error @ (Error::Invalid { .. } | Error::Ambiguous { .. })) => {
                verdict.note("spec", &error);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// The changes that take a new container; a zone left out, or the one it is in, is none.
fn replacement(seen: &Container, wanted: &ContainerSpec) -> Option<Vec<FieldChange>> {
    let mut wanted = wanted.clone();
    let zone = wanted.availability_zone.as_deref();
    if zone.is_none_or(|zone| zone == seen.place.zone) {
        wanted
            .availability_zone
            .clone_from(&seen.desired.spec.availability_zone);
    }
    let mut changes = changes(&seen.desired.spec, &wanted);
    changes.retain(|change| change.effect == Effect::Replace);
    (!changes.is_empty()).then_some(changes)
}

/// The steps of a create, in words. Host and address do not matter to them.
fn words_of_create(spec: &ContainerSpec, ask: &Ask, resolved: Option<&Resolved>) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(load) = resolved.and_then(|resolved| resolved.load.as_ref()) {
        words.push(format!("loading image {}", load.name));
    } else if resolved.is_some_and(|resolved| !resolved.image.present) {
        words.push(format!("pulling {}", spec.image));
    }
    words.push(format!("creating container from {}", spec.image));
    if ask.wish != Some(Wish::Stopped) {
        words.push("starting".to_owned());
    }
    words
}
