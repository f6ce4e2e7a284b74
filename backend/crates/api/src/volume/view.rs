//! Records as Cinder's clients read them: the one conversion per noun.

use serde_json::{Map, Value, json};
use uuid::Uuid;
use zun_domain::time::Timestamp;
use zun_domain::volume::{
    AttachmentState, Snapshot, Volume, VolumeAttachment, VolumeLife, VolumeSource, VolumeType,
};

use super::scope::Scope;

/// A time as Cinder writes it: UTC, without a zone.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

/// A text that may be left out.
fn text(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn links(scope: &Scope, collection: &str, id: &str) -> Value {
    let (base, project) = (&scope.0.base, scope.project());
    json!([
        {"rel": "self", "href": scope.href(&format!("{collection}/{id}"))},
        {"rel": "bookmark", "href": format!("{base}/volume/{project}/{collection}/{id}")},
    ])
}

/// A volume in a list without details.
pub(super) fn volume_summary(volume: &Volume, scope: &Scope) -> Value {
    let id = volume.id.to_string();
    json!({"links": links(scope, "volumes", &id), "id": id, "name": text(&volume.name)})
}

/// A volume.
pub(super) fn volume(volume: &Volume, scope: &Scope) -> Value {
    let id = volume.id.to_string();
    let (snapshot, copied) = match volume.source {
        VolumeSource::Blank => (None, None),
        VolumeSource::Snapshot(id) => (Some(id.to_string()), None),
        VolumeSource::Volume(id) => (None, Some(id.to_string())),
    };
    let attached = volume
        .attachments
        .iter()
        .filter(|one| one.state == AttachmentState::Attached);
    let attachments: Vec<Value> = attached.map(|one| attachment(one, volume)).collect();
    json!({
        "id": id,
        "name": text(&volume.name),
        "description": text(&volume.description),
        "metadata": volume.metadata,
        "status": volume.status().as_str(),
        "size": volume.size.0,
        "volume_type": volume.volume_type.as_str(),
        "snapshot_id": snapshot,
        "source_volid": copied,
        "availability_zone": volume.place.zone,
        "attachments": attachments,
        "multiattach": volume.volume_type == VolumeType::Multiattach,
        // What Cinder has and a volume for containers never is.
        "bootable": "false",
        "encrypted": false,
        "consistencygroup_id": null,
        "replication_status": null,
        "user_id": volume.user.0.simple().to_string(),
        "created_at": time(volume.created_at),
        "updated_at": volume.updated_at.map(time),
        "links": links(scope, "volumes", &id),
        "os-vol-host-attr:host": volume.place.name.as_str(),
        "os-vol-tenant-attr:tenant_id": volume.project.0.simple().to_string(),
        "zun-vol-attr:status_reason": reason(&volume.life, volume.status_reason.as_deref()),
        "zun-vol-attr:owner": volume.owner.map(|id| id.to_string()),
    })
}

fn attachment(attachment: &VolumeAttachment, volume: &Volume) -> Value {
    let (id, container) = (volume.id.0, attachment.container.0);
    json!({
        "id": id.to_string(),
        "volume_id": id.to_string(),
        // There is one for each pair, so the pair is its identity.
        "attachment_id": Uuid::from_u128(id.as_u128() ^ container.as_u128()).to_string(),
        "server_id": container.to_string(),
        "device": attachment.destination.as_str(),
        "host_name": volume.place.name.as_str(),
        "attached_at": time(attachment.attached_at),
    })
}

/// Why it is as it is.
fn reason(life: &VolumeLife, last: Option<&str>) -> Option<String> {
    match life {
        VolumeLife::Failed { reason } => Some(reason.clone()),
        _ => last.map(ToOwned::to_owned),
    }
}

/// A snapshot in a list without details.
pub(super) fn snapshot_summary(snapshot: &Snapshot) -> Value {
    json!({
        "id": snapshot.id.to_string(),
        "name": text(&snapshot.name),
        "description": text(&snapshot.description),
        "volume_id": snapshot.volume.to_string(),
        "status": snapshot.life.status().as_str(),
        "size": snapshot.size.0,
        "metadata": snapshot.metadata,
        "created_at": time(snapshot.created_at),
        "updated_at": snapshot.updated_at.map(time),
    })
}

/// A snapshot.
pub(super) fn snapshot(snapshot: &Snapshot) -> Value {
    let mut body = snapshot_summary(snapshot);
    let done = matches!(snapshot.life, VolumeLife::Live | VolumeLife::Deleting);
    let project = snapshot.project.0.simple().to_string();
    body["user_id"] = json!(snapshot.user.0.simple().to_string());
    body["os-extended-snapshot-attributes:project_id"] = json!(project);
    body["os-extended-snapshot-attributes:progress"] = json!(if done { "100%" } else { "0%" });
    let reason = reason(&snapshot.life, snapshot.status_reason.as_deref());
    body["zun-vol-attr:status_reason"] = json!(reason);
    body
}

/// Ids of the types, the same in every deployment.
pub(super) fn type_id(kind: VolumeType) -> Uuid {
    match kind {
        VolumeType::Single => Uuid::from_u128(0x7a75_6e00_0001_4000_8000_7369_6e67_6c65),
        VolumeType::Multiattach => Uuid::from_u128(0x7a75_6e00_0002_4000_8000_6d75_6c74_6900),
    }
}

/// A type of volumes.
pub(super) fn volume_type(kind: VolumeType) -> Value {
    let mut specs = Map::new();
    let description = match kind {
        VolumeType::Single => "Mounted by one container at a time.",
        VolumeType::Multiattach => {
            specs.insert("multiattach".to_owned(), json!("<is> True"));
            "Mounted by any number of containers of its host at once."
        }
    };
    json!({
        "id": type_id(kind).to_string(),
        "name": kind.as_str(),
        "description": description,
        "is_public": true,
        "os-volume-type-access:is_public": true,
        "qos_specs_id": null,
        "extra_specs": specs,
    })
}
