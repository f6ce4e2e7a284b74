//! A registry that wants to know who asks, and the images that come from it and go to it.

use std::any::Any;

use tokio::sync::watch;
use zun_domain::container::PullPolicy;
use zun_domain::image::{ImageUse, PullProgress, ResolvedImage};
use zun_domain::name::ImageRef;
use zun_domain::registry::{Credentials, Password};

use super::workbench::{Workbench, failed};
use super::{Lab, Program};
use crate::image::pinned;
use crate::runtime::RuntimeName;
use crate::{Class, HostDrivers};

/// A registry of a lab. It is gone when this is dropped.
pub struct LabRegistry {
    /// The drivers of the lab's host, told what they have to know of this registry.
    pub drivers: HostDrivers,
    /// Where it is, and who may use it.
    pub credentials: Credentials,
    /// What keeps it alive.
    pub keep: Box<dyn Any + Send + Sync>,
}

/// An image of the host in the registry, and the drivers that put it there.
struct Pushed {
    registry: LabRegistry,
    image: ImageRef,
    digest: String,
}

fn quiet() -> watch::Sender<PullProgress> {
    watch::Sender::new(PullProgress::default())
}

impl Pushed {
    async fn by(lab: &impl Lab) -> Option<Self> {
        let registry = lab.registry().await?;
        let source = lab.equip(lab.container(), &Program::Runs).image;
        let target = format!("{}/team/app:1", registry.credentials.domain);
        let image: ImageRef = target.parse().expect("a reference");
        let push = registry.drivers.images.push(
            source.as_str(),
            &image,
            Some(&registry.credentials),
            quiet(),
        );
        let digest = push.await.expect("those who may push can");
        assert!(digest.starts_with("sha256:"), "{digest}");
        Some(Self {
            registry,
            image,
            digest,
        })
    }

    fn known(&self) -> &Credentials {
        &self.registry.credentials
    }

    /// Credentials with another password.
    fn wrong(&self) -> Credentials {
        let password = Password::try_from("wrong".to_owned()).expect("a password");
        Credentials {
            password,
            ..self.registry.credentials.clone()
        }
    }

    async fn asked(&self, credentials: Option<&Credentials>) -> crate::Result<ResolvedImage> {
        let images = &self.registry.drivers.images;
        images
            .resolve(&self.image, PullPolicy::Always, credentials)
            .await
    }

    async fn usage(&self) -> ImageUse {
        let images = &self.registry.drivers.images;
        let usage = images.usage(&self.image, &self.digest).await;
        usage.expect("the host answers")
    }

    async fn remove(&self) -> crate::Result<()> {
        let images = &self.registry.drivers.images;
        images.remove_fetched(&self.image, &self.digest).await
    }
}

/// Nobody who is not known gets an answer, and nobody else's password helps.
pub async fn a_registry_wants_to_know_who_asks(lab: &impl Lab) {
    let Some(pushed) = Pushed::by(lab).await else {
        return;
    };
    let (wrong, name) = (pushed.wrong(), pushed.image.as_str());
    failed(pushed.asked(None).await, Class::Refused, name);
    failed(pushed.asked(Some(&wrong)).await, Class::Refused, name);
    let elsewhere = Credentials {
        domain: "elsewhere.example".parse().expect("a domain"),
        ..pushed.registry.credentials.clone()
    };
    failed(pushed.asked(Some(&elsewhere)).await, Class::Refused, name);
    let found = pushed.asked(Some(pushed.known())).await.expect("known");
    assert_eq!((&found.digest, found.present), (&pushed.digest, true));
    let images = &pushed.registry.drivers.images;
    let refused = images
        .push(name, &pushed.image, Some(&wrong), quiet())
        .await;
    failed(refused, Class::Refused, name);
    pushed.remove().await.expect("nobody uses it");
}

/// What was pushed and removed is fetched again by those who may, and by nobody else.
pub async fn an_image_is_pulled_by_whom_it_is_for(lab: &impl Lab) {
    let Some(pushed) = Pushed::by(lab).await else {
        return;
    };
    assert_eq!(pushed.usage().await, ImageUse::Unused);
    pushed.remove().await.expect("nobody uses it");
    assert_eq!(pushed.usage().await, ImageUse::Absent);
    pushed.remove().await.expect("it is gone");
    let found = pushed.asked(Some(pushed.known())).await.expect("known");
    assert_eq!((&found.digest, found.present), (&pushed.digest, false));
    let images = &pushed.registry.drivers.images;
    let name = pushed.image.as_str();
    failed(
        images.pull(&found, None, quiet()).await,
        Class::Refused,
        name,
    );
    let wrong = pushed.wrong();
    let refused = images.pull(&found, Some(&wrong), quiet()).await;
    failed(refused, Class::Refused, name);
    assert_eq!(pushed.usage().await, ImageUse::Absent);
    let pulled = images.pull(&found, Some(pushed.known()), quiet()).await;
    pulled.expect("known");
    let local = images
        .resolve(&pushed.image, PullPolicy::Never, None)
        .await
        .expect("the host has it by its tag");
    assert_eq!((&local.digest, local.present), (&pushed.digest, true));
    pushed.remove().await.expect("nobody uses it");
}

/// An image is not taken away from a container, running or not.
pub async fn an_image_in_use_stays(lab: &impl Lab) {
    let Some(pushed) = Pushed::by(lab).await else {
        return;
    };
    let bench = Workbench::new(lab).await;
    let mut request = bench.request(&Program::Runs).await;
    request.image = pinned(&pushed.image, &pushed.digest);
    let name = RuntimeName::Current(request.container);
    let runtime = &bench.drivers.runtime;
    runtime.create(&request).await.expect("it is there");
    assert_eq!(pushed.usage().await, ImageUse::InUse);
    failed(
        pushed.remove().await,
        Class::Conflict,
        pushed.image.as_str(),
    );
    runtime.remove(name).await.expect("it can be removed");
    assert_eq!(pushed.usage().await, ImageUse::Unused);
    pushed.remove().await.expect("nobody uses it");
    assert_eq!(pushed.usage().await, ImageUse::Absent);
}
