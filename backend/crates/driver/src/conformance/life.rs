//! Create, start, stop, kill, pause, restart policies, health.

use zun_domain::container::{Health, Phase, RestartPolicy, RestartPolicyName};

use super::workbench::{Workbench, failed, in_time};
use super::{Lab, Program};
use crate::Class;
use crate::runtime::RuntimeName;

/// Created, running, stopped, running again, gone.
pub async fn a_container_lives(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let request = bench.request(&Program::Runs).await;
    let name = RuntimeName::Current(request.container);
    let runtime = &bench.drivers.runtime;
    assert_eq!(runtime.find(name).await, Ok(None));

    let id = runtime.create(&request).await.expect("created");
    let seen = bench.seen(name).await;
    assert_eq!(
        (seen.runtime, seen.revision, seen.phase),
        (id.clone(), 1, Phase::Created)
    );
    assert_eq!(
        (seen.exit_code, seen.started_at, seen.error),
        (None, None, None)
    );
    assert_eq!(
        (seen.cpu, seen.memory),
        (request.spec.cpu, request.spec.memory)
    );
    assert_eq!((seen.restart_policy, seen.health), (None, None));
    assert_eq!(
        seen.networks,
        std::slice::from_ref(&request.attachments[0].network)
    );
    assert_eq!(Some(seen.effective_command), request.spec.command);

    runtime.start(name).await.expect("started");
    let seen = bench.must_run(name).await;
    assert_eq!(
        (seen.runtime, seen.exit_code, seen.finished_at),
        (id.clone(), None, None)
    );
    assert!(seen.started_at.is_some());

    runtime.stop(name, None).await.expect("stopped");
    let seen = bench.seen(name).await;
    assert_eq!((seen.phase, seen.exit_code), (Phase::Exited, Some(0)));
    assert!(seen.finished_at.is_some() && !seen.oom_killed);

    runtime.start(name).await.expect("started again");
    assert_eq!(bench.must_run(name).await.runtime, id);
    runtime.remove(name).await.expect("removed");
    assert_eq!(runtime.find(name).await, Ok(None));
}

/// The second time each verb succeeds and changes nothing.
pub async fn verbs_may_be_asked_twice(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let request = bench.request(&Program::Runs).await;
    let name = RuntimeName::Current(request.container);
    let runtime = &bench.drivers.runtime;
    let first = runtime.create(&request).await.expect("created");
    assert_eq!(runtime.create(&request).await, Ok(first.clone()));
    for _ in 0..2 {
        runtime.start(name).await.expect("started");
    }
    assert_eq!(runtime.create(&request).await, Ok(first));
    for _ in 0..2 {
        runtime.pause(name).await.expect("paused");
    }
    for _ in 0..2 {
        runtime.unpause(name).await.expect("unpaused");
    }
    for _ in 0..2 {
        runtime
            .connect(name, &request.attachments[0])
            .await
            .expect("connected");
    }
    for _ in 0..2 {
        runtime
            .rename(request.container, 1, name)
            .await
            .expect("renamed");
    }
    for _ in 0..2 {
        runtime.stop(name, Some(5)).await.expect("stopped");
    }
    for _ in 0..2 {
        runtime.remove(name).await.expect("removed");
    }
}

/// Verbs that take away succeed on a container that is gone; those that need it name it.
pub async fn a_gone_container_is_no_obstacle(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let container = lab.container();
    let name = RuntimeName::Current(container);
    let runtime = &bench.drivers.runtime;
    runtime.stop(name, Some(1)).await.expect("stopped");
    runtime.remove(name).await.expect("removed");
    runtime
        .rename(container, 1, RuntimeName::Aside(container, 1))
        .await
        .expect("renamed");
    let text = name.to_string();
    failed(runtime.start(name).await, Class::NotFound, &text);
    failed(runtime.kill(name, None).await, Class::NotFound, &text);
    failed(runtime.pause(name).await, Class::NotFound, &text);
    failed(
        runtime.wait_started(name, 1, false).await,
        Class::NotFound,
        &text,
    );
    failed(runtime.wait_exited(name).await, Class::NotFound, &text);
}

/// A name that holds another revision is not given away.
pub async fn a_taken_name_is_a_conflict(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let mut request = bench.request(&Program::Runs).await;
    bench
        .drivers
        .runtime
        .create(&request)
        .await
        .expect("created");
    request.revision = 2;
    let text = RuntimeName::Current(request.container).to_string();
    failed(
        bench.drivers.runtime.create(&request).await,
        Class::Conflict,
        &text,
    );
}

/// An image that the host has not.
pub async fn a_missing_image_is_named(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let mut request = bench.request(&Program::Runs).await;
    "zun-conformance/nothing:1".clone_into(&mut request.image);
    failed(
        bench.drivers.runtime.create(&request).await,
        Class::NotFound,
        "zun-conformance/nothing:1",
    );
}

/// A network that the host has not.
pub async fn a_missing_network_is_named(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let mut request = bench.request(&Program::Runs).await;
    let nowhere = lab.network().runtime_name();
    request.attachments[0].network.clone_from(&nowhere);
    failed(
        bench.drivers.runtime.create(&request).await,
        Class::NotFound,
        &nowhere,
    );
}

