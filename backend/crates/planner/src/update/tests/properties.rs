//! What holds for every edit of every container, tried on a tiny engine.

use proptest::prelude::*;
use zun_domain::container::{
    Container, ContainerSpec, Healthcheck, Observed, RestartPolicyName, WaitFor, Wish,
};
use zun_domain::unit::{DiskGib, MemoryMib, Millicpu};

use crate::fixture::model::Model;
use crate::fixture::{
    PHASES, REVISION, WISHES, change, container, current, environment, in_force, network, policy,
    seen, spec,
};
use crate::step::{OnFailure, Plan};
use crate::update::{Change, plan_update};

fn any_spec() -> impl Strategy<Value = ContainerSpec> {
    let policies = [
        RestartPolicyName::No,
        RestartPolicyName::Always,
        RestartPolicyName::OnFailure,
        RestartPolicyName::UnlessStopped,
    ];
    let policies = proptest::option::of(proptest::sample::select(policies.to_vec()));
    let colors = proptest::option::of(proptest::sample::select(vec!["blue", "green"]));
    (
        1..3u64,
        1..3u64,
        0..2u64,
        policies,
        colors,
        any::<[bool; 2]>(),
    )
        .prop_map(|(cpu, memory, disk, restart, color, [checked, heals])| {
            let mut spec = spec();
            spec.cpu = Some(Millicpu(cpu * 500));
            spec.memory = Some(MemoryMib(memory * 64));
            spec.disk = Some(DiskGib(disk));
            spec.restart_policy = restart.map(policy);
            spec.environment = color.map(environment);
            spec.auto_heal = heals.then_some(true);
            spec.healthcheck = checked.then(|| Healthcheck {
                cmd: "true".to_owned(),
                interval: None,
                timeout: None,
                retries: None,
            });
            spec
        })
}

/// A container that was wished so, and that a hand may have changed since.
fn any_container() -> impl Strategy<Value = Container> {
    let phase = proptest::sample::select(PHASES.to_vec());
    let wish = proptest::sample::select(WISHES.to_vec());
    let sight = proptest::option::weighted(0.9, (phase, any_spec(), any::<bool>()));
    (any_spec(), wish, sight).prop_map(|(wished, wish, sight)| {
        let seen = sight.map(|(phase, shown, connected)| {
            let mut seen = seen(&shown, phase, REVISION);
            if !connected {
                seen.networks.clear();
            }
            seen
        });
        container(wished, wish, seen)
    })
}

prop_compose! {
    fn any_update()(
        current in any_container(),
        edited in proptest::option::of(any_spec()),
        wish in proptest::sample::select(WISHES.to_vec()),
        waits in any::<bool>(),
        disk_enforced in any::<bool>(),
    ) -> (Container, Change) {
        // A pause is always waited for: one between two restarts cannot be frozen before it runs again.
        let wait_for = match wish {
            Wish::Finished => WaitFor::Exited,
            Wish::Paused => WaitFor::Running,
            Wish::Running | Wish::Stopped if waits => WaitFor::Running,
            Wish::Running | Wish::Stopped => WaitFor::None,
        };
        let spec = edited.unwrap_or_else(|| current.desired.spec.clone());
        let change = change(&current, spec, wish, wait_for, disk_enforced);
        (current, change)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Apply, then plan: empty. What the plan leads to is what was wished, and nothing stands beside it.
    #[test]
    fn a_repair_after_an_apply_is_empty((current_one, change) in any_update()) {
        let plan = plan_update(&current_one, &change);
        let mut model = Model::of(&current_one);
        prop_assert_eq!(model.run(&plan), Ok(()));
        prop_assert_eq!(model.containers.keys().copied().collect::<Vec<_>>(), [current()]);

        let spec = &change.target.spec;
        let limits = |seen: Observed| (seen.cpu, seen.memory, seen.restart_policy, seen.networks);
        let wished = (spec.cpu, spec.memory, in_force(spec.restart_policy), vec![network().runtime_name()]);
        prop_assert_eq!(model.shown().map(limits), Some(wished));

        let mut after = current_one;
        after.desired = change.target.clone();
        after.observed = model.shown();
        let again = plan_update(&after, &change);
        prop_assert!(again.is_empty(), "{:?} leads to {:?}", plan.words(), again.words());
    }

    /// Whichever step fails, with or without its effect: taken back, the engine is as it was.
    #[test]
    fn undo_inverts((current_one, change) in any_update(), at in any::<prop::sample::Index>(), lost: bool) {
        let plan = plan_update(&current_one, &change);
        prop_assume!(!plan.is_empty());
        let before = Model::of(&current_one);
        let mut model = before.clone();
        let failing = at.index(plan.steps.len());
        let undone = model.run_failing(&plan, failing, lost);
        prop_assert!(undone.is_ok(), "{undone:?}");
        if undone == Ok(true) {
            prop_assert_eq!(model.view(), before.view(), "step {} of {:?}", failing, plan.words());
        }
    }

    /// Only the removal of the former one is dispensable, and it comes last: the work is done without it.
    #[test]
    fn nothing_is_gone_before_the_new_one_has_proved_itself((current_one, change) in any_update()) {
        let plan = plan_update(&current_one, &change);
        for (index, step) in plan.steps.iter().enumerate() {
            let removes = matches!(step.action, crate::step::Action::Remove(_));
            let last = index + 1 == plan.steps.len();
            prop_assert_eq!(removes, step.on_failure == OnFailure::GoOn);
            prop_assert!(!removes || last);
        }
    }

    /// A plan is kept as text until it is done.
    #[test]
    fn a_plan_survives_the_store((current_one, change) in any_update()) {
        let plan = plan_update(&current_one, &change);
        let text = serde_json::to_string(&plan).unwrap();
        prop_assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    }
}
