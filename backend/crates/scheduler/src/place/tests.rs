//! What is refused and in which words, what is advised, and that the search finds what a look at every
//! host would.

use std::collections::BTreeMap;

use proptest::prelude::*;
use zun_domain::container::spec::{CpuPolicy, Protocol};
use zun_domain::unit::{DiskGib, MemoryMib, Millicpu};

use crate::advice::{Change, Smallest};
use crate::filter::{Candidate, Filter, passes, refusals};
use crate::fixture::{amounts, any_hosts, any_policy, any_request, host, id, request, view};
use crate::place::{DiskRule, Request, fits, fits_under, place};
use crate::policy::{Policy, Weights};
use crate::score::start;
use crate::search::order;
use crate::view::{ClusterView, HostView};

/// `host-1` and a request, changed; the refusals expected as `filter: reason`, and the advice.
fn check(
    change: impl FnOnce(&mut HostView, &mut Request),
    expected: &[&str],
    advice: Option<&str>,
) {
    let (mut host, mut request) = (host(1), request());
    change(&mut host, &mut request);
    let view = view(vec![host]);
    let Err(answer) = place(&request, &view) else {
        assert!(expected.is_empty(), "placed, but expected {expected:?}");
        return;
    };
    let [rejection] = answer.rejections.as_slice() else {
        panic!("one host, but {answer:?}");
    };
    let reasons: Vec<String> = rejection
        .refusals
        .iter()
        .map(|refusal| format!("{}: {}", refusal.filter, refusal.reason))
        .collect();
    assert_eq!(reasons, expected);
    assert_eq!(answer.advice.as_deref(), advice);
}

