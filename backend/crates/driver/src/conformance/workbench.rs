//! What every case needs: a network that is there, and containers on it with one call.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use zun_domain::container::{
    ContainerSpec, Healthcheck, Observed, Phase, Protocol, Published, PullPolicy,
};
use zun_domain::network::mac_of;
use zun_domain::runtime::{MakeNetwork, MakeSubnetV6};
use zun_domain::unit::{MemoryMib, Millicpu};

use super::{Lab, Program};
use crate::image::pinned;
use crate::runtime::{Attachment, CreateContainer, Limits, RuntimeName};
use crate::{Class, HostDrivers, Result};

/// Running for so long counts as started, in milliseconds.
pub(super) const SETTLE_MS: u64 = 300;
/// No promise takes longer to keep than this, on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// No change.
pub(super) const NO_LIMITS: Limits = Limits {
    cpu: None,
    memory: None,
    restart_policy: None,
};

pub(super) struct Workbench<'a, L> {
    pub(super) lab: &'a L,
    pub(super) drivers: HostDrivers,
    pub(super) network: MakeNetwork,
    addresses: AtomicU32,
}

impl<'a, L: Lab> Workbench<'a, L> {
    /// A network, ensured.
    pub(super) async fn new(lab: &'a L) -> Self {
        Self::on(lab, lab.network()).await
    }

    /// The same with a given one.
    pub(super) async fn on(lab: &'a L, network: MakeNetwork) -> Self {
        let drivers = lab.drivers();
        drivers
            .networks
            .ensure(&network)
            .await
            .expect("the network can be made");
        Self {
            lab,
            drivers,
            network,
            addresses: AtomicU32::new(2),
        }
    }

    /// A request for a container that does this, with an address of its own.
    pub(super) async fn request(&self, program: &Program) -> CreateContainer {
        let container = self.lab.container();
        let equipment = self.lab.equip(container, program);
        let resolved = self
            .drivers
            .images
            .resolve(&equipment.image, PullPolicy::Never, None)
            .await;
        let resolved = resolved.expect("the host has the lab's image");
        let mut spec = ContainerSpec::of(equipment.image.clone());
        spec.command = Some(equipment.command);
        spec.memory = Some(MemoryMib(64));
        spec.cpu = Some(Millicpu(500));
        spec.healthcheck = equipment.check.map(|cmd| Healthcheck {
            cmd,
            interval: Some(1),
            timeout: None,
            retries: Some(1),
        });
        CreateContainer {
            container,
            project: self.network.project,
            revision: 1,
            spec,
            image: pinned(&equipment.image, &resolved.digest),
            hostname: zun_domain::container::Container::default_hostname(container),
            joins: None,
            attachments: vec![self.attachment(&self.network)],
            dns: Vec::new(),
            published: Vec::new(),
            mounts: Vec::new(),
        }
    }

    /// Addresses of a network that nobody has.
    pub(super) fn attachment(&self, network: &MakeNetwork) -> Attachment {
        let offset = self.addresses.fetch_add(1, Ordering::Relaxed);
        let ip = Ipv4Addr::from(u32::from(network.subnet.network()) + offset);
        let v6 = |v6: MakeSubnetV6| u128::from(v6.subnet.network()) + u128::from(offset);
        Attachment {
            network: network.runtime_name(),
            ip,
            ipv6: network.v6.map(|given| Ipv6Addr::from(v6(given))),
            mac: mac_of(ip),
            aliases: Vec::new(),
        }
    }

    /// A container that does this and was started.
    pub(super) async fn started(&self, program: &Program) -> RuntimeName {
        let request = self.request(program).await;
        self.start(&request)
            .await
            .expect("the container can be started")
    }

    /// Makes and starts it.
    pub(super) async fn start(&self, request: &CreateContainer) -> Result<RuntimeName> {
        let name = RuntimeName::Current(request.container);
        self.drivers.runtime.create(request).await?;
        self.drivers.runtime.start(name).await?;
        Ok(name)
    }

    /// What it shows; it must be there.
    pub(super) async fn seen(&self, name: RuntimeName) -> Observed {
        let seen = self
            .drivers
            .runtime
            .find(name)
            .await
            .expect("the engine answers");
        seen.unwrap_or_else(|| panic!("{name} is gone"))
    }

    /// What it shows once it is no longer starting.
    pub(super) async fn settled(&self, name: RuntimeName, healthy: bool) -> Observed {
        let waiting = self.drivers.runtime.wait_started(name, SETTLE_MS, healthy);
        in_time(waiting).await.expect("the engine answers")
    }

    /// What it shows once it has ended for good.
    pub(super) async fn ended(&self, name: RuntimeName) -> Observed {
        let waiting = self.drivers.runtime.wait_exited(name);
        in_time(waiting).await.expect("the engine answers")
    }

    /// It runs, and settles as running.
    pub(super) async fn must_run(&self, name: RuntimeName) -> Observed {
        let seen = self.settled(name, false).await;
        assert_eq!(seen.phase, Phase::Running, "{seen:?}");
        seen
    }
}

/// The port 80 of a container on this host port.
pub(super) fn published(external: u16) -> Vec<Published> {
    vec![Published {
        internal: 80,
        external,
        protocol: Protocol::Tcp,
        ip: None,
    }]
}

/// Waits no longer than any promise takes.
pub(super) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(PATIENCE, future).await;
    done.expect("what was promised happens in time")
}

/// The call failed with this class, and its sentence holds these words in any case of letters.
pub(super) fn failed<T: std::fmt::Debug>(answer: Result<T>, class: Class, words: &str) {
    let error = answer.expect_err("this cannot succeed");
    assert_eq!(error.class, class, "{error}");
    let sentence = error.message.to_lowercase();
    assert!(
        sentence.contains(&words.to_lowercase()),
        "{error:?} does not say {words:?}"
    );
}
