//! The mounts of a container, decided: which volumes they mean, which are made, who else has them, and where
//! all of it is on the host.

use zun_domain::container::{
    Container, ContainerSpec, Desired, Mount, MountSource, MountSpec, mount,
};
use zun_domain::host::HostPlace;
use zun_domain::id::{ContainerId, ProjectId, UserId, VolumeId};
use zun_domain::operation::Subject;
use zun_domain::unit::DiskGib;
use zun_domain::volume::{
    AttachmentState, HostMount, MakeVolume, Volume, VolumeAttachment, VolumeLife, VolumeSource,
    VolumeType,
};
use zun_driver::volume::VolumeFacts;
use zun_planner::storage::Storage;
use zun_planner::{Action, VolumeAction};
use zun_store::Tx;

use super::resolve::Resolved;
use super::volume::at_rest_only;
use crate::call::Call;
use crate::context::{Engine, Inner};
use crate::error::{Error, Result};
use crate::execute::from_stored;
use crate::query::one_of;

/// Metadata of a volume that a container asked for by size: where it is seen.
const DESTINATION: &str = "destination";

/// Whose mounts, and what it had before.
pub(crate) struct Holder<'a> {
    pub(crate) id: ContainerId,
    /// What users know it as: itself, or the capsule that it holds the volumes for.
    pub(crate) subject: Subject,
    pub(crate) project: ProjectId,
    pub(crate) user: UserId,
    pub(crate) name: &'a str,
    pub(crate) before: Option<&'a Desired>,
}

impl<'a> Holder<'a> {
    /// One that is not there yet.
    pub(crate) fn new((id, subject): (ContainerId, Subject), call: &Call, name: &'a str) -> Self {
        Self {
            id,
            subject,
            project: call.caller.project,
            user: call.caller.user,
            name,
            before: None,
        }
    }
}

/// What was decided.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stored {
    pub(crate) mounts: Vec<Mount>,
    pub(crate) storage: Storage,
    /// Records of volumes to be made.
    pub(crate) new: Vec<Volume>,
    /// Volumes it has, is promised, or asked for by size.
    own: Vec<Volume>,
    /// What the container will have, promised from the commit on.
    pub(crate) attach: Vec<VolumeAttachment>,
}

impl Stored {
    /// Writes the records and the promises.
    pub(crate) async fn write(&self, tx: &mut Tx) -> Result<()> {
        for volume in &self.new {
            tx.volume_insert(volume).await?;
        }
        for attachment in &self.attach {
            tx.volume_attach(attachment).await?;
        }
        Ok(())
    }
}

impl Engine {
    /// What the volume driver says about itself, asked only where there is something to mount.
    pub(crate) async fn volume_facts_for(
        &self,
        spec: &ContainerSpec,
    ) -> Result<Option<VolumeFacts>> {
        if spec.mounts.iter().flatten().next().is_none() {
            return Ok(None);
        }
        Ok(Some(self.drivers(self.local)?.volumes.facts().await?))
    }
}

impl Inner {
    /// The volumes that the entries name, as they were named.
    pub(crate) async fn volumes_named_by(
        &self,
        tx: &Tx,
        project: ProjectId,
        spec: &ContainerSpec,
    ) -> Result<Vec<(String, Volume)>> {
        let mut found = Vec::new();
        for source in spec
            .mounts
            .iter()
            .flatten()
            .filter_map(|m| m.source.as_ref())
        {
            let volume = volume_by_ident(tx, project, source).await.map_err(|error| match error {
                Error::NotFound { .. } => Error::invalid(
                    "mounts",
                    format!("there is no volume {source} in this project; give the id or the name of one"),
                ),
                Error::Ambiguous { .. } => Error::invalid("mounts", error.to_string()),
                other => other,
            })?;
            found.push((source.clone(), volume));
        }
        Ok(found)
    }

    /// Decides every entry at this place.
    pub(crate) async fn decide_mounts(
        &self,
        tx: &Tx,
        holder: &Holder<'_>,
        spec: &ContainerSpec,
        place: &HostPlace,
        named: &[(String, Volume)],
    ) -> Result<Stored> {
        let mut decision = Decision {
            inner: self,
            holder,
            place,
            stored: Stored {
                own: tx.volumes_of(holder.id).await?,
                ..Stored::default()
            },
            files: 0,
        };
        for entry in spec.mounts.iter().flatten() {
            decision.entry(tx, entry, named).await?;
        }
        decision.release();
        decision.stored.storage.files = mount::files(spec);
        decision.stored.storage.former_files = holder
            .before
            .filter(|before| !mount::files(&before.spec).is_empty())
            .map(|before| before.revision);
        Ok(decision.stored)
    }

