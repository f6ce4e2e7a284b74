//! Hosts and requests for tests, made from a few numbers.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use zun_domain::container::spec::{CpuPolicy, Protocol};
use zun_domain::host::{HostFacts, HostPlace};
use zun_domain::id::HostId;
use zun_domain::unit::{Amounts, DiskGib, MemoryMib, Millicpu};

use crate::place::{DiskRule, Request};
use crate::policy::{Policy, Weights};
use crate::view::HostView;
use crate::{ClusterView, Filter};

/// The id of the host with this number.
pub(crate) fn id(number: u128) -> HostId {
    format!("{number:032x}").parse().unwrap()
}

/// Cores in thousandths, MiB, GiB.
pub(crate) fn amounts(cpu: u64, memory: u64, disk: u64) -> Amounts {
    Amounts {
        cpu: Millicpu(cpu),
        memory: MemoryMib(memory),
        disk: DiskGib(disk),
    }
}

/// An idle host `host-<number>` in zone `az1` with 4 cores, 8192 MiB and 100 GiB, no overcommit.
pub(crate) fn host(number: u128) -> HostView {
    HostView {
        place: HostPlace {
            id: id(number),
            name: format!("host-{number}").parse().unwrap(),
            zone: "az1".to_owned(),
        },
        facts: HostFacts {
            cpus: Millicpu(4000),
            memory: MemoryMib(8192),
            disk_gib: 100,
            disk_quota: true,
            runtimes: BTreeSet::from(["runc".to_owned()]),
            architecture: "x86_64".to_owned(),
            os: "linux".to_owned(),
            kernel: "6.1".to_owned(),
            engine_version: "28.0".to_owned(),
            labels: BTreeMap::new(),
            minimum_memory: MemoryMib(6),
        },
        capacity: amounts(4000, 8192, 100),
        allocated: Amounts::default(),
        containers: 0,
        down: None,
        disabled: None,
        recent_failures: 0,
        has_image: false,
        ports_taken: BTreeSet::new(),
    }
}

/// One core and 512 MiB.
pub(crate) fn request() -> Request {
    Request::of(amounts(1000, 512, 0))
}

/// A view under the default policy.
pub(crate) fn view(hosts: Vec<HostView>) -> ClusterView {
    ClusterView::new(hosts, Policy::default())
}

/// The host with this number, in one of few shapes, so that ties are frequent.
fn any_host(number: u128) -> impl Strategy<Value = HostView> {
    let sizes = (1..5_u64, 1..5_u64, 0..3_u64, 0..4_u64);
    let state = (0..12_u8, 0..3_u32, any::<bool>(), any::<bool>());
    let shape = (0..3_u8, 0..3_u8, 0..4_u8, 0..8_u8);
    (sizes, state, shape).prop_map(move |(sizes, state, shape)| {
        let mut host = host(number);
        host.capacity = amounts(sizes.0 * 2000, sizes.1 * 1024, sizes.2 * 10);
        host.allocated = amounts(sizes.3 * 1000, sizes.3 * 512, 0);
        host.down = (state.0 == 0).then(|| "no answer".to_owned());
        host.disabled = (state.0 == 1).then(|| "maintenance".to_owned());
        host.recent_failures = state.1 / 2;
        host.has_image = state.2;
        host.facts.disk_quota = state.3;
        host.place.zone = format!("az{}", shape.0);
        if shape.1 == 0 {
            host.facts.runtimes.insert("runsc".to_owned());
        }
        let label = ("disk".to_owned(), format!("kind-{}", shape.2));
        host.facts.labels.extend([label]);
        host.facts.minimum_memory = MemoryMib(if shape.3 == 0 { 700 } else { 6 });
        host.ports_taken.insert((Protocol::Tcp, u16::from(shape.3)));
        host
    })
}

/// Up to so many hosts.
pub(crate) fn any_hosts(most: usize) -> impl Strategy<Value = Vec<HostView>> {
    (0..most).prop_flat_map(|count| (0..count as u128).map(any_host).collect::<Vec<_>>())
}

/// A request that asks for something or other.
pub(crate) fn any_request() -> impl Strategy<Value = Request> {
    let sizes = (0..6_u64, 0..6_u64, 0..8_u64, any::<u64>());
    let asks = (0..9_u8, 0..6_u8, 0..9_u8, 0..12_u8, 0..24_u8);
    (sizes, asks, 0..3_u8, 0..16_u8).prop_map(|(sizes, asks, rule, dedicated)| {
        let mut request = Request::of(amounts(sizes.0 * 500, sizes.1 * 256, sizes.2 / 3 * 5));
        request.seed = sizes.3;
        request.zone = (asks.0 < 4).then(|| format!("az{}", asks.0));
        request.runtime = (asks.1 == 0).then(|| "runsc".to_owned());
        if asks.2 < 5 {
            let hint = ("label:disk".to_owned(), format!("kind-{}", asks.2));
            request.hints.extend([hint]);
        }
        if asks.3 < 8 {
            request.ports.push((Protocol::Tcp, u16::from(asks.3)));
        }
        request.host = (asks.4 < 3).then(|| format!("host-{}", asks.4));
        request.disk =
            [DiskRule::Enforced, DiskRule::Account, DiskRule::NoneAsked][usize::from(rule)];
        if dedicated == 0 {
            request.cpu_policy = CpuPolicy::Dedicated;
        }
        request
    })
}

/// A policy with some filters off and weights that pack, spread or do neither.
pub(crate) fn any_policy() -> impl Strategy<Value = Policy> {
    let off = proptest::sample::subsequence(Filter::ALL.to_vec(), 0..3);
    (off, -1..2_i8, 0..2_u8, 0..2_u8).prop_map(|(off, pack, image, failures)| Policy {
        filters: Filter::ALL
            .into_iter()
            .filter(|filter| !off.contains(filter))
            .collect(),
        weights: Weights {
            pack_or_spread: f64::from(pack),
            image_local: f64::from(image),
            failures: f64::from(failures),
        },
    })
}
