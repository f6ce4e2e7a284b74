//! Limits of projects and of classes.

use zun_domain::id::ProjectId;
use zun_domain::quota::{LimitSet, Limits, Resource};

use crate::context::Engine;
use crate::error::{Error, Result};
use crate::query::QuotaView;

impl Engine {
    /// Sets the limits of a project, the whole set. With `create`, refuses to take over limits that are set.
    pub async fn quota_set(
        &self,
        project: ProjectId,
        limits: LimitSet,
        create: bool,
    ) -> Result<QuotaView> {
        check(&limits)?;
        let mut tx = self.store.begin().await?;
        if create && !tx.quota_find(project).await?.is_empty() {
            let id = project.0.simple();
            return Err(Error::Conflict(format!(
                "project {id} has limits of its own already; take them over with: terraform import ADDRESS {id}"
            )));
        }
        tx.quota_set(project, &limits).await?;
        tx.commit().await?;
        self.quota_get(project).await
    }

    /// Back to the limits of the class; succeeds where none are set.
    pub async fn quota_delete(&self, project: ProjectId) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.quota_delete(project).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What is set for a class, and what is in force with it.
    pub async fn quota_class_get(&self, name: &str) -> Result<(LimitSet, Limits)> {
        let set = self.store.quota_class_find(name).await?;
        Ok((set, self.settings.quota.under(set, LimitSet::default())))
    }

    /// Sets the limits of a class, the whole set.
    pub async fn quota_class_set(
        &self,
        name: &str,
        limits: LimitSet,
        create: bool,
    ) -> Result<(LimitSet, Limits)> {
        check(&limits)?;
        let mut tx = self.store.begin().await?;
        if create && !tx.quota_class_find(name).await?.is_empty() {
            return Err(Error::Conflict(format!(
                "quota class {name} has limits already; take them over with: terraform import ADDRESS {name}"
            )));
        }
        tx.quota_class_set(name, &limits).await?;
        tx.commit().await?;
        self.quota_class_get(name).await
    }

    /// Back to the limits of the configuration.
    pub async fn quota_class_delete(&self, name: &str) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.quota_class_delete(name).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn check(limits: &LimitSet) -> Result<()> {
    for resource in Resource::ALL {
        if let Some(limit) = limits.get(resource).filter(|limit| *limit < -1) {
            return Err(Error::invalid(
                resource.name(),
                format!("{limit} is no limit: use 0 or more, or -1 for unlimited"),
            ));
        }
    }
    Ok(())
}