    /// Refuses new and larger volumes that the host has no room for, and larger ones that cannot grow where they are.
    pub(crate) async fn check_mount_growth(
        &self,
        tx: &Tx,
        place: &HostPlace,
        resolved: &Resolved,
        stored: &Stored,
    ) -> Result<()> {
        let Some(facts) = &resolved.volumes else {
            return Ok(());
        };
        let held = |id: &VolumeId| stored.storage.held.contains(id);
        let growing = stored.storage.grow.iter().find(|(id, _)| held(id));
        if let (false, Some((id, _))) = (facts.grows_mounted, growing) {
            return Err(Error::invalid("mounts", at_rest_only(*id)));
        }
        let sizes = stored.new.iter().map(|volume| volume.size.0);
        let growth = stored.storage.grow.iter().map(|(id, size)| {
            let before = stored.own.iter().find(|volume| volume.id == *id);
            size.0 - before.map_or(0, |volume| volume.size.0)
        });
        let more = DiskGib(sizes.chain(growth).sum());
        self.check_volume_space(tx, place, facts, more).await
    }

    /// Where everything is on the host, for the container's call.
    pub(crate) fn mounts_on(
        &self,
        container: &Container,
        desired: &Desired,
    ) -> Result<Vec<HostMount>> {
        if desired.mounts.is_empty() {
            return Ok(Vec::new());
        }
        let volumes = &self.drivers(container.place.id)?.volumes;
        let source = |mount: &Mount| match mount.source {
            MountSource::Volume(id) => volumes.source(id),
            MountSource::File(index) => volumes.file(container.id, desired.revision, index),
        };
        let mounts = desired.mounts.iter().map(|mount| HostMount {
            source: source(mount),
            destination: mount.destination.clone(),
            read_only: mount.read_only,
        });
        Ok(mounts.collect())
    }

    /// Refuses volumes that the host's filesystem could not hold when they are full.
    pub(crate) async fn check_volume_space(
        &self,
        tx: &Tx,
        place: &HostPlace,
        facts: &VolumeFacts,
        more: DiskGib,
    ) -> Result<()> {
        if more.0 == 0 {
            return Ok(());
        }
        let taken = tx.volume_space_of(place.id).await?;
        let room = self.settings.volume_space(facts.capacity);
        if taken.0.saturating_add(more.0) > room.0 {
            return Err(Error::Conflict(format!(
                "{more} GiB asked for volumes, but {taken} of the {room} GiB for volumes on host {} are taken; delete \
                 volumes or snapshots, or raise volume_overcommit in zund's configuration",
                place.name
            )));
        }
        Ok(())
    }
}

struct Decision<'a> {
    inner: &'a Inner,
    holder: &'a Holder<'a>,
    place: &'a HostPlace,
    stored: Stored,
    files: u32,
}

