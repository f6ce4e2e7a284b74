//! Decisions of the scheduler: what one takes at 1 to 10,000 hosts that are filled to 85 %.
//!
//! One placement is everything that happens to the view: choose a host, take what the request needs there and its port,
//! and give back what an older one had.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use anyhow::{Context, Result};
use zun_domain::container::spec::Protocol;
use zun_domain::host::{HostFacts, HostPlace, Overcommit};
use zun_domain::id::HostId;
use zun_domain::unit::{Amounts, DiskGib, MemoryMib, Millicpu};
use zun_scheduler::{ClusterView, DiskRule, HostView, Policy, Request, place};

use super::Bench;
use super::figure::{Figure, Target, amount, median, permille};

/// Placements measured in one run.
const ROUNDS: usize = 20_000;
const HOSTS: [u64; 4] = [1, 100, 1_000, 10_000];
const TARGET_MICROS: f64 = 50.0;

/// Measures each size.
pub fn measure(bench: &Bench) -> Result<Vec<Figure>> {
    HOSTS
        .map(|hosts| figure(bench, hosts))
        .into_iter()
        .collect()
}

fn figure(bench: &Bench, hosts: u64) -> Result<Figure> {
    let (mut means, mut tails) = (Vec::new(), Vec::new());
    for _ in 0..bench.runs() {
        let taken = Cluster::filled(hosts)?.micros(hosts);
        means.push(mean(&taken));
        tails.push(permille(&taken, 990));
    }
    let note = format!(
        "{} placements a second on one core; p99 {}",
        (1e6 / median(&means)).round(),
        amount(median(&tails), "us")
    );
    let figure = Figure::new(format!("placement at {hosts} hosts"), "us", means).note(note);
    Ok(figure.target(Target::AtMost(TARGET_MICROS)))
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn mean(samples: &[f64]) -> f64 {
    samples.iter().sum::<f64>() / samples.len() as f64
}

/// Numbers that look random and are the same in every run.
#[derive(Debug)]
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// A host of a mixed fleet: 16 to 64 cores with 4 GiB each, in three zones; some are down, some are disabled.
fn host(number: u64, numbers: &mut Numbers) -> Result<HostView> {
    let cores = 16 << numbers.below(3);
    let disk = if numbers.one_in(2) { "ssd" } else { "hdd" };
    let mut runtimes = BTreeSet::from(["runc".to_owned()]);
    if number.is_multiple_of(4) {
        runtimes.insert("runsc".to_owned());
    }
    let facts = HostFacts {
        cpus: Millicpu(cores * 1000),
        memory: MemoryMib(cores * 4096),
        disk_gib: cores * 50,
        disk_quota: numbers.one_in(2),
        runtimes,
        architecture: "x86_64".to_owned(),
        os: "linux".to_owned(),
        kernel: "6.1".to_owned(),
        engine_version: "28.0".to_owned(),
        labels: BTreeMap::from([("disk".to_owned(), disk.to_owned())]),
        minimum_memory: MemoryMib(6),
    };
    let id = format!("{number:032x}").parse().ok();
    let name = format!("host-{number:05}").parse().ok();
    Ok(HostView {
        place: HostPlace {
            id: id.context("a host without an id")?,
            name: name.context("a host without a name")?,
            zone: format!("az{}", number % 3),
        },
        capacity: Overcommit::default().capacity(&facts),
        facts,
        allocated: Amounts::default(),
        containers: 0,
        down: (number % 97 == 96).then(|| "no answer for 30 s".to_owned()),
        disabled: (number % 193 == 192).then(|| "maintenance".to_owned()),
        recent_failures: u32::from(numbers.one_in(20)),
        has_image: numbers.one_in(5),
        ports_taken: BTreeSet::new(),
    })
}

/// A request of a mixed day: mostly small, some for a zone, a label, a runtime, a port or a disk.
fn request(numbers: &mut Numbers) -> Request {
    let mut request = Request::of(Amounts {
        cpu: Millicpu(250 << numbers.below(5)),
        memory: MemoryMib(128 << numbers.below(7)),
        disk: DiskGib(0),
    });
    request.seed = numbers.below(u64::MAX);
    if numbers.one_in(10) {
        request.zone = Some(format!("az{}", numbers.below(3)));
    }
    if numbers.one_in(20) {
        request.runtime = Some("runsc".to_owned());
    }
    if numbers.one_in(10) {
        let hint = ("label:disk".to_owned(), "ssd".to_owned());
        request.hints.extend([hint]);
    }
    if numbers.one_in(20) {
        let port = u16::try_from(8000 + numbers.below(200)).unwrap_or(80);
        request.ports.push((Protocol::Tcp, port));
    }
    if numbers.one_in(10) {
        request.amounts.disk = DiskGib(5 + numbers.below(20));
        request.disk = DiskRule::Enforced;
    }
    request
}

/// Hosts, and what runs on them, oldest first.
struct Cluster {
    view: ClusterView,
    running: VecDeque<(HostId, Request)>,
    memory: u64,
}

impl Cluster {
    fn filled(hosts: u64) -> Result<Self> {
        let mut numbers = Numbers(7);
        let hosts = (0..hosts).map(|number| host(number, &mut numbers));
        let view = ClusterView::new(hosts.collect::<Result<_>>()?, Policy::default());
        let all: u64 = view.hosts().map(|host| host.capacity.memory.0).sum();
        let mut cluster = Self {
            view,
            running: VecDeque::new(),
            memory: 0,
        };
        let mut numbers = Numbers(11);
        while cluster.memory < all / 100 * 85 {
            cluster.start(request(&mut numbers));
        }
        Ok(cluster)
    }

    /// Microseconds of each placement. What fits nowhere is not counted: such an answer lists every host.
    fn micros(&mut self, hosts: u64) -> Vec<f64> {
        let mut numbers = Numbers(13 + hosts);
        let mut taken = Vec::with_capacity(ROUNDS);
        for _ in 0..2 * ROUNDS {
            let request = request(&mut numbers);
            let begin = Instant::now();
            if self.start(request) {
                self.stop_oldest();
                taken.push(begin.elapsed().as_secs_f64() * 1e6);
            }
            if taken.len() == ROUNDS {
                break;
            }
        }
        taken
    }

    /// Whether it was placed.
    fn start(&mut self, request: Request) -> bool {
        let Ok(placement) = place(&request, &self.view) else {
            return false;
        };
        let id = placement.place.id;
        self.view.allocate(id, request.amounts);
        for port in &request.ports {
            self.view.take_port(id, *port);
        }
        self.memory += request.amounts.memory.0;
        self.running.push_back((id, request));
        true
    }

    fn stop_oldest(&mut self) {
        let Some((id, request)) = self.running.pop_front() else {
            return;
        };
        self.view.release(id, request.amounts);
        for port in &request.ports {
            self.view.free_port(id, *port);
        }
        self.memory -= request.amounts.memory.0;
    }
}
