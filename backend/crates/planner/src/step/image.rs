//! What is done to images of the image service, and to those that a host has.

use serde::{Deserialize, Serialize};
use zun_domain::id::ImageId;
use zun_domain::image::{CommitContainer, LoadImage, PushCommit, SaveImage, SaveSource};
use zun_domain::name::ImageRef;

/// One thing done to an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageAction {
    /// Bring it from the image service to the host.
    Load(LoadImage),
    /// Bring it from the host to the image service.
    Save(SaveImage),
    /// Remove its data from the image service.
    RemoveData(ImageId),
    /// Remove it from the host where nobody uses it; its own id there.
    Forget(String),
    /// Keep what a container is now.
    Commit(CommitContainer),
    /// Send what was committed to a registry.
    Push(PushCommit),
    /// Remove what was committed for it.
    DropCommit(ImageId),
    /// Take this name of it away on the host.
    Remove(ImageRef),
}

impl ImageAction {
    /// What is being done, for people who wait.
    pub(super) fn progress(&self) -> String {
        match self {
            Self::Load(load) => format!("loading image {}", load.name),
            Self::Save(save) => match &save.from {
                SaveSource::Commit => format!("saving image {}", save.image),
                SaveSource::Host(from) => {
                    format!("saving {} as image {}", from.reference, save.image)
                }
            },
            Self::RemoveData(id) => format!("removing the data of image {id}"),
            Self::Forget(_) => "removing the image from the host".to_owned(),
            Self::Commit(commit) => format!("committing it as image {}", commit.image),
            Self::Push(push) => format!("pushing {}", push.target),
            Self::DropCommit(_) => "removing what was committed".to_owned(),
            Self::Remove(reference) => format!("removing {reference}"),
        }
    }
}
