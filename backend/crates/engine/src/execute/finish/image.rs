//! The end of an operation that gives an image its data, or takes it away.

use zun_domain::id::ImageId;
use zun_domain::image::{Image, ImageFacts, ImageLife};
use zun_domain::operation::{OperationKind, Subject};
use zun_driver::HostDrivers;
use zun_driver::image::{HostImage, pinned};
use zun_planner::image::committed;
use zun_planner::{Action, Plan};
use zun_store::Tx;

use super::End;
use crate::context::Engine;
use crate::execute::{Work, wait};

/// What an image is now, in the image service or on the host.
#[derive(Debug, Default)]
pub(super) struct SeenImage {
    facts: Option<ImageFacts>,
    host: Option<HostImage>,
}

/// What is to be looked at.
enum Look {
    Data(ImageId),
    Host(String),
}

fn look_for(work: &Work) -> Option<Look> {
    match (work.operation.subject, work.operation.kind) {
        (Subject::Image(id), OperationKind::Create) => Some(Look::Data(id)),
        (Subject::HostImage(_), OperationKind::Create) => pulled(&work.plan).map(Look::Host),
        _ => committed(&work.plan).map(Look::Data),
    }
}

/// What the plan pulls, as a host knows it.
fn pulled(plan: &Plan) -> Option<String> {
    plan.steps.iter().find_map(|step| match &step.action {
        Action::Pull(image) => Some(pinned(&image.reference, &image.digest)),
        _ => None,
    })
}

impl Look {
    async fn at(&self, drivers: &HostDrivers) -> zun_driver::Result<SeenImage> {
        let mut seen = SeenImage::default();
        match self {
            Self::Data(id) => seen.facts = drivers.image_store.find(*id).await?,
            Self::Host(name) => seen.host = drivers.images.find(name).await?,
        }
        Ok(seen)
    }
}

impl Engine {
    /// What the steps have made of an image; `Err` where the process stops meanwhile.
    pub(super) async fn image_at_end(&self, work: &Work, succeeded: bool) -> Result<SeenImage, ()> {
        let (Some(look), true) = (look_for(work), succeeded) else {
            return Ok(SeenImage::default());
        };
        loop {
            let Ok(drivers) = self.drivers(work.host) else {
                return Ok(SeenImage::default());
            };
            match look.at(drivers).await {
                Ok(seen) => return Ok(seen),
                Err(error) => {
                    tracing::warn!(operation = %work.operation.id, "cannot look at the image, trying again: {error}");
                    wait::backoff(&self.stop).await.map_err(|_| ())?;
                }
            }
        }
    }

    pub(super) async fn finish_image(
        &self,
        tx: &mut Tx,
        id: ImageId,
        work: &Work,
        end: &End,
    ) -> zun_store::Result<()> {
        if work.operation.kind == OperationKind::Delete && end.failure.is_none() {
            return tx.image_delete(id).await;
        }
        let image = tx.image_get(id).await?;
        self.settle_image(tx, image, end).await
    }

    /// The image that a commit was for.
    pub(super) async fn finish_commit(
        &self,
        tx: &mut Tx,
        work: &Work,
        end: &End,
    ) -> zun_store::Result<()> {
        let Some(id) = committed(&work.plan) else {
            return Ok(());
        };
        match tx.image_find(id).await? {
            Some(image) => self.settle_image(tx, image, end).await,
            None => Ok(()),
        }
    }

    async fn settle_image(
        &self,
        tx: &mut Tx,
        mut image: Image,
        end: &End,
    ) -> zun_store::Result<()> {
        image.life = match (&end.failure, &end.image.facts) {
            (Some(failure), _) => ImageLife::Failed {
                reason: failure.message.clone(),
            },
            (None, Some(facts)) => {
                image.facts = Some(facts.clone());
                ImageLife::Active
            }
            (None, None) => ImageLife::Failed {
                reason: "its data was removed by somebody else".to_owned(),
            },
        };
        image.updated_at = self.clock.now();
        tx.image_update(&image).await
    }

    pub(super) async fn finish_host_image(
        &self,
        tx: &mut Tx,
        id: ImageId,
        work: &Work,
        end: &End,
    ) -> zun_store::Result<()> {
        if work.operation.kind == OperationKind::Delete && end.failure.is_none() {
            return tx.pulled_image_delete(id).await;
        }
        let mut image = tx.pulled_image_get(id).await?;
        image.life = match &end.failure {
            Some(failure) => ImageLife::Failed {
                reason: failure.message.clone(),
            },
            None => ImageLife::Active,
        };
        if let Some(seen) = &end.image.host {
            image.image_id = Some(seen.id.clone());
            image.size = Some(seen.size);
        }
        image.updated_at = self.clock.now();
        tx.pulled_image_update(&image).await
    }
}
