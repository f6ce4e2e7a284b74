//! List, logs, processes, use, events, facts.

use std::collections::BTreeSet;

use futures::StreamExt;
use zun_domain::container::Phase;

use super::workbench::{Workbench, failed, in_time};
use super::{Lab, Program};
use crate::Class;
use crate::runtime::{LogQuery, RuntimeEvent, RuntimeName};

/// Running or not, current or aside, each with what `find` shows.
pub async fn the_list_shows_all_of_ours(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let runtime = &bench.drivers.runtime;
    let running = bench.started(&Program::Runs).await;
    bench.must_run(running).await;
    let created = bench.request(&Program::Runs).await;
    runtime.create(&created).await.expect("created");
    let aside = RuntimeName::Aside(created.container, created.revision);
    runtime
        .rename(created.container, created.revision, aside)
        .await
        .expect("renamed");

    let found = runtime.list().await.expect("listed");
    let names: BTreeSet<&str> = found.iter().map(|one| one.name.as_str()).collect();
    let (first, second) = (running.to_string(), aside.to_string());
    assert_eq!(names, BTreeSet::from([first.as_str(), second.as_str()]));
    for one in &found {
        let name = if one.name == first { running } else { aside };
        assert_eq!(one.container, name.container());
        assert_eq!(one.observed, bench.seen(name).await);
    }
}

/// What a process printed outlives it.
pub async fn logs_are_kept(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let lines: Vec<String> = (1..=5).map(|n| format!("line {n}")).collect();
    let name = bench.started(&Program::Prints(lines)).await;
    bench.must_run(name).await;
    let runtime = &bench.drivers.runtime;
    runtime.stop(name, None).await.expect("stopped");
    let all = LogQuery {
        stdout: true,
        stderr: true,
        timestamps: false,
        tail: None,
        since: None,
    };
    let whole = "line 1\nline 2\nline 3\nline 4\nline 5\n";
    assert_eq!(runtime.logs(name, all).await.as_deref(), Ok(whole));
    let last = LogQuery {
        tail: Some(2),
        ..all
    };
    assert_eq!(
        runtime.logs(name, last).await.as_deref(),
        Ok("line 4\nline 5\n")
    );
    let stamped = LogQuery {
        timestamps: true,
        tail: Some(1),
        ..all
    };
    let stamped = runtime.logs(name, stamped).await.expect("logs");
    assert!(
        stamped.starts_with("20") && stamped.ends_with("Z line 5\n"),
        "{stamped}"
    );
    let errors = LogQuery {
        stdout: false,
        ..all
    };
    assert_eq!(runtime.logs(name, errors).await.as_deref(), Ok(""));
}

/// A running container has processes and uses memory; a stopped one has neither.
pub async fn processes_and_use_are_shown(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let name = bench.started(&Program::Runs).await;
    bench.must_run(name).await;
    let runtime = &bench.drivers.runtime;
    let top = runtime.top(name, None).await.expect("top");
    assert!(top.titles.iter().any(|title| title == "PID"), "{top:?}");
    assert!(
        top.processes
            .iter()
            .all(|row| row.len() == top.titles.len())
            && !top.processes.is_empty()
    );
    let stats = in_time(runtime.stats(name)).await.expect("stats");
    assert!(
        stats.memory_bytes > 0 && stats.memory_limit_bytes == 64 * 1024 * 1024,
        "{stats:?}"
    );
    assert!((0.0..=100_000.0).contains(&stats.cpu_percent));
    runtime.stop(name, None).await.expect("stopped");
    failed(
        runtime.top(name, None).await,
        Class::Conflict,
        "not running",
    );
    failed(
        in_time(runtime.stats(name)).await,
        Class::Conflict,
        "not running",
    );
}

/// The first is `Resync`; then each change names its container.
pub async fn events_tell_changes(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let runtime = &bench.drivers.runtime;
    let mut events = runtime.events();
    assert_eq!(in_time(events.next()).await, Some(RuntimeEvent::Resync));
    let name = bench.started(&Program::Runs).await;
    let changed = Some(RuntimeEvent::Changed(name.container()));
    in_time(async { while events.next().await != changed {} }).await;
    bench.must_run(name).await;
    runtime.pause(name).await.expect("paused");
    in_time(async {
        while bench.seen(name).await.phase != Phase::Paused {
            events.next().await;
        }
    })
    .await;
    runtime.remove(name).await.expect("removed");
    let gone = async {
        while runtime.find(name).await != Ok(None) {
            events.next().await;
        }
        while events.next().await != changed {}
    };
    in_time(gone).await;
}

/// A wait for a container that is removed meanwhile ends.
pub async fn waits_end_when_it_is_gone(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let name = bench.started(&Program::Runs).await;
    bench.must_run(name).await;
    let runtime = &bench.drivers.runtime;
    let (ended, removed) = in_time(futures::future::join(
        runtime.wait_exited(name),
        runtime.remove(name),
    ))
    .await;
    removed.expect("removed");
    // Who looks between the end and the removal may still see it ended.
    match ended {
        Ok(seen) => assert!(matches!(seen.phase, Phase::Exited | Phase::Dead)),
        Err(error) => assert_eq!(error.class, Class::NotFound, "{error}"),
    }
}

/// Enough to place a container on it.
pub async fn the_host_has_facts(lab: &impl Lab) {
    let facts = lab.drivers().runtime.facts().await.expect("facts");
    assert!(
        facts.cpus.0 >= 1000 && facts.memory.0 >= 256 && facts.disk_gib > 0,
        "{facts:?}"
    );
    assert!(facts.runtimes.contains("runc") && !facts.architecture.is_empty());
    assert_eq!(facts.minimum_memory.0, 6);
}
