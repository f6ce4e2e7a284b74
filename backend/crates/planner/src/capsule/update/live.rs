//! What is done to a capsule whose sandbox stays: to each container what it needs, and nothing to the others.

use zun_domain::container::{Observed, Wish};
use zun_domain::runtime::RuntimeName;

use super::{
    CapsuleChange, Kept, Part, Removed, cleared, counted, giving_way, gone, part_recreates,
    set_aside, stop,
};
use crate::capsule::{alive, cut_off, halves, pulls, remove_files, run, stored, waits};
use crate::connect::connections;
use crate::create::{Make, Wished, bring_up};
use crate::step::{Action, Plan, Step};
use crate::storage::bring_back;
use crate::update::{limits, transition};

/// The steps of a plan by what they are for, in the order in which they are done.
#[derive(Default)]
struct Stages {
    /// What can fail without a container having been touched.
    prepare: Vec<Step>,
    /// The sandbox: limits, networks, start.
    sandbox: Vec<Step>,
    /// Init containers, each to its end.
    inits: Vec<Step>,
    /// Members: limits, names, new ones.
    make: Vec<Step>,
    /// Members that make room, in the order of their start; done in reverse.
    stop: Vec<Step>,
    /// Members that start.
    start: Vec<Step>,
    /// Until all run as wished.
    wait: Vec<Step>,
    /// The end of the sandbox.
    down: Vec<Step>,
    /// What is no longer needed.
    clear: Vec<Step>,
}

impl Stages {
    fn plan(mut self) -> Plan {
        self.stop.reverse();
        let stages = [
            self.prepare,
            self.sandbox,
            self.inits,
            self.make,
            self.stop,
            self.start,
            self.wait,
            self.down,
            self.clear,
        ];
        Plan {
            steps: stages.into_iter().flatten().collect(),
        }
    }

    /// Each step where its kind belongs.
    fn sort(&mut self, steps: Vec<Step>) {
        for step in steps {
            if matches!(step.action, Action::Stop { .. }) {
                self.stop.push(step);
            } else if waits(&step) {
                self.wait.push(step);
            } else {
                self.start.push(step);
            }
        }
    }
}

/// What is true of the sandbox while its members are changed.
#[derive(Clone, Copy)]
struct Around<'a> {
    /// As it is seen before.
    seen: &'a Observed,
    /// It is to run.
    runs: bool,
    /// This plan starts it, which cuts everybody off.
    starts: bool,
}

impl Around<'_> {
    /// Whether who is stopped now could be started again.
    fn joinable(self) -> bool {
        self.starts || alive(self.seen)
    }

    fn cuts_off(self, seen: &Observed) -> bool {
        alive(seen) && (self.starts || cut_off(Some(self.seen), seen))
    }
}

pub(super) fn plan(change: &CapsuleChange, seen: &Observed) -> Plan {
    let mut stages = Stages::default();
    let around = Around {
        seen,
        runs: change.runs(),
        starts: change.runs() && !alive(seen),
    };
    sandbox(&mut stages, &change.sandbox, seen);
    for part in &change.inits {
        init(&mut stages, part, around);
    }
    for part in &change.members {
        match part {
            Part::Added(make) => added(&mut stages, make, around),
            Part::Kept(kept) if remade(kept) => recreated(&mut stages, kept, around),
            Part::Kept(kept) => kept_as_it_is(&mut stages, kept, around),
        }
    }
    for removed in &change.removed {
        stages.stop.extend(removed.stop(around.joinable()));
        stages.clear.push(removed.gone());
        let files = removed.files.then(|| remove_files(removed.current.id));
        stages.clear.extend(files.map(Step::dispensable));
    }
    stages.clear.extend(cleared(&change.sandbox.change.make));
    prepared(&mut stages, change);
    stages.plan()
}

/// Whether it gets a new Docker container.
fn remade(kept: &Kept) -> bool {
    let change = &kept.change;
    counted(kept) || part_recreates(&kept.current, &change.target.spec, change.disk_enforced)
}

fn fresh(part: &Part) -> Option<&Make> {
    match part {
        Part::Added(make) => Some(make),
        Part::Kept(kept) => remade(kept).then_some(&kept.change.make),
    }
}

/// Images and files of those that are made; volumes where anybody is made or started.
fn prepared(stages: &mut Stages, change: &CapsuleChange) {
    let parts = change.inits.iter().chain(&change.members);
    let made: Vec<&Make> = parts.filter_map(fresh).collect();
    let storage = &change.sandbox.change.make.storage;
    stages.prepare.extend(pulls(made.iter().copied()));
    let starting = [&stages.sandbox, &stages.inits, &stages.start];
    let mut starting = starting.into_iter().flatten();
    if !made.is_empty() {
        stages.prepare.extend(stored(&change.sandbox.change.make));
    } else if starting.any(|step| matches!(step.action, Action::Start(_))) {
        let mounts = bring_back(&storage.volumes());
        stages.prepare.extend(storage.growth());
        stages.prepare.extend(mounts);
    } else {
        stages.prepare.extend(storage.growth());
    }
    let files = made.iter().flat_map(|make| stored(make));
    stages.prepare.extend(files);
}

