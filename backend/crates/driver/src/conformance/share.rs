//! Containers that share the namespaces of another one: the members of a capsule and their sandbox.

use std::net::{Ipv4Addr, SocketAddrV4};

use zun_domain::container::Phase;

use super::workbench::{Workbench, failed, published};
use super::{Lab, Program};
use crate::Class;
use crate::image::pinned;
use crate::runtime::{CreateContainer, RuntimeName};

/// A sandbox that runs, with its port 80 published, and the address where the host reaches that.
async fn sandbox<L: Lab>(bench: &Workbench<'_, L>) -> (CreateContainer, SocketAddrV4) {
    let mut request = bench.request(&Program::Runs).await;
    let port = bench.lab.free_port();
    request.published = published(port);
    request.shareable = true;
    bench.start(&request).await.expect("the sandbox starts");
    (request, SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
}

/// A container that does this in the namespaces of that one.
async fn member<L: Lab>(
    bench: &Workbench<'_, L>,
    sandbox: &CreateContainer,
    program: &Program,
) -> CreateContainer {
    let mut request = bench.request(program).await;
    request.attachments.clear();
    request.joins = Some(RuntimeName::Current(sandbox.container));
    request
}

fn says_hello() -> Program {
    Program::Listens {
        port: 80,
        says: "hello".to_owned(),
    }
}

fn shell(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).to_vec()
}

/// The sandbox's address and its published port are its members'.
pub async fn members_share_an_address(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let (sandbox, outside) = sandbox(&bench).await;
    assert_eq!(lab.ask(outside).await, None, "nobody listens yet");
    let web = member(&bench, &sandbox, &says_hello()).await;
    let name = bench.start(&web).await.expect("the member starts");
    let seen = bench.must_run(name).await;
    assert_eq!(seen.networks, Vec::<String>::new());
    assert_eq!(lab.ask(outside).await.as_deref(), Some("hello"));
    let inside = SocketAddrV4::new(sandbox.attachments[0].ip, 80);
    assert_eq!(lab.ask(inside).await.as_deref(), Some("hello"));
}

/// What one writes into shared memory another one reads.
pub async fn members_share_their_memory(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let (sandbox, _) = sandbox(&bench).await;
    let runtime = &bench.drivers.runtime;
    let mut names = Vec::new();
    for _ in 0..2 {
        let request = member(&bench, &sandbox, &Program::Runs).await;
        names.push(bench.start(&request).await.expect("the member starts"));
    }
    let written = runtime
        .exec(names[0], &shell("echo shared >/dev/shm/word"))
        .await;
    assert_eq!(written.expect("written").exit_code, 0);
    let read = runtime.exec(names[1], &shell("cat /dev/shm/word")).await;
    assert_eq!(read.expect("read").output, b"shared\n");
    let stranger = bench.started(&Program::Runs).await;
    let apart = runtime.exec(stranger, &shell("cat /dev/shm/word")).await;
    assert_ne!(apart.expect("tried").exit_code, 0, "it has its own");
}

/// A sandbox that was started again has new namespaces: its members see them once they are started again.
pub async fn a_restarted_sandbox_cuts_its_members_off(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let (sandbox, outside) = sandbox(&bench).await;
    let holder = RuntimeName::Current(sandbox.container);
    let web = member(&bench, &sandbox, &says_hello()).await;
    let name = bench.start(&web).await.expect("the member starts");
    bench.must_run(name).await;
    assert_eq!(lab.ask(outside).await.as_deref(), Some("hello"));
    let before = (bench.seen(holder).await, bench.seen(name).await);
    assert!(before.0.started_at < before.1.started_at, "{before:?}");

    let runtime = &bench.drivers.runtime;
    runtime.stop(holder, None).await.expect("stopped");
    assert_eq!(bench.seen(name).await.phase, Phase::Running);
    runtime.start(holder).await.expect("started again");
    let after = (bench.seen(holder).await, bench.seen(name).await);
    assert!(after.0.started_at > after.1.started_at, "{after:?}");
    assert_eq!(lab.ask(outside).await, None, "it is cut off");

    runtime.stop(name, None).await.expect("stopped");
    runtime.start(name).await.expect("started again");
    assert_eq!(lab.ask(outside).await.as_deref(), Some("hello"));
}

