//! Images that go in and out of a Docker Engine as archives, and what a container becomes.

use std::collections::HashMap;
use std::io;

use bollard::models::ContainerConfig;
use bollard::query_parameters::{
    CommitContainerOptionsBuilder, ImportImageOptionsBuilder, ListImagesOptionsBuilder,
    RemoveImageOptionsBuilder,
};
use futures::{StreamExt, TryStreamExt, stream};
use zun_domain::id::ImageId;
use zun_domain::image::{CommitContainer, SaveSource};
use zun_domain::name::ImageRef;
use zun_driver::image::{HostImage, pinned};
use zun_driver::{Class, Content, Error, Result};

use crate::{Docker, error, label};

/// Seconds that the engine may take before it begins to answer: it reads a whole archive first, or writes one.
const LONG: u32 = 3600;

/// Our labels, which a commit takes over from its container. Emptied, since the engine removes none: a container that
/// somebody makes of the image is not ours.
const NO_LABELS: [&str; 5] = [
    label::DEPLOYMENT,
    label::CONTAINER,
    label::PROJECT,
    label::REVISION,
    label::NETWORK,
];

impl Docker {
    /// The repository of what was committed and is not saved yet.
    fn commit_repository(&self) -> String {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        };
        let deployment: String = self.deployment().chars().map(plain).collect();
        format!("zund-commit/{}", deployment.trim_matches('-'))
    }

    fn commit_name(&self, image: ImageId) -> String {
        format!("{}:{image}", self.commit_repository())
    }

    pub(super) async fn find_image(&self, name: &str) -> Result<Option<HostImage>> {
        let by_id = name.starts_with("sha256:");
        let runnable = if by_id {
            Some(name.to_owned())
        } else {
            self.runnable(name).await?
        };
        let Some(runnable) = runnable else {
            return Ok(None);
        };
        let found = self.local_image(&runnable).await?;
        Ok(found.and_then(|found| {
            Some(HostImage {
                id: found.id?,
                size: u64::try_from(found.size.unwrap_or_default()).unwrap_or_default(),
            })
        }))
    }

    pub(super) async fn load_archive(&self, docker_id: &str, archive: Content) -> Result<()> {
        if self.local_image(docker_id).await?.is_some() {
            return Ok(());
        }
        let options = ImportImageOptionsBuilder::new().quiet(true).build();
        let client = self.patient_client(LONG).await?;
        let body = bollard::body_try_stream(archive);
        let answers = client.import_image(options, body, None);
        let loaded: std::result::Result<Vec<_>, _> = answers.try_collect().await;
        loaded.map_err(|error| self.told(&format!("load the image {docker_id}"), error))?;
        if self.local_image(docker_id).await?.is_some() {
            return Ok(());
        }
        let message = format!("the archive that was loaded is not the image {docker_id}");
        Err(Error::new(Class::Refused, message))
    }

    /// An image of no tag. One that somebody has tagged or pulled is somebody's.
    pub(super) async fn forget_image(&self, docker_id: &str) -> Result<()> {
        let Some(found) = self.local_image(docker_id).await? else {
            return Ok(());
        };
        let mut names = found
            .repo_tags
            .iter()
            .flatten()
            .chain(found.repo_digests.iter().flatten());
        if names.next().is_some() {
            return Ok(());
        }
        self.memory().image_ids.remove(docker_id);
        match self.delete_image(docker_id).await {
            // A container or another image is made of it.
            Err(error) if error.class == Class::Conflict => Ok(()),
            done => done,
        }
    }

    pub(super) async fn delete_image(&self, name: &str) -> Result<()> {
        let options = RemoveImageOptionsBuilder::new().build();
        let removed = self
            .client()
            .await?
            .remove_image(name, Some(options), None)
            .await;
        match removed {
            Ok(_) => Ok(()),
            Err(error) if error::is_absent(&error) => Ok(()),
            Err(error) => Err(self.told(&format!("remove the image {name}"), error)),
        }
    }

    pub(super) async fn commit_container(&self, commit: &CommitContainer) -> Result<()> {
        let name = self.commit_name(commit.image);
        if self.local_image(&name).await?.is_some() {
            return Ok(());
        }
        let labels = NO_LABELS.map(|label| format!("{label}=\"\"")).join(" ");
        let options = CommitContainerOptionsBuilder::new()
            .container(&commit.name.to_string())
            .repo(&self.commit_repository())
            .tag(&commit.image.to_string())
            .pause(true)
            .changes(&format!("LABEL {labels}"))
            .build();
        let client = self.patient_client(LONG).await?;
        let made = client
            .commit_container(options, ContainerConfig::default())
            .await;
        made.map(|_| ())
            .map_err(|error| self.told(&format!("commit the container {}", commit.name), error))
    }

    pub(super) async fn remove_commit(&self, image: ImageId) -> Result<()> {
        self.delete_image(&self.commit_name(image)).await
    }

    pub(super) async fn list_commits(&self) -> Result<Vec<(ImageId, String)>> {
        let repository = self.commit_repository();
        let filters = HashMap::from([("reference", vec![repository.as_str()])]);
        let options = ListImagesOptionsBuilder::new().filters(&filters).build();
        let listed = self.client().await?.list_images(Some(options)).await;
        let listed = listed.map_err(|error| self.told("list what was committed", error))?;
        let tags = listed
            .iter()
            .flat_map(|image| image.repo_tags.iter().map(|tag| (tag, &image.id)));
        let ours = tags.filter_map(|(tag, id)| {
            let tag = tag.strip_prefix(&repository)?.strip_prefix(':')?;
            Some((tag.parse().ok()?, id.clone()))
        });
        Ok(ours.collect())
    }

    /// By the image's id, so that its archive holds no tag.
    pub(super) async fn save_image(&self, image: ImageId, source: &SaveSource) -> Result<Content> {
        let name = match source {
            SaveSource::Commit => self.commit_name(image),
            SaveSource::Host(resolved) => pinned(&resolved.reference, &resolved.digest),
        };
        let runnable = self.runnable(&name).await?;
        let found = match runnable {
            Some(runnable) => self.local_image(&runnable).await?,
            None => None,
        };
        let absent = || Error::new(Class::NotFound, format!("the engine has no image {name}"));
        let id = found.and_then(|found| found.id).ok_or_else(absent)?;
        let client = self.patient_client(LONG).await?;
        let mut pieces = Box::pin(client.export_image(&id));
        let first = match pieces.next().await {
            Some(Ok(first)) => first,
            Some(Err(error)) => return Err(self.told(&format!("save the image {name}"), error)),
            None => {
                let message = format!("the engine gave no archive of the image {name}");
                return Err(Error::new(Class::Internal, message));
            }
        };
        let rest = pieces.map_err(|error| io::Error::other(error.to_string()));
        Ok(stream::once(async { Ok(first) }).chain(rest).boxed())
    }

    pub(super) async fn remove_image_named(&self, image: &ImageRef) -> Result<()> {
        self.delete_image(&image.with_tag()).await
    }
}
