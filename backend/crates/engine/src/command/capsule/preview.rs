//! What a create or an update of a capsule would do: the same checks and the same planner, with every problem
//! collected and nothing written.

use std::collections::{BTreeMap, BTreeSet};

use zun_domain::capsule::effect::{capsule_changes, effect};
use zun_domain::capsule::{Capsule, CapsuleEffect, CapsuleSpec, ContainerEdit};
use zun_domain::container::change::{Change as FieldChange, Effect};
use zun_domain::container::{WaitFor, Wish};
use zun_domain::id::{ContainerId, ProjectId};
use zun_domain::name::{ContainerName, HostName};
use zun_domain::placement::Rejection;
use zun_domain::quota::Usage;
use zun_domain::unit::Amounts;
use zun_store::Tx;

use super::super::preview::Verdict;
use super::UpdateCapsule;
use super::part::existing;
use super::resolve::{ResolvedCapsule, check_capsule, keeper};
use super::update::WantedCapsule;
use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

/// What is meant to be done.
#[derive(Debug, Clone)]
pub struct CapsuleAsk {
    /// The capsule to be changed; a create where none is given.
    pub capsule: Option<String>,
    /// Name.
    pub name: Option<ContainerName>,
    /// The whole specification.
    pub spec: CapsuleSpec,
    /// What it should be doing.
    pub wish: Option<Wish>,
    /// When it would count as done.
    pub wait_for: WaitFor,
}

/// What would happen.
#[derive(Debug, Clone, Default)]
pub struct CapsuleVerdict {
    /// Kind and sentence of everything in the way; kinds as of a container.
    pub problems: Vec<(&'static str, String)>,
    /// Where it would run.
    pub host: Option<HostName>,
    /// Every host refused.
    pub rejections: Vec<Rejection>,
    /// What an update does to the whole and to each container; `None` for a create. A container that is gone from the
    /// engine is made anew, too.
    pub effect: Option<CapsuleEffect>,
    /// Fields an update changes.
    pub changes: Vec<FieldChange>,
    /// What the image reference of each container that is made means now, by the container's name.
    pub image_digests: BTreeMap<ContainerName, String>,
    /// Steps in words.
    pub steps: Vec<String>,
}

impl CapsuleVerdict {
    /// With what was found as of a container.
    fn with(mut self, found: Verdict) -> Self {
        self.problems = found.problems;
        self.host = found.host;
        self.rejections = found.rejections;
        self
    }

    fn saw(&mut self, resolved: &ResolvedCapsule) {
        let digests = resolved.images.iter();
        let digests = digests.map(|(name, image)| (name.clone(), image.digest.clone()));
        self.image_digests = digests.collect();
    }
}

impl Engine {
    /// What a create or an update would do. Refuses only what is not a question: an unknown capsule.
    pub async fn capsule_preview(&self, call: &Call, ask: CapsuleAsk) -> Result<CapsuleVerdict> {
        match &ask.capsule {
            Some(ident) => {
                let seen = self.capsule_get(call, ident).await?;
                // On the heap: what it holds is large.
                Box::pin(self.preview_capsule_update(&seen, ask)).await
            }
            None => {
                self.preview_capsule_create(call.caller.project, ask, None)
                    .await
            }
        }
    }

    /// A create; of a replacement, with the old capsule out of the way.
    async fn preview_capsule_create(
        &self,
        project: ProjectId,
        ask: CapsuleAsk,
        old: Option<&Capsule>,
    ) -> Result<CapsuleVerdict> {
        let mut verdict = CapsuleVerdict::default();
        let mut found = Verdict::default();
        if let Err(error) = check_capsule(self, &ask.spec, ask.wish, ask.wait_for) {
            found.note("spec", &error);
            return Ok(verdict.with(found));
        }
        let spec = ask.spec.clone().with_defaults(&self.settings.defaults);
        let resolved = self
            .resolve_capsule(&spec, project, None, |_, _| true)
            .await;
        let busy = match resolved {
            Ok(resolved) => {
                verdict.saw(&resolved);
                verdict.steps = words_of_create(&spec, &resolved, ask.wish);
                resolved.whole.busy
            }
            Err(error) => {
                note_resolution(&mut found, &error);
                BTreeSet::new()
            }
        };
        let mut tx = self.store.begin().await?;
        if let Some(name) = &ask.name {
            note_name(&tx, (project, old.map(|old| old.id)), name, &mut found).await?;
        }
        let held = old.map_or_else(Amounts::default, |old| old.desired.spec.amounts());
        let more = Usage {
            containers: u64::from(old.is_none()),
            amounts: spec.amounts().minus(held),
        };
        if let Err(error) = self.admit_more(&mut tx, project, &more).await {
            found.note("quota", &error);
        }
        let id = ContainerId(self.ids.uuid());
        let (_, any) = spec.parts().next().ok_or_else(|| {
            Error::Internal("a capsule without containers was let through".to_owned())
        })?;
        let keeper = keeper(&spec, &spec.sandbox(any.spec.image.clone()));
        let request = self.request_of_capsule(&spec, id);
        let sandbox = old.and_then(Capsule::sandbox);
        let replaced = sandbox.map(|sandbox| (sandbox, held));
        let place = (&keeper, &busy, request);
        self.preview_place(&mut tx, (project, id), place, replaced, &mut found)
            .await?;
        drop(tx);
        Ok(verdict.with(found))
    }

