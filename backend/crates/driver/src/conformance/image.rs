//! Images that a host has, and those it has not.

use tokio::sync::watch;
use zun_domain::container::PullPolicy;
use zun_domain::image::PullProgress;
use zun_domain::name::ImageRef;

use super::workbench::failed;
use super::{Lab, Program};
use crate::Class;

/// The host's own copy, without a registry; a pull of it is done at once.
pub async fn a_local_image_is_resolved(lab: &impl Lab) {
    let images = lab.drivers().images;
    let image = lab.equip(lab.container(), &Program::Runs).image;
    let resolved = images
        .resolve(&image, PullPolicy::IfNotPresent, None)
        .await
        .expect("resolved");
    assert!(
        resolved.present && resolved.digest.starts_with("sha256:"),
        "{resolved:?}"
    );
    assert_eq!(resolved.reference, image);
    let again = images.resolve(&image, PullPolicy::Never, None).await;
    assert_eq!(again.as_ref(), Ok(&resolved));
    images
        .pull(&resolved, None, watch::Sender::new(PullProgress::default()))
        .await
        .expect("it is there");
}

/// Under `Never` the host must have it.
pub async fn an_absent_image_is_not_found(lab: &impl Lab) {
    let image: ImageRef = "zun-conformance/nothing:1".parse().expect("a reference");
    let answer = lab
        .drivers()
        .images
        .resolve(&image, PullPolicy::Never, None)
        .await;
    failed(answer, Class::NotFound, "zun-conformance/nothing:1");
}
