//! The plan of a create, and the part of it that every recreate shares: making and starting.

use zun_domain::container::{WaitFor, Wish};
use zun_domain::image::{LoadImage, ResolvedImage};
use zun_domain::runtime::{CreateContainer, MakeNetwork, RuntimeName};

use crate::step::{Action, ImageAction, Plan, Step};
use crate::storage::Storage;

/// Everything that was decided about a container to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Make {
    /// The call.
    pub request: CreateContainer,
    /// Its image.
    pub image: ResolvedImage,
    /// Where the image service has it: it is loaded, never pulled.
    pub load: Option<LoadImage>,
    /// Its networks, in the order of its attachments.
    pub networks: Vec<MakeNetwork>,
    /// Its volumes and files.
    pub storage: Storage,
    /// What it should be doing afterwards.
    pub wish: Wish,
    /// When that counts as reached.
    pub wait_for: WaitFor,
}

impl Make {
    pub(crate) fn current(&self) -> RuntimeName {
        RuntimeName::Current(self.request.container)
    }

    /// Image, networks, rules, volumes, files: what can fail without a container having been touched.
    pub(crate) fn prepare(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        if let Some(load) = &self.load {
            let load = ImageAction::Load(load.clone());
            steps.push(Step::plain(Action::Image(load)));
        } else if !self.image.present {
            steps.push(Step::plain(Action::Pull(self.image.clone())));
        }
        let ensure = |network: &MakeNetwork| Step::plain(Action::EnsureNetwork(network.clone()));
        steps.extend(self.networks.iter().map(ensure));
        steps.push(Step::plain(Action::Guard));
        let (container, revision) = (self.request.container, self.request.revision);
        steps.extend(self.storage.prepare(container, revision));
        steps
    }

    pub(crate) fn make(&self) -> Step {
        Step::undone_by(
            Action::Create(Box::new(self.request.clone())),
            vec![Action::Remove(self.current())],
        )
    }
}

/// Steps from a stopped container to what is wished. The first one, if any, starts it.
pub(crate) fn bring_up(name: RuntimeName, make: &Wished) -> Vec<Step> {
    let mut steps = Vec::new();
    if make.wish == Wish::Stopped {
        return steps;
    }
    steps.push(Step::plain(Action::Start(name)));
    let healthy = make.healthcheck && make.wait_for != WaitFor::None;
    match (make.wish, make.wait_for) {
        (Wish::Finished, _) | (_, WaitFor::Exited) => {
            steps.push(Step::plain(Action::AwaitExited { name }));
        }
        (_, WaitFor::None) => {}
        (_, WaitFor::Running | WaitFor::Healthy) => {
            steps.push(Step::plain(Action::AwaitStarted { name, healthy }));
        }
    }
    if make.wish == Wish::Paused {
        steps.push(Step::plain(Action::Pause(name)));
    }
    steps
}

/// The part of a wish that decides how a container is started.
pub(crate) struct Wished {
    pub(crate) wish: Wish,
    pub(crate) wait_for: WaitFor,
    pub(crate) healthcheck: bool,
}

impl From<&Make> for Wished {
    fn from(make: &Make) -> Self {
        Self {
            wish: make.wish,
            wait_for: make.wait_for,
            healthcheck: make.request.spec.healthcheck.is_some(),
        }
    }
}

/// Image, networks, rules, volumes, container, start, wait. A failure up to the start takes everything back; one of the
/// wait keeps the container, because its exit code and its log are what the user needs.
pub fn plan_create(make: &Make) -> Plan {
    let mut steps = make.prepare();
    steps.push(make.make());
    for step in bring_up(make.current(), &Wished::from(make)) {
        let waits = matches!(
            step.action,
            Action::AwaitStarted { .. } | Action::AwaitExited { .. } | Action::Pause(_)
        );
        steps.push(if waits { step.keeping() } else { step });
    }
    Plan { steps }
}

#[cfg(test)]
mod tests;
