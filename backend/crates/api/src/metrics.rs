//! What is counted, in Prometheus' text form. No label names a container, a project or a user, so that the
//! number of series depends on the program alone.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use zun_engine::query::Gauges;

use crate::frame::Api;

/// The media type of [`Metrics::text`].
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    api: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfApi {
    api: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

/// Gauges that are read from the engine when they are asked for.
#[derive(Debug, Clone, Default)]
struct Seen {
    containers: Family<State, Gauge>,
    operations: Family<Kind, Gauge>,
    hosts: Family<State, Gauge>,
    claimed_cpu: Gauge<f64, AtomicU64>,
    claimed_memory: Gauge,
    claimed_disk: Gauge,
}

/// What the API counts.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<OfApi, Histogram>,
    seen: Seen,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("zund");
        let requests = Family::<Answered, Counter>::default();
        let seconds = Family::<OfApi, Histogram>::new_with_constructor(|| {
            Histogram::new([0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0])
        });
        let seen = Seen::default();
        registry.register(
            "http_requests",
            "Requests answered, by route and status",
            requests.clone(),
        );
        registry.register(
            "http_request_seconds",
            "Time to the head of the answer",
            seconds.clone(),
        );
        registry.register(
            "containers",
            "Containers, by status",
            seen.containers.clone(),
        );
        registry.register(
            "operations",
            "Operations that have not ended, by kind",
            seen.operations.clone(),
        );
        registry.register("hosts", "Hosts, by whether they answer", seen.hosts.clone());
        registry.register(
            "claimed_cpu_cores",
            "Cores claimed by containers",
            seen.claimed_cpu.clone(),
        );
        registry.register(
            "claimed_memory_mib",
            "Memory claimed by containers",
            seen.claimed_memory.clone(),
        );
        registry.register(
            "claimed_disk_gib",
            "Disk claimed by containers",
            seen.claimed_disk.clone(),
        );
        Self {
            registry,
            requests,
            seconds,
            seen,
        }
    }

    /// A request was answered. `route` is the template of its address, empty where there was none.
    pub(crate) fn answered(&self, api: Api, route: &str, status: StatusCode, took: Duration) {
        let labels = Answered {
            api: api.name(),
            route: route.to_owned(),
            status: status.as_u16(),
        };
        self.requests.get_or_create(&labels).inc();
        let of_api = OfApi { api: api.name() };
        self.seconds
            .get_or_create(&of_api)
            .observe(took.as_secs_f64());
    }

    /// Takes over what the engine counts.
    pub(crate) fn see(&self, gauges: &Gauges) {
        let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let seen = &self.seen;
        seen.containers.clear();
        for (state, count) in &gauges.containers {
            let labels = State {
                state: state.to_lowercase(),
            };
            seen.containers.get_or_create(&labels).set(whole(*count));
        }
        seen.operations.clear();
        for (kind, count) in &gauges.operations {
            let labels = Kind { kind };
            seen.operations.get_or_create(&labels).set(whole(*count));
        }
        for (state, count) in [("up", gauges.hosts_up), ("down", gauges.hosts_down)] {
            let labels = State {
                state: state.to_owned(),
            };
            seen.hosts.get_or_create(&labels).set(whole(count));
        }
        let claims = &gauges.claims.amounts;
        seen.claimed_cpu.set(claims.cpu.cores());
        seen.claimed_memory.set(whole(claims.memory.0));
        seen.claimed_disk.set(whole(claims.disk.0));
    }

    /// Everything, as text.
    pub(crate) fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
