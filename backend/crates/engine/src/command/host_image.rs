//! Images that administrators pull to a host, ahead of the containers that run them.

use zun_domain::id::ImageId;
use zun_domain::image::{ImageLife, PulledImage};
use zun_domain::name::ImageRef;
use zun_domain::operation::{Operation, OperationKind, Subject};
use zun_planner::image::{plan_host_pull, plan_host_remove};
use zun_store::ContainerQuery;

use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

impl Engine {
    /// Accepts a pull to a host, by its uuid or name. The record is there at once, and says why where it fails.
    pub async fn host_image_pull(
        &self,
        call: &Call,
        host: &str,
        reference: ImageRef,
    ) -> Result<(PulledImage, Operation)> {
        let place = self.host_get(host).await?.host.place;
        let resolved = self
            .resolve_fresh(call.caller.project, &reference, None)
            .await?;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let tagged = reference.with_tag();
        let same = |other: &PulledImage| {
            other.place.id == place.id && other.reference.with_tag() == tagged
        };
        let all = tx.pulled_image_list().await?;
        if let Some(other) = all.iter().find(|other| same(other)) {
            return Err(Error::ImageTaken {
                reference: tagged,
                host: place.name.to_string(),
                existing: other.id,
            });
        }
        let now = self.clock.now();
        let image = PulledImage {
            id: ImageId(self.ids.uuid()),
            project: call.caller.project,
            user: call.caller.user,
            reference,
            place,
            image_id: None,
            size: None,
            life: ImageLife::Saving,
            created_at: now,
            updated_at: now,
        };
        tx.pulled_image_insert(&image).await?;
        let subject = (Subject::HostImage(image.id), image.project);
        let plan = plan_host_pull(resolved);
        let operation = self
            .accept_work(&mut tx, call, subject, OperationKind::Create, &plan, None)
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        Ok((image, operation))
    }

    /// An image that was pulled, by uuid or by what it was pulled by.
    pub async fn host_image_get(&self, ident: &str) -> Result<PulledImage> {
        if let Ok(id) = ident.parse::<ImageId>() {
            let found = self.store.pulled_image_find(id).await?;
            return found.ok_or_else(|| Error::not_found("image", ident));
        }
        let mut named = self.store.pulled_image_list().await?;
        named.retain(|image| {
            image.reference.as_str() == ident
                || image.reference.with_tag() == ident
                || image.reference.with_tag() == format!("{ident}:latest")
        });
        crate::query::one_of(named, "image", ident)
    }

    /// Every image that was pulled.
    pub async fn host_image_list(&self) -> Result<Vec<PulledImage>> {
        Ok(self.store.pulled_image_list().await?)
    }

    /// Accepts its end on the host. Refused, with whose it is, while a container is made of it.
    pub async fn host_image_delete(&self, call: &Call, ident: &str) -> Result<Operation> {
        let seen = self.host_image_get(ident).await?;
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut image = tx.pulled_image_get(seen.id).await?;
        if let Some(running) = tx
            .operation_running_of(Subject::HostImage(image.id))
            .await?
        {
            tx.rollback().await?;
            return match running.kind {
                OperationKind::Delete => Ok(running),
                _ => Err(Error::busy(&running)),
            };
        }
        let all = ContainerQuery {
            limit: u32::MAX,
            ..ContainerQuery::default()
        };
        for container in tx.container_list(&all).await? {
            let made_of = container
                .observed
                .as_ref()
                .map(|seen| seen.image_id.as_str());
            if container.place.id == image.place.id
                && made_of.is_some()
                && made_of == image.image_id.as_deref()
            {
                return Err(Error::Conflict(format!(
                    "cannot delete image {}: container {} ({}) is made of it; delete the container first",
                    image.reference, container.desired.name, container.id
                )));
            }
        }
        image.life = ImageLife::Deleting;
        tx.pulled_image_update(&image).await?;
        let subject = (Subject::HostImage(image.id), image.project);
        let plan = plan_host_remove(image.reference.clone());
        let operation = self
            .accept_work(&mut tx, call, subject, OperationKind::Delete, &plan, None)
            .await?;
        tx.commit().await?;
        self.nudge(&operation);
        Ok(operation)
    }
}
