//! Snapshots of volumes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::client::Client;
use crate::error::Error;
use crate::volume::{Described, Kind};

/// The data a volume had at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Snapshot {
    /// Identity.
    pub id: String,
    /// Of which volume.
    pub volume_id: String,
    /// Name; empty or null where it has none.
    #[serde(default)]
    pub name: Option<String>,
    /// Description; empty or null where it has none.
    #[serde(default)]
    pub description: Option<String>,
    /// The user's own words about it.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
    /// `creating`, `available`, `deleting` or `error`.
    pub status: String,
    /// The size the volume had, in GiB.
    pub size: u64,
    /// When it was accepted.
    #[serde(default)]
    pub created_at: Option<String>,
    /// Why it is as it is: the cause of the last failure.
    #[serde(default, rename = "zun-vol-attr:status_reason")]
    pub status_reason: Option<String>,
}

/// A snapshot to be taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CreateSnapshot {
    /// Of which volume, its id.
    pub volume_id: String,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The user's own words about it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Also of a volume that a container has; the API's word for that.
    pub force: bool,
}

const SNAPSHOTS: Kind = Kind {
    noun: "snapshot",
    singular: "snapshot",
    plural: "snapshots",
};

impl Client {
    /// Accepts a snapshot; it is there when its status is `available`. Never sent twice: a second one would be
    /// taken.
    pub async fn snapshot_create(&self, body: &CreateSnapshot) -> Result<Snapshot, Error> {
        self.stored_create(&SNAPSHOTS, body.name.as_deref(), body)
            .await
    }

    /// A snapshot by id; `None` when there is none.
    pub async fn snapshot_find(&self, id: &str) -> Result<Option<Snapshot>, Error> {
        self.stored_find(&SNAPSHOTS, id).await
    }

    /// Snapshots of this name.
    pub async fn snapshots_named(&self, name: &str) -> Result<Vec<Snapshot>, Error> {
        self.stored_named(&SNAPSHOTS, name).await
    }

    /// Changes what is said about a snapshot.
    pub async fn snapshot_describe(&self, id: &str, words: &Described) -> Result<(), Error> {
        self.stored_describe(&SNAPSHOTS, id, words).await
    }

    /// Accepts the end of a snapshot; whether there was one.
    pub async fn snapshot_delete(&self, id: &str) -> Result<bool, Error> {
        self.stored_delete(&SNAPSHOTS, id).await
    }
}
