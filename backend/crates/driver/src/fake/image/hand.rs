//! What a stranger does with the images of a fake host, and with the registry behind it.

use zun_domain::name::ImageRef;
use zun_domain::registry::Credentials;

use super::FakeImage;
use crate::fake::FakeHost;
use crate::image::{pinned, repository};

impl FakeHost {
    /// The host has this image; its tag moves to it.
    pub fn add_image(&self, image: &FakeImage) {
        self.lock().images.add(image, true);
    }

    /// The host has every image anybody asks for: for benchmarks.
    pub fn any_image(&self) {
        self.lock().images.anything = true;
    }

    /// Somebody removed it from the host.
    pub fn remove_image(&self, reference: &ImageRef) {
        let mut state = self.lock();
        if let Some(image) = state.images.local.remove(&reference.with_tag()) {
            for digest in image.digest.iter().chain([&image.id]) {
                state.images.local.remove(&pinned(reference, digest));
            }
            state.images.local.remove(&image.id);
        }
    }

    /// The registry has this image; its tag moves to it there.
    pub fn push_image(&self, image: &FakeImage) {
        let mut state = self.lock();
        let registry = &mut state.images.registry;
        registry.insert(image.reference.with_tag(), image.clone());
        registry.insert(
            pinned(&image.reference, &image.digest_or_id()),
            image.clone(),
        );
    }

    /// The registry refuses every tag of this reference's repository, with this sentence.
    pub fn refuse_image(&self, reference: &ImageRef, sentence: &str) {
        let repository = repository(reference.as_str()).to_owned();
        self.lock()
            .images
            .refused
            .insert(repository, sentence.to_owned());
    }

    /// The registry of these credentials lets nobody in who does not tell them.
    pub fn lock_registry(&self, credentials: &Credentials) {
        let locked = &mut self.lock().images.locked;
        locked.insert(credentials.domain.clone(), credentials.clone());
    }

    /// The registry does not answer, for this reason; `None`: it does again.
    pub fn registry_down(&self, reason: Option<&str>) {
        self.lock().images.registry_down = reason.map(str::to_owned);
    }
}
