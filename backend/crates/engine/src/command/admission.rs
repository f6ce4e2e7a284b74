//! What every accepting command reads and writes in its transaction: quota, network, address, the
//! scheduler's request, and the operation with its plan.

use ipnet::Ipv4Net;
use zun_domain::container::{Address, Container, ContainerSpec, Desired};
use zun_domain::id::{ContainerId, NetworkId, OperationId, PortId, ProjectId};
use zun_domain::network::{Network, free_subnet, mac_of};
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
        let class = tx.quota_class_find("default").await?;
        let own = tx.quota_find(project).await?;
        admit(&usage, &self.settings.quota.under(class, own), ask)?;
        Ok(())
    }

    /// The project's default network, made up at its first container, clear of
    /// `in_use`.
    pub(crate) async fn default_network(
        &self,
        tx: &mut Tx,
        project: ProjectId,
        in_use: &[Ipv4Net],
    ) -> Result<Network> {
        if let Some(network) = tx.network_find_default(project).await? {
            return Ok(network);
        }
        let network = Network {
            id: NetworkId(self.ids.uuid()),
            project,
            name: "default".to_owned(),
            subnet: self.free_subnet(tx, in_use).await?,
        };
        tx.network_insert(&network).await?;
        Ok(network)
    }

    /// A subnet of the pool that no network of ours has, clear of `in_use`.
    pub(crate) async fn free_subnet(&self, tx: &mut Tx, in_use: &[Ipv4Net]) -> Result<Ipv4Net> {
        let mut taken: Vec<_> = tx
            .network_list()
            .await?
            .into_iter()
            .map(|network| network.subnet)
            .collect();
        taken.extend(in_use);
        let (pool, prefix) = (self.settings.network_pool, self.settings.network_prefix);
        free_subnet(pool, prefix, &taken).ok_or_else(|| {
            Error::Conflict(format!(
                "every /{prefix} of the network pool {pool} is in use; widen the pool in zund's configuration"
            ))
        })
    }

    /// An address on the network, for as long as the container lives.
    pub(crate) async fn free_address(&self, tx: &mut Tx, network: &Network) -> Result<Address> {
        let taken = tx.addresses_taken(network.id).await?;
        let ip = network.free_address(&taken).ok_or_else(|| {
            Error::Conflict(format!(
                "every address of {} is in use; delete a container of this project",
                network.subnet
            ))
        })?;
        Ok(Address {
            network: network.id,
            ip: ip.into(),
            mac: mac_of(ip),
            port: PortId(self.ids.uuid()),
        })
    }

    /// The scheduler's request behind a specification.
    pub(crate) fn request_of(&self, spec: &ContainerSpec, id: ContainerId) -> Request {
        let asked = spec.ports.iter().flatten();
        Request {
            amounts: spec.amounts(),
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
        let subject = (container.id.into(), container.project);
        let operation = self
            .accept_work(tx, call, subject, kind, plan, target.as_ref())
            .await?;
        let message = format!("{} accepted, request {}", kind.as_str(), call.request_id);
        tx.event_insert(&Event {
            at: operation.created_at,
            container: container.id,
            operation: Some(operation.id),
            kind: "accepted".to_owned(),
            message,
        })
        .await?;
        Ok(operation)
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
