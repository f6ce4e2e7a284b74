//! The fake host keeps every promise of the contracts.
#![expect(clippy::unwrap_used, reason = "what a test cannot do fails the test")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};

use async_trait::async_trait;
use zun_domain::container::Health;
use zun_domain::id::{ContainerId, NetworkId, ProjectId, VolumeId};
use zun_domain::registry::{Credentials, Password};
use zun_domain::runtime::{MakeNetwork, MakeSubnetV6};
use zun_domain::unit::MemoryMib;
use zun_driver::HostDrivers;
use zun_driver::conformance::{Equipment, Lab, LabRegistry, Program};
use zun_driver::fake::{FakeHost, FakeImage, Run, Script};
use zun_driver::runtime::{Attachment, RuntimeName};

mod fault;
mod firewall;
mod unguarded;
mod volume;

zun_driver::conformance!(lab);

async fn lab(_case: &str) -> Option<FakeLab> {
    let host = FakeHost::new();
    let image = FakeImage::of("zun/conformance:1".parse().unwrap(), Script::default());
    host.add_image(&image);
    Some(FakeLab {
        host,
        image,
        next: AtomicU32::new(1),
        port: AtomicU16::new(20_000),
    })
}

struct FakeLab {
    host: FakeHost,
    image: FakeImage,
    next: AtomicU32,
    port: AtomicU16,
}

impl FakeLab {
    fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(&self) -> T {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{number:032x}").parse().unwrap()
    }
}

#[async_trait]
impl Lab for FakeLab {
    fn drivers(&self) -> HostDrivers {
        self.host.drivers()
    }

    fn container(&self) -> ContainerId {
        self.id()
    }

    fn network(&self) -> MakeNetwork {
        let id: NetworkId = self.id();
        let third = self.next.load(Ordering::Relaxed);
        MakeNetwork {
            id,
            project: self.id::<ProjectId>(),
            name: "default".to_owned(),
            subnet: format!("10.0.{third}.0/24").parse().unwrap(),
            gateway: None,
            v6: None,
            mtu: None,
            runtime_name: None,
            routed: false,
        }
    }

    fn network_v6(&self) -> MakeNetwork {
        let network = self.network();
        let third = network.subnet.network().octets()[2];
        let v6 = MakeSubnetV6 {
            subnet: format!("fd00:0:0:{third}::/64").parse().unwrap(),
            gateway: format!("fd00:0:0:{third}::1").parse().unwrap(),
        };
        MakeNetwork {
            v6: Some(v6),
            ..network
        }
    }

    fn free_port(&self) -> u16 {
        self.port.fetch_add(1, Ordering::Relaxed)
    }

    fn volume(&self) -> VolumeId {
        self.id()
    }

    fn is_there(&self, path: &str) -> bool {
        self.host.is_there(path)
    }

    fn equip(&self, container: ContainerId, program: &Program) -> Equipment {
        let script = match program {
            Program::Runs | Program::Healthy => Script::default(),
            Program::IgnoresTerm => Script {
                run: Run::UntilKill,
                ..Script::default()
            },
            Program::Exits(code) => Script::exits(*code),
            Program::Missing => {
                Script::cannot_start("exec: \"nothing\": no such file or directory")
            }
            Program::Prints(lines) => {
                Script::default().prints(&lines.iter().map(String::as_str).collect::<Vec<_>>())
            }
            Program::Holds(mib) => Script {
                memory_used: MemoryMib(*mib),
                ..Script::default()
            }
            .prints(&["ready"]),
            Program::Unhealthy => Script::default().health(Health::Unhealthy, 10),
            Program::Writes { path, line } => Script::exits(0).writes(path, &format!("{line}\n")),
            Program::Finds(name) => Script::exits(0).finds(name),
            Program::Shows(path) => Script::exits(0).reads(path),
        };
        self.host.script(container, script);
        let checked = matches!(program, Program::Healthy | Program::Unhealthy);
        Equipment {
            image: self.image.reference.clone(),
            command: vec!["run".to_owned()],
            check: checked.then(|| "check".to_owned()),
        }
    }

    async fn disconnect_by_hand(&self, name: RuntimeName, network: &str) {
        self.host.disconnect_by_hand(name, network).unwrap();
    }

    async fn connections(&self, name: RuntimeName) -> BTreeMap<String, Attachment> {
        self.host.connections(name)
    }

    async fn registry(&self) -> Option<LabRegistry> {
        let credentials = Credentials {
            domain: "registry.example:5000".parse().unwrap(),
            username: "puller".to_owned(),
            password: Password::try_from("correct-horse".to_owned()).unwrap(),
        };
        self.host.lock_registry(&credentials);
        Some(LabRegistry {
            drivers: self.host.drivers(),
            credentials,
            keep: Box::new(()),
        })
    }
}
