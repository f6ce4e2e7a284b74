//! Limits changed live, and those that are refused.

use zun_domain::container::{RestartPolicy, RestartPolicyName};
use zun_domain::unit::{MemoryMib, Millicpu};

use super::workbench::{NO_LIMITS, Workbench, failed, in_time};
use super::{Lab, Program};
use crate::Class;
use crate::runtime::{Limits, LogQuery};

/// Each limit changes by itself, up and down, and is read back as it was given.
pub async fn limits_change_live(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let name = bench.started(&Program::Runs).await;
    let before = bench.must_run(name).await;
    let policy = RestartPolicy {
        name: RestartPolicyName::OnFailure,
        maximum_retry_count: Some(3),
    };
    let no = RestartPolicy {
        name: RestartPolicyName::No,
        maximum_retry_count: None,
    };
    let steps = [
        Limits {
            memory: Some(MemoryMib(256)),
            ..NO_LIMITS
        },
        Limits {
            memory: Some(MemoryMib(32)),
            ..NO_LIMITS
        },
        Limits {
            cpu: Some(Millicpu(250)),
            ..NO_LIMITS
        },
        Limits {
            cpu: Some(Millicpu(1000)),
            memory: Some(MemoryMib(48)),
            ..NO_LIMITS
        },
        Limits {
            restart_policy: Some(policy),
            ..NO_LIMITS
        },
        Limits {
            restart_policy: Some(no),
            ..NO_LIMITS
        },
    ];
    let mut want = before.clone();
    for limits in steps {
        bench
            .drivers
            .runtime
            .update(name, limits)
            .await
            .expect("changed");
        want.cpu = limits.cpu.or(want.cpu);
        want.memory = limits.memory.or(want.memory);
        if let Some(policy) = limits.restart_policy {
            want.restart_policy = Some(policy).filter(|p| p.name != RestartPolicyName::No);
        }
        assert_eq!(bench.seen(name).await, want);
    }
}

/// More cores than there are, less memory than the least.
pub async fn limits_the_host_cannot_keep_are_refused(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let name = bench.started(&Program::Runs).await;
    let before = bench.must_run(name).await;
    let facts = bench.drivers.runtime.facts().await.expect("facts");
    let too_many = Millicpu(facts.cpus.0 + 1000);
    let too_little = MemoryMib(facts.minimum_memory.0 - 1);
    let runtime = &bench.drivers.runtime;
    let cpu = Limits {
        cpu: Some(too_many),
        ..NO_LIMITS
    };
    failed(runtime.update(name, cpu).await, Class::Refused, "");
    let memory = Limits {
        memory: Some(too_little),
        ..NO_LIMITS
    };
    failed(runtime.update(name, memory).await, Class::Refused, "");
    assert_eq!(bench.seen(name).await, before);

    let mut request = bench.request(&Program::Runs).await;
    request.spec.cpu = Some(too_many);
    failed(runtime.create(&request).await, Class::Refused, "");
    request.spec.cpu = None;
    request.spec.memory = Some(too_little);
    failed(runtime.create(&request).await, Class::Refused, "");
}

/// A limit below current use is refused, says that use, and changes nothing.
pub async fn memory_in_use_is_not_taken_away(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let name = bench.started(&Program::Holds(32)).await;
    in_time(ready(&bench, name)).await;
    let before = bench.must_run(name).await;
    let less = Limits {
        memory: Some(MemoryMib(16)),
        ..NO_LIMITS
    };
    failed(
        bench.drivers.runtime.update(name, less).await,
        Class::Refused,
        "it uses 3",
    );
    assert_eq!(bench.seen(name).await, before);
}

/// Its process has printed `ready`.
async fn ready<L: Lab>(bench: &Workbench<'_, L>, name: crate::runtime::RuntimeName) {
    let query = LogQuery {
        stdout: true,
        stderr: false,
        timestamps: false,
        tail: None,
        since: None,
    };
    while !bench
        .drivers
        .runtime
        .logs(name, query)
        .await
        .expect("logs")
        .contains("ready")
    {
        tokio::task::yield_now().await;
    }
}