/// Nobody starts without the one it joins.
pub async fn a_member_needs_its_sandbox(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let (sandbox, _) = sandbox(&bench).await;
    let holder = RuntimeName::Current(sandbox.container);
    let runtime = &bench.drivers.runtime;
    let request = member(&bench, &sandbox, &Program::Runs).await;
    let name = RuntimeName::Current(request.container);
    runtime.create(&request).await.expect("made");
    assert!(runtime.create(&request).await.is_ok(), "asked twice");
    runtime.stop(holder, None).await.expect("stopped");
    failed(runtime.start(name).await, Class::Conflict, "non running");
    runtime.remove(holder).await.expect("removed");
    failed(runtime.start(name).await, Class::NotFound, "container");
    let other = member(&bench, &sandbox, &Program::Runs).await;
    failed(runtime.create(&other).await, Class::NotFound, "container");
}

/// It joins the container that had the name when it was made, whatever has the name later.
pub async fn a_member_stays_with_its_sandbox(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let (old, _) = sandbox(&bench).await;
    let runtime = &bench.drivers.runtime;
    let request = member(&bench, &old, &Program::Runs).await;
    let name = bench.start(&request).await.expect("the member starts");
    let aside = RuntimeName::Aside(old.container, 1);
    runtime
        .rename(old.container, 1, aside)
        .await
        .expect("set aside");
    let new = CreateContainer {
        revision: 2,
        ..old.clone()
    };
    runtime.create(&new).await.expect("the successor is made");
    runtime.stop(name, None).await.expect("stopped");
    runtime.start(name).await.expect("its own sandbox runs");
    runtime.stop(name, None).await.expect("stopped");
    runtime.stop(aside, None).await.expect("stopped");
    let current = RuntimeName::Current(old.container);
    runtime.start(current).await.expect("the successor starts");
    failed(runtime.start(name).await, Class::Conflict, "non running");
}

/// A command's output and its exit code, and what cannot be run.
pub async fn commands_are_run(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let name = bench.started(&Program::Runs).await;
    let runtime = &bench.drivers.runtime;
    let ran = runtime
        .exec(name, &shell("echo one; echo two; exit 3"))
        .await;
    let ran = ran.expect("run");
    assert_eq!(
        (String::from_utf8_lossy(&ran.output).as_ref(), ran.exit_code),
        ("one\ntwo\n", 3)
    );
    assert!(!ran.cut);
    let missing = ["/no/such/program".to_owned()];
    failed(
        runtime.exec(name, &missing).await,
        Class::Refused,
        "no such file or directory",
    );
    runtime.pause(name).await.expect("paused");
    let frozen = runtime.exec(name, &shell("exit 0")).await;
    failed(frozen, Class::Conflict, "paused");
    runtime.stop(name, None).await.expect("stopped");
    let ended = runtime.exec(name, &shell("exit 0")).await;
    failed(ended, Class::Conflict, "not running");
    let nobody = RuntimeName::Current(lab.container());
    let gone = runtime.exec(nobody, &shell("exit 0")).await;
    failed(gone, Class::NotFound, &nobody.to_string());
}

/// The image of sandboxes is there once it was asked for; its program waits, and ends at once with code 0.
pub async fn our_sandbox_waits_until_it_is_asked(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let images = &bench.drivers.images;
    let image = images.ensure_sandbox().await.expect("brought along");
    assert!(image.present, "{image:?}");
    assert_eq!(images.ensure_sandbox().await.as_ref(), Ok(&image));
    let mut request = bench.request(&Program::Runs).await;
    request.spec.image = image.reference.clone();
    request.spec.command = None;
    request.spec.cpu = None;
    request.spec.memory = None;
    request.image = pinned(&image.reference, &image.digest);
    request.shareable = true;
    let name = bench.start(&request).await.expect("started");
    bench.must_run(name).await;
    let stopping = bench.drivers.runtime.stop(name, Some(60));
    super::workbench::in_time(stopping).await.expect("stopped");
    let seen = bench.seen(name).await;
    assert_eq!((seen.phase, seen.exit_code), (Phase::Exited, Some(0)));
}
