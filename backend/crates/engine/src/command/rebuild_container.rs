//! Rebuild: a container made anew, in place, from an image of the same or of another name.

use zun_domain::container::spec::ImageSource;
use zun_domain::container::{Status, Verb, WaitFor, Wish};
use zun_domain::name::ImageRef;

use super::update_container::check_verb;
use super::{Accepted, Edit, UpdateContainer};
use crate::call::Call;
use crate::context::Engine;
use crate::error::Result;

impl Engine {
    /// Accepts a rebuild. Address, ports and volumes stay; what the specification leaves to the image comes from the
    /// new one. It runs afterwards if it ran before.
    pub async fn container_rebuild(
        &self,
        call: &Call,
        ident: &str,
        image: Option<ImageRef>,
        source: Option<ImageSource>,
    ) -> Result<Accepted> {
        let seen = self.container_get(call, ident).await?;
        check_verb(&seen, Verb::Rebuild)?;
        let rests = matches!(seen.status(), Status::Created | Status::Stopped);
        let ask = UpdateContainer {
            expected: Some(seen.generation),
            name: None,
            edit: Edit::Rebuild { image, source },
            wish: rests.then_some(Wish::Stopped),
            wait_for: WaitFor::None,
            unique: false,
        };
        self.container_update(call, &seen.id.to_string(), ask).await
    }
}
