//! Volumes: made, described, made larger, deleted.

use std::collections::BTreeMap;

use zun_domain::host::HostPlace;
use zun_domain::id::VolumeId;
use zun_domain::operation::{Operation, OperationKind};
use zun_domain::unit::DiskGib;
use zun_domain::volume::{Volume, VolumeLife, VolumeSource, VolumeStatus, VolumeType};
use zun_driver::volume::VolumeFacts;
use zun_planner::storage::{plan_volume_create, plan_volume_delete, plan_volume_extend};
use zun_store::Tx;

use super::mounts::make_of;
use crate::call::Call;
use crate::context::{Engine, Inner};
use crate::error::{Error, Result};
use crate::execute::Target;

/// A volume to be made.
#[derive(Debug, Clone)]
pub struct CreateVolume {
    /// Name; not unique, may be empty.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
    /// The user's own words about it.
    pub metadata: BTreeMap<String, String>,
    /// Size; that of the source where none is given.
    pub size: Option<DiskGib>,
    /// What it may be used for.
    pub volume_type: VolumeType,
    /// What it starts with.
    pub source: VolumeSource,
    /// Zone its host must be in.
    pub availability_zone: Option<String>,
}

/// What changes about a volume or a snapshot without its data being touched. `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct Describe {
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Option<String>,
    /// What becomes of its metadata.
    pub metadata: Option<MetadataChange>,
}

/// What becomes of metadata, decided on what is there when it is written.
#[derive(Debug, Clone)]
pub enum MetadataChange {
    /// This, and nothing else.
    Replace(BTreeMap<String, String>),
    /// These too.
    Merge(BTreeMap<String, String>),
    /// All but this key, which must be there.
    Remove(String),
}

impl Describe {
    /// Writes what changes over what is there.
    pub(crate) fn apply(
        self,
        name: &mut String,
        description: &mut String,
        metadata: &mut BTreeMap<String, String>,
    ) -> Result<()> {
        if let Some(new) = self.name {
            *name = new;
        }
        if let Some(new) = self.description {
            *description = new;
        }
        match self.metadata {
            None => {}
            Some(MetadataChange::Replace(all)) => *metadata = all,
            Some(MetadataChange::Merge(more)) => metadata.extend(more),
            Some(MetadataChange::Remove(key)) => {
                let removed = metadata.remove(&key);
                removed.ok_or_else(|| Error::not_found("metadata key", key))?;
            }
        }
        Ok(())
    }
}

impl Engine {
    /// Accepts a volume: from here on it survives whatever happens to this process.
    pub async fn volume_create(
        &self,
        call: &Call,
        ask: CreateVolume,
    ) -> Result<(Volume, Operation)> {
        let facts = self.drivers(self.local)?.volumes.facts().await?;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let volume = self.decide_volume(&mut tx, call, ask, &facts).await?;
        tx.volume_insert(&volume).await?;
        let plan = plan_volume_create(&make_of(&volume));
        let operation = self
            .accept_work(
                &mut tx,
                call,
                subject_of(&volume),
                OperationKind::Create,
                &plan,
                None,
            )
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        Ok((volume, operation))
    }

    /// Changes what is said about it.
    pub async fn volume_describe(&self, call: &Call, ident: &str, ask: Describe) -> Result<Volume> {
        let seen = self.volume_get(call, ident).await?;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut volume = tx.volume_get(seen.id).await?;
        ask.apply(
            &mut volume.name,
            &mut volume.description,
            &mut volume.metadata,
        )?;
        volume.updated_at = Some(self.clock.now());
        tx.volume_describe(&volume).await?;
        tx.commit().await?;
        Ok(volume)
    }

    /// Accepts a larger size, while containers go on using it.
    pub async fn volume_extend(
        &self,
        call: &Call,
        ident: &str,
        size: DiskGib,
    ) -> Result<Operation> {
        let seen = self.volume_get(call, ident).await?;
        let facts = self.drivers(seen.place.id)?.volumes.facts().await?;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut volume = tx.volume_get(seen.id).await?;
        self.check_idle(&tx, volume.id).await?;
        if size <= volume.size {
            return Err(Error::invalid(
                "new_size",
                format!(
                    "{size} is not above the {} GiB that volume {} has; a volume cannot shrink",
                    volume.size, volume.id
                ),
            ));
        }
        if volume.life != VolumeLife::Live {
            return Err(wrong_status("extend", &volume));
        }
        if !facts.grows_mounted && !volume.attachments.is_empty() {
            return Err(Error::Conflict(at_rest_only(volume.id)));
        }
        let more = DiskGib(size.0 - volume.size.0);
        self.check_volume_space(&tx, &volume.place, &facts, more)
            .await?;
        volume.life = VolumeLife::Extending;
        tx.volume_update(&volume).await?;
        let plan = plan_volume_extend(volume.id, size);
        let (kind, target) = (OperationKind::Update, Target::Volume(size));
        let operation = self
            .accept_work(
                &mut tx,
                call,
                subject_of(&volume),
                kind,
                &plan,
                Some(&target),
            )
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        Ok(operation)
    }