fn sandbox(stages: &mut Stages, sandbox: &Kept, seen: &Observed) {
    let (name, change) = (sandbox.current_name(), &sandbox.change);
    stages.sandbox.extend(limited(sandbox, seen));
    stages.sandbox.extend(connections(name, seen, change));
    for step in transition(name, seen.phase, &wished(sandbox)) {
        if matches!(step.action, Action::Stop { .. }) {
            stages.down.push(step);
        } else if waits(&step) {
            stages.wait.push(step);
        } else {
            stages.sandbox.push(step);
        }
    }
}

fn wished(kept: &Kept) -> Wished {
    Wished {
        wish: kept.change.target.wish,
        wait_for: kept.change.wait_for,
        healthcheck: kept.change.target.spec.healthcheck.is_some(),
    }
}

fn limited(kept: &Kept, seen: &Observed) -> Option<Step> {
    let name = kept.current_name();
    let (to, back) = limits(seen, &kept.change.target.spec)?;
    let update = |limits| Action::Update { name, limits };
    Some(Step::undone_by(update(to), vec![update(back)]))
}

/// One that is new or edited runs, as does one that was made while all of it was stopped.
fn init(stages: &mut Stages, part: &Part, around: Around<'_>) {
    let make = part.make();
    let kept = part.kept();
    if fresh(part).is_some() {
        stages.inits.extend(kept.and_then(set_aside));
        stages.inits.push(make.make());
        let former = kept.and_then(|kept| former(kept, around));
        stages.inits.extend(former);
        stages.clear.extend(kept.and_then(Kept::aside).map(gone));
        stages.clear.extend(cleared(make));
        if around.runs {
            stages.inits.extend(giving_way(run(make), make.current()));
        }
        return;
    }
    let Some((kept, seen)) = kept.and_then(|kept| Some((kept, kept.current.observed.as_ref()?)))
    else {
        return;
    };
    if around.runs {
        stages.inits.extend(limited(kept, seen));
        stages
            .inits
            .extend(transition(make.current(), seen.phase, &wished(kept)));
    }
}

/// The end of the one that stands aside.
fn former(kept: &Kept, around: Around<'_>) -> Option<Step> {
    let seen = kept.current.observed.as_ref()?;
    stop(kept.aside()?, seen, around.joinable())
}

fn added(stages: &mut Stages, make: &Make, around: Around<'_>) {
    stages.make.push(make.make());
    if around.runs {
        let (start, later) = halves(bring_up(make.current(), &Wished::from(make)));
        stages.start.extend(giving_way(start, make.current()));
        stages.wait.extend(later);
    }
}

fn recreated(stages: &mut Stages, kept: &Kept, around: Around<'_>) {
    stages.make.extend(set_aside(kept));
    stages.stop.extend(former(kept, around));
    added(stages, &kept.change.make, around);
    stages.clear.extend(kept.aside().map(gone));
    stages.clear.extend(cleared(&kept.change.make));
}

/// Limits and state; one that was cut off from its network is started again.
fn kept_as_it_is(stages: &mut Stages, kept: &Kept, around: Around<'_>) {
    let Some(seen) = &kept.current.observed else {
        return;
    };
    let name = kept.current_name();
    stages.make.extend(limited(kept, seen));
    let wished = wished(kept);
    if !around.runs || wished.wish == Wish::Stopped {
        stages.stop.extend(stop(name, seen, around.joinable()));
        return;
    }
    if around.cuts_off(seen) {
        stages.stop.extend(stop(name, seen, around.joinable()));
        let up = bring_up(name, &wished);
        let down = Action::Stop {
            name,
            timeout: None,
        };
        let mut up = up.into_iter();
        let first = up.next().map(|mut first| {
            first.undo.push(down);
            first
        });
        stages.sort(first.into_iter().chain(up).collect());
        return;
    }
    stages.sort(transition(name, seen.phase, &wished));
}

impl Removed {
    /// Its end while the others are changed.
    pub(super) fn stop(&self, joinable: bool) -> Option<Step> {
        let seen = self.current.observed.as_ref()?;
        stop(self.name(), seen, joinable)
    }

    pub(super) fn gone(&self) -> Step {
        gone(self.name())
    }

    fn name(&self) -> RuntimeName {
        RuntimeName::Current(self.current.id)
    }
}
