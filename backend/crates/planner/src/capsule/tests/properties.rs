//! What holds for every edit and every repair of every capsule, tried on a tiny engine.

use proptest::prelude::*;
use zun_domain::capsule::Role;
use zun_domain::container::{Container, ContainerSpec, Phase, Wish};
use zun_domain::runtime::RuntimeName;
use zun_domain::unit::MemoryMib;

use super::super::{
    CapsuleChange, Kept, Part, Removed, cut_off, plan_capsule_create, plan_capsule_update,
};
use crate::fixture::capsule::{
    anew, current, kept, make_capsule, make_part, record, seen_part, whole_anew, wish_of,
};
use crate::fixture::model::Model;
use crate::fixture::{PHASES, environment, spec_with};
use crate::step::{Action, OnFailure, Plan};

/// Memory is changed live, the color is not.
fn spec(memory: u64, color: &str) -> ContainerSpec {
    spec_with(|spec| {
        spec.memory = Some(MemoryMib(memory * 64));
        spec.environment = Some(environment(color));
    })
}

fn any_spec() -> impl Strategy<Value = ContainerSpec> {
    (1..3u64, prop_oneof![Just("blue"), Just("green")])
        .prop_map(|(memory, color)| spec(memory, color))
}

/// A container that was wished so and is seen so: phase, and the second of its start.
fn any_record(role: Role, n: u16) -> impl Strategy<Value = Container> {
    let phases = match role {
        Role::Init => vec![Phase::Created, Phase::Exited, Phase::Dead],
        Role::Sandbox | Role::Member => PHASES.to_vec(),
    };
    let sight = (proptest::sample::select(phases), 0..4i64, any_spec());
    let sight = proptest::option::weighted(0.9, sight);
    (any_spec(), sight).prop_map(move |(wished, sight)| {
        let seen = sight.map(|(phase, second, shown)| seen_part(role, &shown, phase, second));
        record(role, n, wished, seen)
    })
}

/// What is done to a container of the capsule.
#[derive(Debug, Clone)]
enum Edit {
    Keep,
    Change(Box<ContainerSpec>),
    Stop,
    Remove,
}

fn any_edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        3 => Just(Edit::Keep),
        3 => any_spec().prop_map(|spec| Edit::Change(Box::new(spec))),
        1 => Just(Edit::Stop),
        1 => Just(Edit::Remove),
    ]
}

fn changed(
    role: Role,
    n: u16,
    record: Container,
    edit: Edit,
    whole: bool,
) -> Result<Box<Kept>, Box<Container>> {
    let (spec, wish) = match edit {
        Edit::Remove => return Err(Box::new(record)),
        Edit::Stop if role == Role::Member => (record.desired.spec.clone(), Wish::Stopped),
        Edit::Keep | Edit::Stop => (record.desired.spec.clone(), wish_of(role)),
        Edit::Change(spec) => (*spec, wish_of(role)),
    };
    let anew = anew(&record, &spec, whole);
    Ok(Box::new(kept(role, n, record, (spec, wish), anew)))
}

prop_compose! {
    fn any_change()(
        sandbox in any_record(Role::Sandbox, 0),
        shared in proptest::option::weighted(0.3, any_spec()),
        wish in prop_oneof![3 => Just(Wish::Running), 1 => Just(Wish::Stopped)],
        inits in (any_record(Role::Init, 0), any_edit()),
        members in (any_record(Role::Member, 0), any_record(Role::Member, 1), any_record(Role::Member, 2)),
        edits in [any_edit(), any_edit(), any_edit()],
        added in any::<[bool; 2]>(),
    ) -> CapsuleChange {
        let target = shared.unwrap_or_else(|| sandbox.desired.spec.clone());
        let whole = whole_anew(&sandbox, &target);
        let mut removed = Vec::new();
        let mut sort = |role, list: Vec<(Container, Edit)>, new: bool| {
            let mut parts: Vec<Part> = Vec::new();
            for ((record, edit), n) in list.into_iter().zip(0..) {
                match changed(role, n, record, edit, whole) {
                    Ok(kept) => parts.push(Part::Kept(kept)),
                    Err(current) => removed.push(Removed { current: *current, files: false }),
                }
            }
            if new {
                let make = make_part(role, 9, spec(1, "blue"), wish_of(role), 1);
                parts.push(Part::Added(Box::new(make)));
            }
            parts
        };
        let inits = sort(Role::Init, vec![inits], added[0]);
        let members = [members.0, members.1, members.2].into_iter().zip(edits).collect();
        let members = sort(Role::Member, members, added[1]);
        CapsuleChange {
            sandbox: kept(Role::Sandbox, 0, sandbox, (target, wish), whole),
            inits,
            members,
            removed,
        }
    }
}

fn records(change: &CapsuleChange) -> Vec<&Container> {
    let parts = change.inits.iter().chain(&change.members);
    let kept = parts.filter_map(|part| part.kept().map(|kept| &kept.current));
    kept.chain(change.removed.iter().map(|one| &one.current))
        .collect()
}

fn model(change: &CapsuleChange) -> Model {
    Model::of_capsule(&change.sandbox.current, &records(change))
}

