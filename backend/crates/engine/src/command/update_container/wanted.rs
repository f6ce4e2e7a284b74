//! The whole wish behind an edit.

use zun_domain::container::change::{Effect, changes};
use zun_domain::container::{Container, ContainerSpec, Verb};
use zun_domain::name::ContainerName;

use super::super::resolve::{check_spec, wish_of};
use super::super::{Edit, UpdateContainer};
use super::{check_alone, check_verb};
use crate::context::{Engine, Inner};
use crate::error::{Error, Result};

/// A new wish, complete and checked.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) name: ContainerName,
    pub(crate) spec: ContainerSpec,
    pub(crate) wish: zun_domain::container::Wish,
    /// The write-only environment was given again: nobody can see whether it differs, so it is used. Or it is asked
    /// for by name.
    pub(super) again: bool,
    /// The tag of its image, which is followed, names another one by now.
    pub(super) moved: bool,
}

impl Inner {
    /// The whole wish behind an edit, refused where it cannot be reached in place.
    pub(crate) fn wanted(&self, seen: &Container, ask: &UpdateContainer) -> Result<Wanted> {
        check_alone(seen, Verb::Update)?;
        check_verb(seen, Verb::Update)?;
        let spec = edited(&seen.desired.spec, &ask.edit);
        let again = match &ask.edit {
            Edit::Whole(spec) => spec.environment_wo.is_some(),
            Edit::Rebuild { .. } => true,
            Edit::Parts { .. } | Edit::Networks(_) | Edit::Groups(_) => false,
        };
        let mut spec = spec.with_defaults(&self.settings.defaults);
        spec.environment_wo = spec
            .environment_wo
            .or_else(|| seen.desired.spec.environment_wo.clone());
        if spec.availability_zone.as_deref() == Some(seen.place.zone.as_str())
            || spec.availability_zone.is_none()
        {
            spec.availability_zone
                .clone_from(&seen.desired.spec.availability_zone);
        }
        let wish = wish_of(ask.wish, ask.wait_for, seen.desired.wish);
        check_spec(self, &spec, ask.wish.or(Some(wish)), ask.wait_for)?;
        for change in changes(&seen.desired.spec, &spec) {
            if change.effect == Effect::Replace {
                return Err(Error::invalid(
                    change.field,
                    "cannot be changed in place: it decides the host; delete the container and create it anew",
                ));
            }
        }
        Ok(Wanted {
            name: ask
                .name
                .clone()
                .unwrap_or_else(|| seen.desired.name.clone()),
            spec,
            wish,
            again,
            moved: false,
        })
    }
}

/// The specification with the edit in it.
fn edited(before: &ContainerSpec, edit: &Edit) -> ContainerSpec {
    match edit {
        Edit::Whole(spec) => (**spec).clone(),
        Edit::Parts {
            cpu,
            memory,
            auto_heal,
        } => {
            let mut spec = before.clone();
            spec.cpu = cpu.or(spec.cpu);
            spec.memory = memory.or(spec.memory);
            spec.auto_heal = auto_heal.or(spec.auto_heal);
            spec
        }
        Edit::Networks(networks) => ContainerSpec {
            networks: Some(networks.clone()),
            ..before.clone()
        },
        Edit::Groups(groups) => ContainerSpec {
            security_groups: Some(groups.clone()),
            ..before.clone()
        },
        Edit::Rebuild { image, source } => {
            let mut spec = before.clone();
            spec.image = image.clone().unwrap_or(spec.image);
            spec.image_driver = source.or(spec.image_driver);
            spec
        }
    }
}

impl Engine {
    /// The whole wish behind an edit, and whether the tag of its image has moved, where the whole of it is given and says
    /// to follow that.
    pub(crate) async fn wanted_now(
        &self,
        seen: &Container,
        ask: &UpdateContainer,
    ) -> Result<Wanted> {
        let mut wanted = self.wanted(seen, ask)?;
        if matches!(ask.edit, Edit::Whole(_)) {
            wanted.moved = self.moved(seen, &wanted.spec, true).await.is_some();
        }
        Ok(wanted)
    }
}