impl Decision<'_> {
    async fn entry(
        &mut self,
        tx: &Tx,
        entry: &MountSpec,
        named: &[(String, Volume)],
    ) -> Result<()> {
        let source = match (&entry.source, entry.size) {
            (Some(source), _) => {
                let found = named.iter().find(|(name, _)| name == source);
                let volume = found.map(|(_, volume)| volume.clone());
                let volume = volume.ok_or_else(|| Error::not_found("volume", source))?;
                self.take(tx, entry, &volume).await?;
                MountSource::Volume(volume.id)
            }
            (None, Some(size)) => MountSource::Volume(self.sized(tx, entry, size).await?),
            (None, None) => {
                self.files += 1;
                MountSource::File(self.files - 1)
            }
        };
        self.stored.mounts.push(Mount {
            destination: entry.destination.clone(),
            source,
            read_only: entry.read_only.unwrap_or(false),
        });
        Ok(())
    }

    /// A volume by size: the one this destination had before, or a new one.
    async fn sized(&mut self, tx: &Tx, entry: &MountSpec, size: DiskGib) -> Result<VolumeId> {
        let Some(volume) = self.sized_before(entry) else {
            let volume = self.new_volume(entry, size);
            self.stored.storage.make.push(make_of(&volume));
            self.stored.new.push(volume.clone());
            self.take(tx, entry, &volume).await?;
            return Ok(volume.id);
        };
        if size < volume.size {
            return Err(Error::invalid(
                "mounts",
                format!(
                    "{}: size {size} is below the {} GiB that volume {} has; a volume cannot shrink",
                    entry.destination, volume.size, volume.id
                ),
            ));
        }
        if volume.life != VolumeLife::Live {
            self.stored.storage.make.push(make_of(&volume));
        }
        if size > volume.size {
            self.stored.storage.grow.push((volume.id, size));
        }
        self.take(tx, entry, &volume).await?;
        Ok(volume.id)
    }

    fn sized_before(&self, entry: &MountSpec) -> Option<Volume> {
        let here = |volume: &&Volume| {
            volume.owner == Some(self.holder.id)
                && volume.metadata.get(DESTINATION).map(String::as_str)
                    == Some(entry.destination.as_str())
        };
        self.stored.own.iter().find(here).cloned()
    }

    fn new_volume(&self, entry: &MountSpec, size: DiskGib) -> Volume {
        let holder = self.holder;
        let destination = entry.destination.to_string();
        Volume {
            id: VolumeId(self.inner.ids.uuid()),
            project: holder.project,
            user: holder.user,
            place: self.place.clone(),
            name: format!("{}:{destination}", holder.name),
            description: format!("made for {}", holder.subject),
            metadata: [(DESTINATION.to_owned(), destination)].into(),
            size,
            volume_type: VolumeType::Single,
            source: VolumeSource::Blank,
            owner: Some(holder.id),
            life: VolumeLife::Creating,
            status_reason: None,
            attachments: Vec::new(),
            created_at: self.inner.clock.now(),
            updated_at: None,
        }
    }

    /// The container will have this volume: as it has now, beside others, or anew.
    async fn take(&mut self, tx: &Tx, entry: &MountSpec, volume: &Volume) -> Result<()> {
        let id = self.holder.id;
        if volume.place.id != self.place.id {
            return Err(Error::invalid(
                "mounts",
                format!(
                    "volume {} is on host {}, the container on {}",
                    volume.id, volume.place.name, self.place.name
                ),
            ));
        }
        if self
            .stored
            .attach
            .iter()
            .any(|taken| taken.volume == volume.id)
        {
            return Ok(());
        }
        self.inner.check_idle(tx, volume.id).await?;
        if volume.owner != Some(id) {
            volume.may_attach(id).map_err(Error::VolumeNotUsable)?;
        }
        for other in volume.attachments.iter().filter(|a| a.container != id) {
            check_staying(tx, volume, other.container).await?;
        }
        let storage = &mut self.stored.storage;
        if volume.attachments.is_empty() {
            storage.fresh.push(volume.id);
        } else {
            storage.held.push(volume.id);
        }
        let has = |a: &&VolumeAttachment| a.container == id && a.state == AttachmentState::Attached;
        let had = volume.attachments.iter().find(has);
        self.stored.attach.push(VolumeAttachment {
            volume: volume.id,
            container: id,
            state: had.map_or(AttachmentState::Reserved, |had| had.state),
            destination: entry.destination.clone(),
            attached_at: had.map_or_else(|| self.inner.clock.now(), |had| had.attached_at),
        });
        Ok(())
    }

    /// What it had and will not have, where nobody else has it.
    fn release(&mut self) {
        let kept = &self.stored.attach;
        let gone = self.stored.own.iter().filter(|volume| {
            let others = volume
                .attachments
                .iter()
                .any(|a| a.container != self.holder.id);
            let mine = volume
                .attachments
                .iter()
                .any(|a| a.container == self.holder.id);
            mine && !others && !kept.iter().any(|taken| taken.volume == volume.id)
        });
        self.stored.storage.released = gone.map(|volume| volume.id).collect();
    }
}

/// A volume that several have is not taken while one of them is giving it back.
async fn check_staying(tx: &Tx, volume: &Volume, other: ContainerId) -> Result<()> {
    let Some(operation) = tx.operation_running_of(other).await? else {
        return Ok(());
    };
    let work = tx.operation_work(operation.id).await?;
    let (_, plan) = from_stored(&work.plan).map_err(|error| Error::Internal(error.to_string()))?;
    let unmount = Action::Volume(VolumeAction::Unmount(volume.id));
    if plan.steps.iter().all(|step| step.action != unmount) {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "volume {} is being given back by container {other} (operation {}); try again when that has ended",
        volume.id, operation.id
    )))
}

/// A volume of the project by id or name.
pub(crate) async fn volume_by_ident(tx: &Tx, project: ProjectId, ident: &str) -> Result<Volume> {
    if let Ok(id) = ident.parse::<VolumeId>() {
        let found = tx.volume_find(id).await?;
        return found
            .filter(|volume| volume.project == project)
            .ok_or_else(|| Error::not_found("volume", ident));
    }
    let named = tx.volumes_named(Some(project), ident).await?;
    one_of(named, "volume", ident)
}

/// The driver's call for a record.
pub(crate) fn make_of(volume: &Volume) -> MakeVolume {
    MakeVolume {
        id: volume.id,
        size: volume.size,
        source: volume.source,
    }
}

/// Where the volumes are that were asked for by name.
pub(crate) fn places_of(named: &[(String, Volume)]) -> Vec<(String, HostPlace)> {
    let places = named.iter();
    places
        .map(|(name, volume)| (name.clone(), volume.place.clone()))
        .collect()
}