/// A process that ends by itself.
pub async fn an_exit_shows_its_code(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let name = bench.started(&Program::Exits(3)).await;
    let seen = bench.settled(name, false).await;
    assert_eq!(
        (seen.phase, seen.exit_code),
        (Phase::Exited, Some(3)),
        "{seen:?}"
    );
    assert_eq!(bench.ended(name).await.exit_code, Some(3));
}

/// A program that is not there: refused at the start, and told by the container afterwards.
pub async fn what_cannot_run_is_refused(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let request = bench.request(&Program::Missing).await;
    let answer = bench.start(&request).await;
    failed(answer, Class::Refused, "no such file or directory");
    let seen = bench.seen(RuntimeName::Current(request.container)).await;
    assert_eq!((seen.phase, seen.exit_code), (Phase::Created, None));
    let told = seen.error.expect("the container carries the cause");
    assert!(told.contains("no such file or directory"), "{told}");
}

/// A process that ignores TERM is ended after the time it was given.
pub async fn term_is_followed_by_kill(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let name = bench.started(&Program::IgnoresTerm).await;
    bench.must_run(name).await;
    in_time(bench.drivers.runtime.stop(name, Some(1)))
        .await
        .expect("stopped");
    let seen = bench.seen(name).await;
    assert_eq!((seen.phase, seen.exit_code), (Phase::Exited, Some(137)));
}

/// Signals reach a process, and only a process.
pub async fn a_kill_needs_a_process(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let name = bench.started(&Program::Runs).await;
    bench.must_run(name).await;
    let term = "SIGTERM".parse().expect("a signal");
    bench
        .drivers
        .runtime
        .kill(name, Some(&term))
        .await
        .expect("asked to end");
    assert_eq!(bench.ended(name).await.exit_code, Some(0));
    failed(
        bench.drivers.runtime.kill(name, None).await,
        Class::Conflict,
        "not running",
    );
    bench.drivers.runtime.start(name).await.expect("started");
    bench.drivers.runtime.kill(name, None).await.expect("ended");
    assert_eq!(bench.ended(name).await.exit_code, Some(137));
}

/// Frozen and thawed, and not while it does not run.
pub async fn freezing_and_thawing(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let name = bench.started(&Program::Runs).await;
    let runtime = &bench.drivers.runtime;
    runtime.pause(name).await.expect("paused");
    assert_eq!(bench.seen(name).await.phase, Phase::Paused);
    runtime.unpause(name).await.expect("unpaused");
    assert_eq!(bench.seen(name).await.phase, Phase::Running);
    runtime.stop(name, None).await.expect("stopped");
    failed(runtime.pause(name).await, Class::Conflict, "not running");
    runtime.unpause(name).await.expect("it is not frozen");
}

/// Stop does not ask for an unpause first.
pub async fn a_paused_container_stops(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let name = bench.started(&Program::Runs).await;
    bench.must_run(name).await;
    bench.drivers.runtime.pause(name).await.expect("paused");
    in_time(bench.drivers.runtime.stop(name, Some(5)))
        .await
        .expect("stopped");
    assert_eq!(bench.seen(name).await.phase, Phase::Exited);
}

/// A bounded restart policy gives up, and shows the last code.
pub async fn a_crash_is_restarted_so_often(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let mut request = bench.request(&Program::Exits(4)).await;
    let policy = RestartPolicy {
        name: RestartPolicyName::OnFailure,
        maximum_retry_count: Some(2),
    };
    request.spec.restart_policy = Some(policy);
    let name = bench.start(&request).await.expect("started");
    assert_eq!(bench.seen(name).await.restart_policy, Some(policy));
    let seen = bench.ended(name).await;
    assert_eq!(
        (seen.phase, seen.exit_code),
        (Phase::Exited, Some(4)),
        "{seen:?}"
    );
}

/// `always` is told to the engine as `unless-stopped`, a crash loop is no start, and a stop ends it.
pub async fn a_stop_ends_the_restarts(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let mut request = bench.request(&Program::Exits(1)).await;
    let always = RestartPolicy {
        name: RestartPolicyName::Always,
        maximum_retry_count: None,
    };
    request.spec.restart_policy = Some(always);
    // It takes a moment longer to end: between two restarts it runs.
    request.spec.init = Some(true);
    let name = bench.start(&request).await.expect("started");
    let seen = bench.settled(name, false).await;
    assert_eq!(seen.phase, Phase::Restarting, "{seen:?}");
    let told = seen.restart_policy.map(|policy| policy.name);
    assert_eq!(told, Some(RestartPolicyName::UnlessStopped));
    in_time(bench.drivers.runtime.stop(name, Some(2)))
        .await
        .expect("stopped");
    assert_eq!(bench.ended(name).await.phase, Phase::Exited);
}

/// A wait for health ends with the verdict, whichever it is.
pub async fn health_has_a_verdict(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    for (program, verdict) in [
        (Program::Healthy, Health::Healthy),
        (Program::Unhealthy, Health::Unhealthy),
    ] {
        let name = bench.started(&program).await;
        let seen = bench.settled(name, true).await;
        assert_eq!((seen.phase, seen.health), (Phase::Running, Some(verdict)));
    }
    let name = bench.started(&Program::Runs).await;
    let seen = bench.settled(name, true).await;
    assert_eq!(
        (seen.phase, seen.health),
        (Phase::Running, None),
        "settled where there is no check"
    );
}
