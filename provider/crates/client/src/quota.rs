//! Quotas of projects and quota classes.

use reqwest::Method;
use zun_api_types::quota::{Quota, QuotaClass, SetLimits};

use crate::client::{Call, Client};
use crate::error::Error;
use crate::retry::Patience;

/// A first PUT must not be sent twice: the second would find the limits of the first.
fn patience(body: &SetLimits) -> Patience {
    if body.create {
        Patience::None
    } else {
        Patience::Short
    }
}

impl Client {
    /// The quota of a project.
    pub async fn quota_get(&self, project: &str) -> Result<Quota, Error> {
        self.features().await?;
        let tried = format!("read the quota of project {project}");
        self.call(Call::extension(tried, Method::GET, &["quotas", project]))
            .await
    }

    /// Sets all limits of a project.
    pub async fn quota_set(&self, project: &str, body: &SetLimits) -> Result<Quota, Error> {
        self.features().await?;
        let tried = format!("set the quota of project {project}");
        let call = Call::extension(tried, Method::PUT, &["quotas", project]);
        self.call(call.body(body).patience(patience(body))).await
    }

    /// Removes the limits of a project.
    pub async fn quota_delete(&self, project: &str) -> Result<(), Error> {
        self.features().await?;
        let tried = format!("remove the quota of project {project}");
        self.call_empty(Call::extension(tried, Method::DELETE, &["quotas", project]))
            .await
    }

    /// The limits of a class.
    pub async fn quota_class_get(&self, name: &str) -> Result<QuotaClass, Error> {
        self.features().await?;
        let tried = format!("read quota class {name}");
        self.call(Call::extension(
            tried,
            Method::GET,
            &["quota_classes", name],
        ))
        .await
    }

    /// Sets all limits of a class.
    pub async fn quota_class_set(&self, name: &str, body: &SetLimits) -> Result<QuotaClass, Error> {
        self.features().await?;
        let tried = format!("set quota class {name}");
        let call = Call::extension(tried, Method::PUT, &["quota_classes", name]);
        self.call(call.body(body).patience(patience(body))).await
    }

    /// Removes the limits of a class.
    pub async fn quota_class_delete(&self, name: &str) -> Result<(), Error> {
        self.features().await?;
        let tried = format!("remove quota class {name}");
        self.call_empty(Call::extension(
            tried,
            Method::DELETE,
            &["quota_classes", name],
        ))
        .await
    }
}
