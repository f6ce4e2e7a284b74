//! What every accepting command reads and writes in its transaction: quota, the scheduler's request, and the
//! operation with its plan.

use zun_domain::container::{Container, ContainerSpec, Desired};
use zun_domain::id::{ContainerId, OperationId, ProjectId};
use zun_domain::operation::{Event, Operation, OperationKind, OperationState, Subject};
use zun_domain::quota::{Usage, admit};
use zun_planner::Plan;
use zun_scheduler::{DiskRule, Request};
use zun_store::Tx;

use super::create_container::seed_of;
use crate::call::Call;
use crate::context::Inner;
use crate::error::{Error, Result};
use crate::execute::Target;
use crate::settings::DiskMode;

impl Inner {
    /// Refuses what the project's limits do not hold.
    pub(crate) async fn admit_more(
        &self,
        tx: &mut Tx,
        project: ProjectId,
        ask: &Usage,
    ) -> Result<()> {
        let usage = tx.usage_of(project).await?;
        let (own, class) = tx.quota_find_with_class(project, "default").await?;
        admit(&usage, &self.settings.quota.under(class, own), ask)?;
        Ok(())
    }

    /// The scheduler's request behind a specification.
    pub(crate) fn request_of(&self, spec: &ContainerSpec, id: ContainerId) -> Request {
        let asked = spec.ports.iter().flatten();
        Request {
            amounts: spec.amounts(),
            most_cpu: spec.amounts().cpu,
            zone: spec.availability_zone.clone(),
            runtime: spec.runtime.clone(),
            host: spec.host.clone(),
            hints: spec.hints.clone().unwrap_or_default(),
            cpu_policy: spec.cpu_policy.unwrap_or_default(),
            disk: match (self.settings.disk, spec.disk.is_some_and(|disk| disk.0 > 0)) {
                (_, false) => DiskRule::NoneAsked,
                (DiskMode::Account, true) => DiskRule::Account,
                (DiskMode::Refuse, true) => DiskRule::Enforced,
            },
            ports: asked
                .filter_map(|port| Some((port.protocol.unwrap_or_default(), port.external?.get())))
                .collect(),
            volumes: Vec::new(),
            seed: seed_of(id),
        }
    }

    /// Writes the operation with its plan. One that is at work already is refused with its name.
    pub(crate) async fn accept(
        &self,
        tx: &mut Tx,
        call: &Call,
        container: &Container,
        kind: OperationKind,
        plan: &Plan,
        target: Option<&Desired>,
    ) -> Result<Operation> {
        let target = target.map(|wish| Target::Container(Box::new(wish.clone())));
        let subject = (Subject::from(container), container.project);
        let operation = self
            .accept_work(tx, call, subject, kind, plan, target.as_ref())
            .await?;
        self.note_accepted(tx, call, container.id, &operation)
            .await?;
        Ok(operation)
    }

    /// The beginning of an operation, in the story of a container.
    pub(crate) async fn note_accepted(
        &self,
        tx: &mut Tx,
        call: &Call,
        container: ContainerId,
        operation: &Operation,
    ) -> Result<()> {
        let kind = operation.kind.as_str();
        tx.event_insert(&Event {
            at: operation.created_at,
            container,
            operation: Some(operation.id),
            kind: "accepted".to_owned(),
            message: format!("{kind} accepted, request {}", call.request_id),
        })
        .await?;
        Ok(())
    }

    /// The same for whatever has no events of its own. `target` is what the end of the work makes true.
    pub(crate) async fn accept_work(
        &self,
        tx: &mut Tx,
        call: &Call,
        (subject, project): (Subject, ProjectId),
        kind: OperationKind,
        plan: &Plan,
        target: Option<&Target>,
    ) -> Result<Operation> {
        let now = self.clock.now();
        let operation = Operation {
            id: OperationId(self.ids.uuid()),
            subject,
            project,
            user: call.caller.user,
            kind,
            state: OperationState::Queued,
            request_id: call.request_id.clone(),
            progress: "accepted".to_owned(),
            steps_done: 0,
            steps: u32::try_from(plan.steps.len()).unwrap_or(u32::MAX),
            failure: None,
            created_at: now,
            finished_at: None,
        };
        let plan = crate::execute::stored(0, plan)?;
        let target = target
            .map(Target::text)
            .transpose()
            .map_err(|error| Error::Internal(error.to_string()))?;
        tx.operation_insert(&operation, &plan, target.as_deref())
            .await?;
        Ok(operation)
    }
}