    async fn preview_capsule_update(
        &self,
        seen: &Capsule,
        ask: CapsuleAsk,
    ) -> Result<CapsuleVerdict> {
        let mut spec = ask.spec.clone().with_defaults(&self.settings.defaults);
        let zone = spec.availability_zone.as_deref();
        if zone.is_none_or(|zone| zone == seen.place.zone) {
            spec.availability_zone
                .clone_from(&seen.desired.spec.availability_zone);
        }
        let changes = capsule_changes(&seen.desired.spec, &spec);
        let replaces = |change: &FieldChange| change.effect == Effect::Replace;
        if changes.iter().any(replaces) {
            let enforced = self.enforces_disk(seen.place.id);
            let effect = effect(&seen.desired.spec, &spec, enforced);
            let verdict = self
                .preview_capsule_create(seen.project, ask, Some(seen))
                .await?;
            return Ok(CapsuleVerdict {
                effect: Some(effect),
                changes,
                ..verdict
            });
        }
        let mut found = Verdict {
            host: Some(seen.place.name.clone()),
            ..Verdict::default()
        };
        let mut verdict = CapsuleVerdict::default();
        let update = UpdateCapsule {
            generation: None,
            name: ask.name,
            spec: ask.spec,
            wish: ask.wish,
            wait_for: ask.wait_for,
        };
        let wanted = match self.wanted_capsule(seen, &update) {
            Ok(wanted) => wanted,
            Err(error) => {
                let state = matches!(error, Error::InvalidState { .. });
                found.note(if state { "state" } else { "spec" }, &error);
                return Ok(verdict.with(found));
            }
        };
        verdict.changes = capsule_changes(&seen.desired.spec, &wanted.spec);
        verdict.effect = Some(self.effect_on_capsule(seen, &wanted));
        match self.resolve_capsule_change(seen, &wanted).await {
            Ok(resolved) => {
                verdict.saw(&resolved);
                verdict.steps = self
                    .preview_capsule_change(seen, &wanted, &resolved, (ask.wait_for, &mut found))
                    .await?;
            }
            Err(error) => note_resolution(&mut found, &error),
        }
        Ok(verdict.with(found))
    }

    /// The steps in words, with everything in their way noted.
    async fn preview_capsule_change(
        &self,
        seen: &Capsule,
        wanted: &WantedCapsule,
        resolved: &ResolvedCapsule,
        (wait_for, found): (WaitFor, &mut Verdict),
    ) -> Result<Vec<String>> {
        let mut tx = self.store.begin().await?;
        if wanted.name != seen.desired.name {
            let of = (seen.project, Some(seen.id));
            note_name(&tx, of, &wanted.name, found).await?;
        }
        let deciding = self.decide_capsule_change(&mut tx, seen, wanted, resolved, wait_for);
        match deciding.await {
            Ok(decided) => {
                let sandbox = seen
                    .sandbox()
                    .and_then(|one| decided.target.parts.get(&one.id));
                if let Some(sandbox) = sandbox {
                    let spec = &sandbox.desired.spec;
                    self.note_unreachable(&tx, &decided.wiring, spec, found)
                        .await?;
                }
                Ok(decided.plan.words())
            }
            Err(error) => {
                found.note_refusal(error)?;
                Ok(Vec::new())
            }
        }
    }

    /// What an edit does, with what is gone from the engine.
    fn effect_on_capsule(&self, seen: &Capsule, wanted: &WantedCapsule) -> CapsuleEffect {
        let enforced = self.enforces_disk(seen.place.id);
        let mut shown = effect(&seen.desired.spec, &wanted.spec, enforced);
        let anew = seen
            .sandbox()
            .is_some_and(|sandbox| wanted.makes_all(sandbox));
        if anew {
            shown.whole = shown.whole.max(Effect::Recreate);
        }
        let parts = super::decide::placed_parts(&wanted.spec, &seen.desired);
        for (role, name, spec) in parts {
            let Some(current) = existing(seen, role, &name) else {
                continue;
            };
            if anew || self.remakes(seen, wanted, (current, &spec)) {
                let edit = shown
                    .containers
                    .entry(name)
                    .or_insert(ContainerEdit::Changed(Effect::Recreate));
                if let ContainerEdit::Changed(effect) = edit {
                    *effect = (*effect).max(Effect::Recreate);
                }
            }
        }
        shown
    }
}

fn note_resolution(found: &mut Verdict, error: &Error) {
    let of_image = matches!(error, Error::Image { .. });
    found.note(if of_image { "image" } else { "spec" }, error);
}

async fn note_name(
    tx: &Tx,
    (project, own): (ProjectId, Option<zun_domain::id::CapsuleId>),
    name: &ContainerName,
    found: &mut Verdict,
) -> Result<()> {
    let named = tx.capsules_named(Some(project), name.as_str()).await?;
    if let Some(other) = named.into_iter().find(|other| Some(other.id) != own) {
        let taken = Error::NameTaken {
            name: name.to_string(),
            existing: other.id.into(),
        };
        found.note("name", &taken);
    }
    Ok(())
}

/// The steps of a create, in words. Host and address do not matter to them.
fn words_of_create(
    spec: &CapsuleSpec,
    resolved: &ResolvedCapsule,
    wish: Option<Wish>,
) -> Vec<String> {
    let absent: BTreeSet<String> = (resolved.images.values())
        .filter(|image| !image.present)
        .map(|image| format!("pulling {}", image.reference))
        .collect();
    let mut words: Vec<String> = absent.into_iter().collect();
    words.push("creating its sandbox".to_owned());
    let made = |image| format!("creating container from {image}");
    words.extend(spec.parts().map(|(_, one)| made(&one.spec.image)));
    if wish != Some(Wish::Stopped) {
        words.push("starting".to_owned());
    }
    words
}