/// The same wish once it is reached, as the engine then shows it.
fn afterwards(change: &CapsuleChange, model: &Model) -> CapsuleChange {
    let settle = |kept: &Kept| {
        let mut after = kept.clone();
        after.current.desired = kept.change.target.clone();
        after.current.observed = model
            .containers
            .get(&RuntimeName::Current(after.current.id))
            .cloned();
        after
    };
    let part = |part: &Part| match part {
        Part::Kept(kept) => Part::Kept(Box::new(settle(kept))),
        Part::Added(make) => {
            let (role, n) = if make.request.container == current(Role::Init, 9).container() {
                (Role::Init, 9)
            } else {
                (Role::Member, 9)
            };
            let seen = model.containers.get(&current(role, n)).cloned();
            let record = record(role, n, make.request.spec.clone(), seen);
            let edit = (make.request.spec.clone(), wish_of(role));
            Part::Kept(Box::new(kept(role, n, record, edit, false)))
        }
    };
    CapsuleChange {
        sandbox: settle(&change.sandbox),
        inits: change.inits.iter().map(part).collect(),
        members: change.members.iter().map(part).collect(),
        removed: Vec::new(),
    }
}

/// Who runs in namespaces that still are its sandbox's.
fn connected(model: &Model, name: RuntimeName) -> bool {
    let seen = model.containers.get(&name);
    seen.is_some_and(|seen| !cut_off(model.holder(name), seen))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// Apply, then plan: empty. Nothing stands beside what was wished, and nobody who runs is cut off.
    #[test]
    fn a_repair_after_an_apply_is_empty(change in any_change()) {
        let plan = plan_capsule_update(&change);
        let mut model = model(&change);
        prop_assert_eq!(model.run(&plan), Ok(()), "{:?}", crate::fixture::lines(&plan));

        let after = afterwards(&change, &model);
        let again = plan_capsule_update(&after);
        prop_assert!(again.is_empty(), "{:?} leads to {:?}", plan.words(), crate::fixture::lines(&again));

        let parts = after.inits.iter().chain(&after.members);
        let mut wanted: Vec<String> = parts
            .filter_map(|part| part.kept())
            .filter(|kept| kept.current.observed.is_some())
            .map(|kept| RuntimeName::Current(kept.current.id).to_string())
            .chain([current(Role::Sandbox, 0).to_string()])
            .collect();
        let mut there: Vec<String> = model.containers.keys().map(ToString::to_string).collect();
        wanted.sort();
        there.sort();
        prop_assert_eq!(wanted, there);
        for name in model.containers.keys().filter(|name| **name != current(Role::Sandbox, 0)) {
            let running = model.containers[name].phase == Phase::Running;
            prop_assert!(!running || connected(&model, *name), "{}", name);
        }
    }

    /// Whichever step fails, with or without its effect: taken back, the engine is as it was. Only who could not run
    /// any more, since its sandbox did not, may have ended.
    #[test]
    fn undo_inverts(change in any_change(), at in any::<prop::sample::Index>(), lost: bool) {
        let plan = plan_capsule_update(&change);
        prop_assume!(!plan.is_empty());
        let before = model(&change);
        let mut model = before.clone();
        let failing = at.index(plan.steps.len());
        let undone = model.run_failing(&plan, failing, lost);
        prop_assert!(undone.is_ok(), "{undone:?} step {failing} of {:?}", crate::fixture::lines(&plan));
        if undone == Ok(true) {
            let shown = |model: &Model| {
                let mut view = model.view();
                for (name, seen) in &mut view {
                    let sandbox = current(Role::Sandbox, 0);
                    let orphan = *name != sandbox && !before.holder(*name).is_some_and(super::super::alive);
                    if orphan {
                        seen.phase = Phase::Exited;
                    }
                }
                view
            };
            prop_assert_eq!(shown(&model), shown(&before), "step {} of {:?}", failing, crate::fixture::lines(&plan));
        }
    }

    /// Nobody is removed before all have proved themselves, and an edit of one member touches no other.
    #[test]
    fn what_goes_goes_last(change in any_change()) {
        let plan = plan_capsule_update(&change);
        let first = plan.steps.iter().position(|step| step.on_failure == OnFailure::GoOn);
        for (index, step) in plan.steps.iter().enumerate() {
            let removes = matches!(step.action, Action::Remove(_));
            prop_assert!(!removes || step.on_failure == OnFailure::GoOn);
            prop_assert_eq!(step.on_failure == OnFailure::GoOn, first.is_some_and(|first| index >= first));
        }
    }

    /// A plan is kept as text until it is done.
    #[test]
    fn a_plan_survives_the_store(change in any_change()) {
        let plan = plan_capsule_update(&change);
        let text = serde_json::to_string(&plan).unwrap();
        prop_assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    }

    /// Whichever step of a create fails, nothing stays behind.
    #[test]
    fn a_failed_create_leaves_nothing(inits in 0..3u16, members in 1..4u16, at in any::<prop::sample::Index>(), lost: bool) {
        let plan = plan_capsule_create(&make_capsule(inits, members, Wish::Running));
        let mut model = Model::default();
        let failing = at.index(plan.steps.len());
        prop_assert_eq!(model.run_failing(&plan, failing, lost), Ok(true));
        prop_assert!(model.containers.is_empty());
        let mut model = Model::default();
        prop_assert_eq!(model.run(&plan), Ok(()));
        let count = usize::from(inits) + usize::from(members) + 1;
        prop_assert_eq!(model.containers.len(), count);
    }
}