fn hints(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

#[test]
fn amounts_are_refused_with_what_is_free() {
    check(|_, r| r.amounts = amounts(4000, 8192, 100), &[], None);
    check(
        |h, r| {
            h.capacity.memory = MemoryMib(23900);
            h.allocated.memory = MemoryMib(22876);
            r.amounts.memory = MemoryMib(4096);
        },
        &["RamFilter: memory: 4096 MiB asked, 1024 of 23900 MiB free"],
        Some("memory of at most 1024 MiB would fit on host-1"),
    );
    check(
        |_, r| r.amounts.memory = MemoryMib(5),
        &["RamFilter: memory: 5 MiB asked, the least a container may be given is 6 MiB"],
        Some("memory of at least 6 MiB would fit on host-1"),
    );
    check(
        |h, r| {
            h.capacity.cpu = Millicpu(64000);
            (r.amounts.cpu, r.most_cpu) = (Millicpu(4500), Millicpu(4500));
        },
        &["CpuFilter: cpu: 4.5 cores asked, one container gets at most the 4 cores of the machine"],
        Some("cpu of at most 4 cores would fit on host-1"),
    );
    check(
        |h, r| {
            h.allocated = amounts(3500, 8000, 0);
            r.amounts.cpu = Millicpu(1000);
        },
        &[
            "CpuFilter: cpu: 1 core asked, 0.5 of 4 cores free",
            "RamFilter: memory: 512 MiB asked, 192 of 8192 MiB free",
        ],
        Some("cpu of at most 0.5 cores with memory of at most 192 MiB would fit on host-1"),
    );
    check(
        |h, _| h.allocated.memory = MemoryMib(9000),
        &["RamFilter: memory: 512 MiB asked, 0 of 8192 MiB free"],
        None,
    );
}

#[test]
fn disk_is_enforced_or_counted() {
    let ask = |rule, quota, size| {
        move |h: &mut HostView, r: &mut Request| {
            h.facts.disk_quota = quota;
            r.disk = rule;
            r.amounts.disk = DiskGib(size);
        }
    };
    check(ask(DiskRule::Enforced, true, 100), &[], None);
    check(ask(DiskRule::Enforced, false, 0), &[], None);
    check(ask(DiskRule::Account, false, 100), &[], None);
    check(ask(DiskRule::NoneAsked, false, 10), &[], None);
    check(
        ask(DiskRule::Enforced, false, 10),
        &["DiskFilter: disk: 10 GiB asked, the storage driver of this host cannot enforce a size"],
        Some("leaving out disk would fit on host-1"),
    );
    check(
        ask(DiskRule::Account, false, 101),
        &["DiskFilter: disk: 101 GiB asked, 100 of 100 GiB free"],
        Some("disk of at most 100 GiB would fit on host-1"),
    );
}

#[test]
fn what_a_host_is_is_refused_with_what_it_is() {
    check(|_, r| r.zone = Some(String::new()), &[], None);
    check(
        |_, r| r.zone = Some("az2".to_owned()),
        &[r#"AvailabilityZoneFilter: availability_zone: "az2" asked, this host is in "az1""#],
        Some(r#"zone "az1" would fit on host-1"#),
    );
    check(
        |h, _| {
            h.down = Some("no answer for 30 s".to_owned());
            h.disabled = Some("new disks".to_owned());
        },
        &["ComputeFilter: this host is down: no answer for 30 s, and disabled: new disks"],
        None,
    );
    check(
        |_, r| r.runtime = Some("kata".to_owned()),
        &[r#"RuntimeFilter: runtime: "kata" asked, this host offers runc"#],
        Some("runtime runc would fit on host-1"),
    );
    check(
        |_, r| r.cpu_policy = CpuPolicy::Dedicated,
        &[
            "CpuSetFilter: cpu_policy: dedicated asked, this host does not report that it can pin cores",
        ],
        Some("cpu_policy shared would fit on host-1"),
    );
    check(
        |_, r| r.host = Some("host-2".to_owned()),
        &[r#"RequestedHost: host: "host-2" asked, this is host-1"#],
        Some("leaving out host would fit on host-1"),
    );
    check(
        |_, r| r.volumes = vec![("data".to_owned(), host(2).place)],
        &["VolumeTopologyFilter: volume: data is on host-2, this is host-1"],
        None,
    );
}

#[test]
fn ports_and_hints_are_named() {
    check(
        |h, r| {
            h.ports_taken = [(Protocol::Tcp, 80), (Protocol::Udp, 53)].into();
            r.ports = vec![
                (Protocol::Tcp, 53),
                (Protocol::Tcp, 80),
                (Protocol::Udp, 53),
            ];
        },
        &["PortFilter: ports: 80/tcp, 53/udp asked, already taken on this host"],
        Some("other host ports than 80/tcp and 53/udp would fit on host-1"),
    );
    check(
        |h, r| {
            h.facts.labels = hints(&[("disk", "ssd")]);
            r.hints = hints(&[
                ("label:disk", "ssd"),
                ("runtime", "runc"),
                ("os", "linux"),
                ("group", "web"),
            ]);
        },
        &[],
        None,
    );
    check(
        |h, r| {
            h.facts.labels = hints(&[("disk", "hdd")]);
            r.hints = hints(&[
                ("label:disk", "ssd"),
                ("label:rack", "7"),
                ("architecture", "arm64"),
            ]);
        },
        &[concat!(
            r#"LabelFilter: hint architecture: "arm64" asked, this host has "x86_64", "#,
            r#"hint label:disk: "ssd" asked, this host has "hdd", "#,
            r#"hint label:rack: "7" asked, this host has no such label"#
        )],
        Some(
            "leaving out hint architecture and hint label:disk and hint label:rack would fit on host-1",
        ),
    );
}

#[test]
fn advice_is_the_smallest_change_of_all_hosts() {
    let mut hosts = vec![host(1), host(2), host(3), host(4)];
    hosts[0].allocated = amounts(3500, 7000, 0);
    hosts[1].allocated.memory = MemoryMib(6000);
    hosts[2].allocated.memory = MemoryMib(5000);
    hosts[3].down = Some("no answer".to_owned());
    let mut request = request();
    request.amounts.memory = MemoryMib(4096);
    let answer = place(&request, &view(hosts)).unwrap_err();
    let advice = "memory of at most 3192 MiB would fit on host-3";
    assert_eq!(answer.advice.as_deref(), Some(advice));
    let names: Vec<&str> = answer.rejections.iter().map(|r| r.host.as_str()).collect();
    assert_eq!(names, ["host-1", "host-2", "host-3", "host-4"]);

    let none = place(&request, &view(vec![])).unwrap_err();
    assert_eq!((none.rejections.len(), none.advice), (0, None));
}

#[test]
fn weights_decide() {
    let choose = |weights: Weights| {
        let mut hosts = vec![host(1), host(2), host(3), host(4)];
        hosts[0].allocated = amounts(2000, 4096, 0);
        hosts[1].has_image = true;
        hosts[1].allocated = amounts(1000, 2048, 0);
        hosts[2].recent_failures = 1;
        hosts[3].allocated = amounts(500, 1024, 0);
        let policy = Policy {
            weights,
            ..Policy::default()
        };
        let placement = place(&request(), &ClusterView::new(hosts, policy)).unwrap();
        placement.place.name.as_str().to_owned()
    };
    let weights = |pack_or_spread, image_local, failures| Weights {
        pack_or_spread,
        image_local,
        failures,
    };
    for (weights, expected) in [
        (weights(1.0, 0.0, 0.0), "host-1"),
        (weights(-1.0, 1.0, 0.0), "host-2"),
        (weights(-1.0, 0.0, 0.0), "host-3"),
        (weights(-1.0, 0.0, 1.0), "host-4"),
    ] {
        assert_eq!(choose(weights), expected, "{weights:?}");
    }
}

#[test]
fn seeds_spread_over_equal_hosts() {
    let view = view((0..10).map(host).collect());
    let mut chosen: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..1000 {
        let placement = place(&Request { seed, ..request() }, &view).unwrap();
        *chosen.entry(placement.place.name.to_string()).or_default() += 1;
    }
    assert_eq!(chosen.len(), 10, "{chosen:?}");
}

#[test]
fn a_change_in_place_gets_its_own_claim_back() {
    let mut host = host(1);
    host.allocated = amounts(4000, 8192, 100);
    let held = amounts(1000, 2048, 10);
    let ask = |cpu, memory, disk| Request::of(amounts(cpu, memory, disk));
    assert_eq!(fits(&ask(1000, 2048, 10), &host, held), Ok(()));
    let rejection = fits(&ask(1000, 2049, 10), &host, held).unwrap_err();
    assert_eq!(rejection.refusals.len(), 1);
    let reason = "memory: 2049 MiB asked, 2048 of 8192 MiB free";
    assert_eq!(rejection.refusals[0].reason, reason);
    // Overfull since the overcommit was lowered: what is held may be kept, and no more.
    host.capacity = amounts(2000, 1024, 50);
    assert_eq!(fits(&ask(1000, 2048, 10), &host, held), Ok(()));
    assert!(fits(&ask(1001, 2048, 10), &host, held).is_err());
    let without = [Filter::Ram].into();
    assert_eq!(
        fits_under(&ask(9000, 1, 0), &host, held, &without).map_err(|r| r.refusals.len()),
        Err(1)
    );
}

#[test]
fn filters_are_configured_by_their_names() {
    for filter in Filter::ALL {
        assert_eq!(filter.name().parse(), Ok(filter));
    }
    let error = "RamFilters".parse::<Filter>().unwrap_err().to_string();
    assert!(
        error.starts_with("\"RamFilters\" is not a filter; there are Avail"),
        "{error}"
    );
}

/// Looks at every host.
fn reference<'a>(request: &Request, view: &'a ClusterView) -> Option<&'a HostView> {
    let policy = view.policy();
    view.hosts()
        .filter(|host| passes(request, &Candidate::of(host), &policy.filters))
        .min_by_key(|host| order(host, policy, start(request.seed)))
}

/// The request after the changes that were advised.
/// A capsule of three times one core on two: together they may have what overcommit gives, alone what the machine has.
#[test]
fn a_sum_may_exceed_the_machine_and_one_container_may_not() {
    let mut asked = Request::of(amounts(6000, 512, 0));
    asked.most_cpu = Millicpu(1000);
    let mut roomy = host(1);
    roomy.capacity.cpu = Millicpu(16_000);
    assert!(roomy.facts.cpus < asked.amounts.cpu);
    let cluster = view(vec![roomy]);
    let placed = place(&asked, &cluster);
    assert!(placed.is_ok(), "{placed:?}");
    asked.most_cpu = Millicpu(5000);
    assert!(place(&asked, &cluster).is_err());
}

fn follow(request: &Request, changes: &[Change]) -> Request {
    let mut request = request.clone();
    for change in changes {
        match change {
            Change::CpuAtMost(cpu) => (request.amounts.cpu, request.most_cpu) = (*cpu, *cpu),
            Change::MemoryAtMost(memory) | Change::MemoryAtLeast(memory) => {
                request.amounts.memory = *memory;
            }
            Change::DiskAtMost(disk) => request.amounts.disk = *disk,
            Change::NoDisk => request.amounts.disk = DiskGib(0),
            Change::Zone(zone) => request.zone = Some(zone.clone()),
            Change::Runtime(names) => request.runtime = names.first().cloned(),
            Change::WithoutHints(_) => request.hints.clear(),
            Change::SharedCpu => request.cpu_policy = CpuPolicy::Shared,
            Change::OtherPorts(_) => request.ports.clear(),
            Change::Host(_) => request.host = None,
        }
    }
    request
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_search_finds_what_a_look_at_every_host_finds(
        hosts in any_hosts(250),
        policy in any_policy(),
        requests in proptest::collection::vec(any_request(), 1..25),
    ) {
        let mut reversed = hosts.clone();
        reversed.reverse();
        let mut view = ClusterView::new(hosts, policy.clone());
        let mut reversed = ClusterView::new(reversed, policy);
        for request in requests {
            let expected = reference(&request, &view).map(|host| host.place.clone());
            let found = place(&request, &view).ok().map(|placement| placement.place);
            prop_assert_eq!(&found, &expected);
            let again = place(&request, &reversed).ok().map(|placement| placement.place);
            prop_assert_eq!(&again, &found, "the order in which hosts come does not matter");
            if let Some(place) = found {
                view.allocate(place.id, request.amounts);
                reversed.allocate(place.id, request.amounts);
            }
        }
    }

    #[test]
    fn no_host_is_ever_filled_beyond_its_capacity(
        mut hosts in any_hosts(20),
        requests in proptest::collection::vec(any_request(), 1..200),
    ) {
        for host in &mut hosts {
            host.allocated = amounts(0, 0, 0);
        }
        let mut view = view(hosts);
        for request in requests {
            if let Ok(placement) = place(&request, &view) {
                view.allocate(placement.place.id, request.amounts);
                let host = view.host(placement.place.id).unwrap();
                prop_assert_eq!(host.allocated.max(host.capacity), host.capacity);
                prop_assert!(request.most_cpu <= host.facts.cpus);
            }
        }
    }

    #[test]
    fn a_refusal_has_every_host_and_a_reason_for_each(
        hosts in any_hosts(12),
        policy in any_policy(),
        request in any_request(),
    ) {
        let count = hosts.len();
        let view = ClusterView::new(hosts, policy);
        if let Err(answer) = place(&request, &view) {
            prop_assert_eq!(answer.rejections.len(), count);
            for rejection in &answer.rejections {
                prop_assert!(!rejection.refusals.is_empty());
                prop_assert!(rejection.refusals.iter().all(|r| !r.reason.is_empty()));
            }
            prop_assert!(answer.rejections.is_sorted_by_key(|rejection| &rejection.host));
        }
    }

    #[test]
    fn what_is_advised_fits(
        hosts in any_hosts(6),
        policy in any_policy(),
        request in any_request(),
    ) {
        let view = ClusterView::new(hosts, policy);
        let mut smallest = Smallest::default();
        let filters = &view.policy().filters;
        for host in view.hosts() {
            smallest.consider(&request, host, &refusals(&request, &Candidate::of(host), filters));
        }
        if let Some((name, changes)) = smallest.changes() {
            let host = view.hosts().find(|host| host.place.name == *name).unwrap();
            let changed = follow(&request, changes);
            prop_assert_eq!(refusals(&changed, &Candidate::of(host), filters), vec![]);
        }
    }
}

#[test]
fn a_wide_cluster_is_searched_by_marks_too() {
    let mut hosts: Vec<HostView> = (0..500).map(host).collect();
    for host in hosts.iter_mut().take(499) {
        host.ports_taken.insert((Protocol::Tcp, 80));
    }
    let mut request = request();
    request.ports.push((Protocol::Tcp, 80));
    assert_eq!(place(&request, &view(hosts)).unwrap().place.id, id(499));
}
