//! What a create or an update of a capsule would do, with every problem collected and nothing written.

use std::collections::BTreeMap;

use zun_domain::capsule::CapsuleSpec;
use zun_domain::container::{WaitFor, Wish};
use zun_domain::name::{ContainerName, HostName};
use zun_domain::placement::Rejection;

use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

/// What is meant to be done.
#[derive(Debug, Clone)]
pub struct CapsuleAsk {
    /// The capsule to be changed; a create where none is given.
    pub capsule: Option<String>,
    /// Name.
    pub name: Option<ContainerName>,
    /// The whole specification.
    pub spec: CapsuleSpec,
    /// What it should be doing.
    pub wish: Option<Wish>,
    /// When it would count as done.
    pub wait_for: WaitFor,
}

/// What would happen.
#[derive(Debug, Clone, Default)]
pub struct CapsuleVerdict {
    /// Kind and sentence of everything in the way; kinds as of a container.
    pub problems: Vec<(&'static str, String)>,
    /// Where it would run.
    pub host: Option<HostName>,
    /// Every host refused.
    pub rejections: Vec<Rejection>,
    /// What each container's image reference means now, by the container's name.
    pub image_digests: BTreeMap<String, String>,
    /// Steps in words.
    pub steps: Vec<String>,
}

impl Engine {
    /// What a create or an update would do. Refuses only what is not a question: an unknown capsule.
    #[expect(
        clippy::unused_async,
        reason = "the body comes with the planner's part"
    )]
    pub async fn capsule_preview(&self, _call: &Call, _ask: CapsuleAsk) -> Result<CapsuleVerdict> {
        Err(Error::Internal("capsules are not served yet".to_owned()))
    }
}
