//! One action, one driver call. Patience where waiting helps, a failure where it does not.

use std::time::Duration;

use zun_domain::container::Observed;
use zun_domain::id::HostId;
use zun_domain::operation::Failure;
use zun_domain::runtime::MakeNetwork;
use zun_driver::{Class, HostDrivers};
use zun_planner::Action;
use zun_planner::judge::{judge_exited, judge_started};
use zun_planner::step::SETTLE_MS;

use super::follow::Followed;
use super::{Work, wait};
use crate::context::Engine;
use crate::error::Error;

/// Why an action has no result.
pub(crate) enum Stopped {
    /// It failed, and waiting would not help.
    Failed(Failure),
    /// The process is stopping, or the operation was cancelled.
    Interrupted,
}

enum Trouble {
    Driver(zun_driver::Error),
    Judged(Failure),
    Interrupted,
}

impl From<zun_driver::Error> for Trouble {
    fn from(error: zun_driver::Error) -> Self {
        Self::Driver(error)
    }
}

impl Engine {
    /// Does the action; while the engine is away, waits for it and says so.
    pub(crate) async fn perform_patiently(
        &self,
        work: &Work,
        action: &Action,
        followed: &Followed,
    ) -> Result<Option<Observed>, Stopped> {
        loop {
            if self.stop.is_cancelled() || followed.cancel.is_cancelled() {
                return Err(Stopped::Interrupted);
            }
            match self.perform(work, action, followed).await {
                Ok(seen) => return Ok(seen),
                Err(Trouble::Interrupted) => return Err(Stopped::Interrupted),
                Err(Trouble::Judged(failure)) => return Err(Stopped::Failed(failure)),
                Err(Trouble::Driver(error)) => {
                    if error.class != Class::Unavailable || !self.engine_is_gone(work.host).await {
                        return Err(Stopped::Failed(failure_of(action, &error)));
                    }
                    self.wait_for_engine(work, &error, followed).await?;
                }
            }
        }
    }

    async fn perform(
        &self,
        work: &Work,
        action: &Action,
        followed: &Followed,
    ) -> Result<Option<Observed>, Trouble> {
        let Ok(drivers) = self.drivers(work.host) else {
            return Err(Trouble::Driver(zun_driver::Error::new(
                Class::Unavailable,
                "the host is not connected",
            )));
        };
        if let Action::AwaitStarted { .. }
        | Action::AwaitExited { .. }
        | Action::Pull(_)
        | Action::Image(_) = action
        {
            return self.perform_long(work, drivers, action, followed).await;
        }
        let Ok(_slot) = self.slots.acquire().await else {
            return Err(Trouble::Interrupted);
        };
        match action {
            Action::EnsureNetwork(network) => self.ensure_network(drivers, network).await?,
            Action::Guard => self.guard_step().await?,
            other => call(drivers, other).await?,
        }
        Ok(None)
    }

    /// Makes the network, unless its subnet was chosen anew since this was planned. Nobody chooses while
    /// it is made: a subnet that is in the engine stays what it is.
    async fn ensure_network(
        &self,
        drivers: &HostDrivers,
        planned: &MakeNetwork,
    ) -> zun_driver::Result<()> {
        let _nobody_chooses = self.choosing.lock().await;
        let current = self.store.network_find(planned.id).await;
        let current = current
            .map_err(|error| zun_driver::Error::new(Class::Unavailable, error.to_string()))?;
        match current.and_then(|current| current.make()) {
            Some(current) if current.subnet != planned.subnet => Err(zun_driver::Error::new(
                Class::Conflict,
                format!(
                    "the network {} has the subnet {} instead of {} by now",
                    planned.name, current.subnet, planned.subnet
                ),
            )),
            _ => drivers.networks.ensure(planned).await,
        }
    }

    /// The firewall is a part of the host: what goes wrong is told as a driver's failure.
    async fn guard_step(&self) -> zun_driver::Result<()> {
        self.guard().await.map_err(|error| match error {
            Error::Unavailable(sentence) => zun_driver::Error::new(Class::Unavailable, sentence),
            other => zun_driver::Error::new(Class::Internal, other.to_string()),
        })
    }

