//! Recreate in place: the steps the planner writes, on a host.

use super::workbench::{Workbench, failed, published};
use super::{Lab, Program};
use crate::Class;
use crate::runtime::{CreateContainer, RuntimeName};

struct Pair {
    old: CreateContainer,
    new: CreateContainer,
    name: RuntimeName,
    aside: RuntimeName,
}

/// A running container with a published port, stopped and set aside, and the request for its successor.
async fn set_aside<L: Lab>(
    bench: &Workbench<'_, L>,
    mut old: CreateContainer,
    successor: &Program,
) -> Pair {
    old.published = published(bench.lab.free_port());
    let name = bench.start(&old).await.expect("started");
    bench.must_run(name).await;
    let other = bench.lab.equip(old.container, successor);
    let mut new = CreateContainer {
        revision: 2,
        ..old.clone()
    };
    new.spec.command = Some(other.command);
    let aside = RuntimeName::Aside(old.container, 1);
    let runtime = &bench.drivers.runtime;
    runtime.stop(name, None).await.expect("stopped");
    runtime
        .rename(old.container, 1, aside)
        .await
        .expect("set aside");
    Pair {
        old,
        new,
        name,
        aside,
    }
}

/// The new one has address, host port and hostname of the old one, which is then removed.
pub async fn a_recreate_keeps_address_and_port(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let old = bench.request(&Program::Runs).await;
    let pair = set_aside(&bench, old, &Program::Runs).await;
    let former = bench.seen(pair.aside).await;
    bench.start(&pair.new).await.expect("the successor starts");
    let seen = bench.must_run(pair.name).await;
    assert_eq!((seen.revision, former.revision), (2, 1));
    assert_ne!(seen.runtime, former.runtime);
    bench
        .drivers
        .runtime
        .remove(pair.aside)
        .await
        .expect("removed");
    assert_eq!(bench.drivers.runtime.find(pair.aside).await, Ok(None));
    assert_eq!(bench.must_run(pair.name).await.runtime, seen.runtime);
}

/// On several networks it has all of the old one's addresses, while that one rests and after it is gone.
pub async fn a_recreate_keeps_every_address(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let old = bench.on_three(&Program::Runs).await;
    let pair = set_aside(&bench, old, &Program::Runs).await;
    bench.start(&pair.new).await.expect("the successor starts");
    bench.must_be_on(pair.name, &pair.old.attachments).await;
    let removed = bench.drivers.runtime.remove(pair.aside).await;
    removed.expect("removed");
    bench.must_be_on(pair.name, &pair.old.attachments).await;
}

/// The new one cannot start: it goes, and the old one is back under its name, with the id it had.
pub async fn a_failed_recreate_goes_back(lab: &impl Lab) {
    let bench = Workbench::new(lab).await;
    let old = bench.request(&Program::Runs).await;
    let pair = set_aside(&bench, old, &Program::Missing).await;
    let former = bench.seen(pair.aside).await;
    failed(bench.start(&pair.new).await, Class::Refused, "");
    let runtime = &bench.drivers.runtime;
    runtime.remove(pair.name).await.expect("removed");
    let _ = bench.lab.equip(pair.old.container, &Program::Runs);
    for _ in 0..2 {
        runtime
            .rename(pair.old.container, 1, pair.name)
            .await
            .expect("named again");
    }
    runtime.start(pair.name).await.expect("started again");
    assert_eq!(bench.must_run(pair.name).await.runtime, former.runtime);
}
