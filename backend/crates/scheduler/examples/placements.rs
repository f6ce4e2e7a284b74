//! Placements a second at 1, 100, 1,000 and 10,000 hosts, spread and packed, in clusters filled to 85 % of
//! their memory by the same mix of requests that is measured.
//!
//! `cargo run --release -p zun-scheduler --example placements [-- --json]`
//!
//! One placement is everything that happens with the view: choose, allocate, take its ports, and release
//! an older container with its ports, so that the fill stays.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Write;
use std::time::Instant;

use zun_domain::container::spec::Protocol;
use zun_domain::host::{HostFacts, HostPlace, Overcommit};
use zun_domain::id::HostId;
use zun_domain::unit::{Amounts, DiskGib, MemoryMib, Millicpu};
use zun_scheduler::{ClusterView, DiskRule, HostView, Policy, Request, Weights, place};

/// Placements measured per line.
const ROUNDS: usize = 20_000;

/// Numbers that look random and are the same in every run.
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

/// A host of a mixed fleet: 16 to 64 cores with 4 GiB each, three zones, racks of 40.
fn host(number: u64, numbers: &mut Numbers) -> HostView {
    let cores = 16 << numbers.below(3);
    let mut runtimes = BTreeSet::from(["runc".to_owned()]);
    if number.is_multiple_of(4) {
        runtimes.insert("runsc".to_owned());
    }
    let disk = if numbers.one_in(2) { "ssd" } else { "hdd" };
    let mut labels = BTreeMap::from([
        ("disk".to_owned(), disk.to_owned()),
        ("rack".to_owned(), format!("rack-{}", number / 40)),
    ]);
    if number.is_multiple_of(100) {
        labels.insert("gpu".to_owned(), "yes".to_owned());
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
        labels,
        minimum_memory: MemoryMib(6),
    };
    HostView {
        place: HostPlace {
            id: format!("{number:032x}")
                .parse()
                .expect("32 digits are a uuid"),
            name: format!("host-{number:05}")
                .parse()
                .expect("a legal host name"),
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
    }
}

/// A request of a mixed day: mostly small, some for a zone, a label, a runtime, a host, a port, a disk.
fn request(hosts: u64, numbers: &mut Numbers) -> Request {
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
    if numbers.one_in(200) {
        let hint = ("label:gpu".to_owned(), "yes".to_owned());
        request.hints.extend([hint]);
    }
    if numbers.one_in(20) {
        let port = if numbers.one_in(10) {
            80
        } else {
            8000 + numbers.below(200)
        };
        let port = u16::try_from(port).expect("below 8200");
        request.ports.push((Protocol::Tcp, port));
    }
    if numbers.one_in(10) {
        request.amounts.disk = DiskGib(5 + numbers.below(20));
        request.disk = DiskRule::Enforced;
    }
    if numbers.one_in(100) {
        request.host = Some(format!("host-{:05}", numbers.below(hosts)));
    }
    request
}

/// Containers that run, oldest first, and the view they run on.
struct Cluster {
    view: ClusterView,
    running: VecDeque<(HostId, Request)>,
    memory: u64,
}

impl Cluster {
    fn new(hosts: u64, weights: Weights) -> Self {
        let mut numbers = Numbers(7);
        let hosts = (0..hosts).map(|number| host(number, &mut numbers));
        let policy = Policy {
            weights,
            ..Policy::default()
        };
        Self {
            view: ClusterView::new(hosts.collect(), policy),
            running: VecDeque::new(),
            memory: 0,
        }
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

    /// 85 % of the memory of all hosts.
    fn fill(&self) -> u64 {
        let all: u64 = self.view.hosts().map(|host| host.capacity.memory.0).sum();
        all / 100 * 85
    }
}

/// One line of the table; times in microseconds.
struct Line {
    hosts: u64,
    weights: &'static str,
    running: usize,
    mean: f64,
    median: f64,
    p99: f64,
    most: f64,
    refused: usize,
    refusal: f64,
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nanoseconds of one run are far below 2^52"
)]
fn micros(nanos: u128, count: usize) -> f64 {
    nanos as f64 / 1000.0 / count.max(1) as f64
}

fn measure(hosts: u64, name: &'static str, pack_or_spread: f64) -> Line {
    let mut cluster = Cluster::new(
        hosts,
        Weights {
            pack_or_spread,
            ..Weights::default()
        },
    );
    let mut numbers = Numbers(11);
    let fill = cluster.fill();
    while cluster.memory < fill {
        let mut request = request(hosts, &mut numbers);
        // A host asked for by name is often full: 10,000 sentences that nobody reads.
        request.host = None;
        cluster.start(request);
    }
    let mut taken: Vec<u128> = Vec::with_capacity(ROUNDS);
    let (mut refused, mut refusing) = (0, 0);
    // Refusals at 10,000 hosts write 10,000 sentences; they are counted apart, and few are enough.
    while taken.len() < ROUNDS && refused < ROUNDS {
        let request = request(hosts, &mut numbers);
        let began = Instant::now();
        let placed = cluster.start(request);
        if placed {
            cluster.stop_oldest();
        }
        let nanos = began.elapsed().as_nanos();
        if placed {
            taken.push(nanos);
        } else {
            refused += 1;
            refusing += nanos;
        }
    }
    taken.sort_unstable();
    let at = |share: usize| taken[(taken.len() - 1) * share / 1000];
    Line {
        hosts,
        weights: name,
        running: cluster.running.len(),
        mean: micros(taken.iter().sum(), taken.len()),
        median: micros(at(500), 1),
        p99: micros(at(990), 1),
        most: micros(at(1000), 1),
        refused,
        refusal: micros(refusing, refused),
    }
}

fn main() -> std::io::Result<()> {
    let json = std::env::args().any(|argument| argument == "--json");
    let mut out = std::io::stdout().lock();
    let mut rows = Vec::new();
    if !json {
        writeln!(
            out,
            "  hosts  weights  running  placements/s  mean us  median us  p99 us  most us  refused  mean us"
        )?;
    }
    for hosts in [1, 100, 1_000, 10_000] {
        for (name, weight) in [("spread", -1.0), ("pack", 1.0)] {
            let line = measure(hosts, name, weight);
            let a_second = 1e6 / line.mean;
            if json {
                rows.push(format!(
                    r#"{{"hosts":{},"weights":"{}","running":{},"placements_per_second":{a_second:.0},"mean_us":{:.2},"median_us":{:.2},"p99_us":{:.2},"max_us":{:.2},"refused":{},"refusal_us":{:.2}}}"#,
                    line.hosts, line.weights, line.running, line.mean, line.median, line.p99, line.most,
                    line.refused, line.refusal,
                ));
                continue;
            }
            writeln!(
                out,
                "{:>7}  {:<7}  {:>7}  {a_second:>12.0}  {:>7.2}  {:>9.2}  {:>6.2}  {:>7.2}  {:>7}  {:>7.1}",
                line.hosts,
                line.weights,
                line.running,
                line.mean,
                line.median,
                line.p99,
                line.most,
                line.refused,
                line.refusal,
            )?;
        }
    }
    if json {
        writeln!(out, "[{}]", rows.join(","))?;
    }
    Ok(())
}