    /// The actions that take as long as they take: they end when the operation is cancelled.
    async fn perform_long(
        &self,
        work: &Work,
        drivers: &HostDrivers,
        action: &Action,
        followed: &Followed,
    ) -> Result<Option<Observed>, Trouble> {
        let bound = Duration::from_secs(self.settings.wait_seconds);
        let work_on = async {
            match action {
                Action::Pull(image) => {
                    let subject = work.operation.subject;
                    self.pull(work.host, image, subject, followed).await?;
                    Ok(None)
                }
                Action::Image(action) => {
                    self.move_image(drivers, action).await?;
                    Ok(None)
                }
                Action::AwaitStarted { name, healthy } => {
                    let seen = drivers
                        .runtime
                        .wait_started(*name, SETTLE_MS, *healthy)
                        .await?;
                    judge_started(&seen, *healthy).map_err(Trouble::Judged)?;
                    Ok(Some(seen))
                }
                Action::AwaitExited { name } => {
                    let seen = drivers.runtime.wait_exited(*name).await?;
                    judge_exited(&seen).map_err(Trouble::Judged)?;
                    Ok(Some(seen))
                }
                _ => Ok(None),
            }
        };
        tokio::select! {
            () = followed.cancel.cancelled() => Err(Trouble::Interrupted),
            () = self.stop.cancelled() => Err(Trouble::Interrupted),
            result = tokio::time::timeout(bound, work_on) => match result {
                Ok(result) => result,
                Err(_) => Err(Trouble::Judged(Failure {
                    message: format!("{}: not done after {} s; wait_seconds in zund's configuration bounds this",
                        action.progress(), self.settings.wait_seconds),
                    ..Failure::default()
                })),
            },
        }
        .inspect_err(|_| tracing::debug!(operation = %work.operation.id, "{} has ended without a result", action.progress()))
    }

    /// Whether the engine of a host answers nothing at all, as opposed to: a registry behind it.
    pub(crate) async fn engine_is_gone(&self, host: HostId) -> bool {
        let Ok(drivers) = self.drivers(host) else {
            return true;
        };
        match drivers.runtime.facts().await {
            Err(error) if error.class == Class::Unavailable => {
                self.note_host(host, Some(error.to_string()));
                true
            }
            Ok(_) | Err(_) => {
                self.note_host(host, None);
                false
            }
        }
    }

    async fn wait_for_engine(
        &self,
        work: &Work,
        error: &zun_driver::Error,
        followed: &Followed,
    ) -> Result<(), Stopped> {
        let text = format!("waiting for the engine: {error}");
        tracing::warn!(operation = %work.operation.id, subject = %work.operation.subject, "{text}");
        followed.tell(|operation| operation.progress.clone_from(&text));
        if let Some(container) = work.operation.subject.container() {
            self.note_reason(container, &text).await;
        }
        while self.engine_is_gone(work.host).await {
            tokio::select! {
                () = followed.cancel.cancelled() => return Err(Stopped::Interrupted),
                () = self.host_back.notified() => {}
                waited = wait::backoff(&self.stop) => waited?,
            }
        }
        Ok(())
    }
}

async fn call(drivers: &HostDrivers, action: &Action) -> zun_driver::Result<()> {
    let runtime = &drivers.runtime;
    match action {
        Action::Volume(action) => super::storage::call(&*drivers.volumes, action).await,
        Action::Create(request) => runtime.create(request).await.map(|_| ()),
        Action::Start(name) => runtime.start(*name).await,
        Action::Stop { name, timeout } => runtime.stop(*name, *timeout).await,
        Action::Kill { name, signal } => runtime.kill(*name, signal.as_ref()).await,
        Action::Pause(name) => runtime.pause(*name).await,
        Action::Unpause(name) => runtime.unpause(*name).await,
        Action::Update { name, limits } => runtime.update(*name, *limits).await,
        Action::Rename {
            container,
            revision,
            to,
        } => runtime.rename(*container, *revision, *to).await,
        Action::Remove(name) => runtime.remove(*name).await,
        Action::Connect { name, attachment } => runtime.connect(*name, attachment).await,
        Action::Disconnect { name, network } => runtime.disconnect(*name, network).await,
        Action::EnsureNetwork(_)
        | Action::Guard
        | Action::Pull(_)
        | Action::Image(_)
        | Action::AwaitStarted { .. }
        | Action::AwaitExited { .. } => Ok(()),
    }
}

fn failure_of(action: &Action, error: &zun_driver::Error) -> Failure {
    Failure {
        message: format!("{} failed: {error}", action.progress()),
        conflict: error.class == Class::Conflict,
        ..Failure::default()
    }
}