    /// Accepts the end of a volume and its data. Refused, with whose it is, while a container has it.
    pub async fn volume_delete(&self, call: &Call, ident: &str) -> Result<Operation> {
        let seen = self.volume_get(call, ident).await?;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut volume = tx.volume_get(seen.id).await?;
        if let Some(running) = tx.operation_running_of(volume.id).await?
            && running.kind == OperationKind::Delete
        {
            tx.rollback().await?;
            return Ok(running);
        }
        self.check_idle(&tx, volume.id).await?;
        if let Some(attachment) = volume.attachments.first() {
            let name = match tx.container_find(attachment.container).await? {
                Some(container) => container.desired.name.to_string(),
                None => String::new(),
            };
            return Err(Error::Conflict(format!(
                "cannot delete volume {}: it is attached to container {name} ({}) at {}; take it out of that container's \
                 mounts, or delete the container, first",
                volume.id, attachment.container, attachment.destination
            )));
        }
        volume.life = VolumeLife::Deleting;
        tx.volume_update(&volume).await?;
        let plan = plan_volume_delete(volume.id);
        let operation = self
            .accept_work(
                &mut tx,
                call,
                subject_of(&volume),
                OperationKind::Delete,
                &plan,
                None,
            )
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        Ok(operation)
    }
}

impl Inner {
    async fn decide_volume(
        &self,
        tx: &mut Tx,
        call: &Call,
        ask: CreateVolume,
        facts: &VolumeFacts,
    ) -> Result<Volume> {
        let origin = self.origin(tx, call, ask.source).await?;
        let size = match (ask.size, &origin) {
            (Some(size), Some((least, _))) if size < *least => {
                return Err(Error::invalid(
                    "size",
                    format!("{size} is below the {least} GiB of what it is made from"),
                ));
            }
            (Some(DiskGib(0)), _) => {
                return Err(Error::invalid("size", "0 is below the least, 1 GiB"));
            }
            (Some(size), _) => size,
            (None, Some((least, _))) => *least,
            (None, None) => {
                return Err(Error::invalid(
                    "size",
                    "is missing; give it in GiB, at least 1",
                ));
            }
        };
        let place = match origin {
            Some((_, place)) => place,
            None => self.local_place(tx).await?,
        };
        if let Some(zone) = ask.availability_zone.filter(|zone| *zone != place.zone) {
            return Err(Error::invalid(
                "availability_zone",
                format!(
                    "{zone:?} has no host for this volume; it would be in {:?}",
                    place.zone
                ),
            ));
        }
        self.check_volume_space(tx, &place, facts, size).await?;
        Ok(Volume {
            id: VolumeId(self.ids.uuid()),
            project: call.caller.project,
            user: call.caller.user,
            place,
            name: ask.name,
            description: ask.description,
            metadata: ask.metadata,
            size,
            volume_type: ask.volume_type,
            source: ask.source,
            owner: None,
            life: VolumeLife::Creating,
            status_reason: None,
            attachments: Vec::new(),
            created_at: self.clock.now(),
            updated_at: None,
        })
    }

    /// Size and place of what a volume is made from.
    async fn origin(
        &self,
        tx: &Tx,
        call: &Call,
        source: VolumeSource,
    ) -> Result<Option<(DiskGib, HostPlace)>> {
        let project = call.caller.project;
        match source {
            VolumeSource::Blank => Ok(None),
            VolumeSource::Snapshot(id) => {
                let found = tx.snapshot_find(id).await?.filter(|s| s.project == project);
                let snapshot = found.ok_or_else(|| Error::not_found("snapshot", id))?;
                if snapshot.life != VolumeLife::Live {
                    return Err(Error::Conflict(format!(
                        "snapshot {id} is in status {}; it can be used when it is available",
                        snapshot.life.status()
                    )));
                }
                Ok(Some((snapshot.size, snapshot.place)))
            }
            VolumeSource::Volume(id) => {
                let found = tx.volume_find(id).await?.filter(|v| v.project == project);
                let volume = found.ok_or_else(|| Error::not_found("volume", id))?;
                if volume.life != VolumeLife::Live {
                    return Err(wrong_status("copy", &volume));
                }
                Ok(Some((volume.size, volume.place)))
            }
        }
    }

    async fn local_place(&self, tx: &Tx) -> Result<HostPlace> {
        let hosts = tx.host_list().await?;
        let local = hosts.into_iter().find(|host| host.place.id == self.local);
        local.map(|host| host.place).ok_or_else(|| {
            Error::Unavailable("the host has not reported yet; try again".to_owned())
        })
    }
}

/// The subject and the project of an operation on it.
pub(crate) fn subject_of(
    volume: &Volume,
) -> (zun_domain::operation::Subject, zun_domain::id::ProjectId) {
    (volume.id.into(), volume.project)
}

/// Why a volume that containers have cannot grow on this host.
pub(crate) fn at_rest_only(id: VolumeId) -> String {
    format!(
        "cannot extend volume {id} while a container has it: the kernel lets a mounted filesystem grow for processes with \
         CAP_SYS_RESOURCE only, which zund does not have on this host; take it out of its container, extend it, and put it \
         back, or give zund that capability"
    )
}

/// A verb that needs a volume that is there.
pub(crate) fn wrong_status(verb: &str, volume: &Volume) -> Error {
    let status = volume.status();
    let next = match status {
        VolumeStatus::Error => "delete it and make another",
        _ => "wait until it is available",
    };
    Error::Conflict(format!(
        "cannot {verb} volume {} in status {status}; {next}",
        volume.id
    ))
}
