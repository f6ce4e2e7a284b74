//! One attribute with two values, and what the edit from one to the other has to be.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::{Result, ensure};
use serde_json::Value;
use zun_acceptance::tofu::Plan;

/// What an edit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The server is not called.
    Local,
    /// The process goes on.
    Live,
    /// Started, stopped, paused.
    State,
    /// A new Docker container of the same uuid, address and host port.
    Recreate,
    /// A new uuid.
    Replace,
    /// Nothing to do: what was chosen once stays.
    Kept,
}

/// The computed attributes that a recreate leaves open.
const REMADE: [&str; 9] = [
    "addresses",
    "effective_command",
    "effective_entrypoint",
    "exit_code",
    "host",
    "image_digest",
    "published",
    "revision",
    "status",
];

/// Attributes that stay when they are taken out of the configuration.
const KEPT: [&str; 7] = [
    "availability_zone",
    "cpu",
    "disk",
    "hostname",
    "image_pull_policy",
    "memory",
    "name",
];

/// Attributes that no server holds.
const LOCAL: [&str; 3] = ["environment_wo_version", "timeouts", "wait_for"];

/// What every container has, unless its check says otherwise.
const BASE: [(&str, &str); 5] = [
    ("image", "\"zun/test:1\""),
    ("command", "[\"run\", \"sleep\", \"100000\"]"),
    ("cpu", "0.05"),
    ("memory", "16"),
    ("stop_timeout", "1"),
];

/// One line of the table.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    /// The attribute.
    pub(crate) attribute: &'static str,
    before: Option<&'static str>,
    after: &'static str,
    effect: Effect,
    with: Vec<(&'static str, &'static str)>,
    moving: Vec<(&'static str, &'static str)>,
    shown: Option<(&'static str, Value)>,
    suffix: &'static str,
    only_planned: bool,
    default: bool,
}

/// An attribute, the values before and after its edit as they are written, and what the edit does. Where the value
/// before is empty the attribute is left out.
pub(crate) fn check(
    attribute: &'static str,
    before: &'static str,
    after: &'static str,
    effect: Effect,
) -> Check {
    Check {
        attribute,
        before: (!before.is_empty()).then_some(before),
        after,
        effect,
        with: Vec::new(),
        moving: Vec::new(),
        shown: None,
        suffix: "",
        only_planned: false,
        default: false,
    }
}

/// How far a workspace has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// As it is made.
    Before,
    /// After the edit.
    After,
    /// Without the attribute.
    Without,
}

impl Check {
    /// Has another attribute set besides, all the time.
    pub(crate) fn with(mut self, attribute: &'static str, value: &'static str) -> Self {
        self.with.push((attribute, value));
        self
    }

    /// Has another attribute set besides, to another value at the edit.
    pub(crate) fn moving(
        mut self,
        attribute: &'static str,
        value: &'static str,
        edited: &'static str,
    ) -> Self {
        self.moving.push((attribute, edited));
        self.with(attribute, value)
    }

    /// What the engine shows after the edit: a JSON pointer into its `inspect`, and the value there.
    pub(crate) fn shown(mut self, pointer: &'static str, value: Value) -> Self {
        self.shown = Some((pointer, value));
        self
    }

    /// Tells a second check of an attribute from the first.
    pub(crate) fn called(mut self, suffix: &'static str) -> Self {
        self.suffix = suffix;
        self
    }

    /// No machine here could do what the edit asks for, so it is only planned.
    pub(crate) fn only_planned(mut self) -> Self {
        self.only_planned = true;
        self
    }

    /// The value after the edit is the one in force where none is given.
    pub(crate) fn ends_as_default(mut self) -> Self {
        self.default = true;
        self
    }

    /// Whether the stage is reached by an apply.
    pub(crate) fn is_applied(&self, stage: Stage) -> bool {
        stage != Stage::After || !self.only_planned
    }

    /// The address of its resource.
    pub(crate) fn address(&self) -> String {
        format!("zun_container.{}{}", self.attribute, self.suffix)
    }

    /// Its resource at a stage.
    pub(crate) fn resource(&self, stage: Stage) -> String {
        let name = format!("{}{}", self.attribute, self.suffix);
        let mut text = format!("resource \"zun_container\" \"{name}\" {{\n");
        if self.attribute != "name" {
            let _ = writeln!(text, "  name = \"attribute.{name}\"");
        }
        for (name, value) in self.lines(stage) {
            let _ = writeln!(text, "  {name} = {value}");
        }
        text.push_str("}\n\n");
        text
    }

    /// The same as a container of a capsule, which is called like the attribute.
    pub(crate) fn member(&self, stage: Stage) -> String {
        let mut text = format!("    {{\n      name = \"{}\"\n", self.attribute);
        for (name, value) in self.lines(stage) {
            let _ = writeln!(text, "      {name} = {value}");
        }
        text.push_str("    },\n");
        text
    }

    /// Attributes and their values at a stage.
    fn lines(&self, stage: Stage) -> Vec<(&'static str, &'static str)> {
        let own = match stage {
            Stage::Before => self.before,
            Stage::After => Some(self.after),
            // What is required cannot be taken out.
            Stage::Without => self.before.filter(|_| self.attribute == "image"),
        };
        let taken = |name: &str| {
            self.attribute == name || self.with.iter().any(|(other, _)| *other == name)
        };
        let base = BASE.into_iter().filter(|(name, _)| !taken(name));
        let with = self.with.iter().map(|(name, value)| {
            let edited = self.moving.iter().find(|(moved, _)| moved == name);
            let edited = edited.filter(|_| stage == Stage::After);
            (*name, edited.map_or(*value, |(_, edited)| *edited))
        });
        let own = own.map(|value| (self.attribute, value));
        base.chain(with).chain(own).collect()
    }

    /// What the step to a stage does.
    pub(crate) fn effect(&self, stage: Stage) -> Effect {
        let kept = KEPT.contains(&self.attribute);
        match stage {
            Stage::Before => Effect::Kept,
            Stage::Without if kept || self.default => Effect::Kept,
            Stage::After | Stage::Without => self.effect,
        }
    }

    /// What the first plan after an import shows.
    pub(crate) fn effect_of_import(&self) -> Effect {
        let local = LOCAL.contains(&self.attribute) && self.before.is_some();
        let beside = self.with.iter().any(|(name, _)| LOCAL.contains(name));
        if local || beside {
            Effect::Local
        } else {
            Effect::Kept
        }
    }

    /// Fails unless the plan says what the step to a stage is.
    pub(crate) fn judge(&self, plan: &Plan, effect: Effect) -> Result<()> {
        let address = self.address();
        let actions = plan.actions(&address);
        let expected: &[&str] = match effect {
            Effect::Kept => &["no-op"],
            Effect::Replace => &["delete", "create"],
            Effect::Local | Effect::Live | Effect::State | Effect::Recreate => &["update"],
        };
        ensure!(actions == expected, "{address}: planned as {actions:?}");
        let open: BTreeSet<&str> = match effect {
            Effect::Replace => return self.judge_replacement(plan),
            Effect::Kept | Effect::Local | Effect::Live => BTreeSet::new(),
            Effect::State => ["exit_code", "status"].into(),
            Effect::Recreate => REMADE.into(),
        };
        let also = (effect == Effect::Recreate && self.attribute == "mounts").then_some("volumes");
        let open: BTreeSet<&str> = open.into_iter().chain(also).collect();
        let unknown = plan.unknowns(&address);
        ensure!(
            unknown == open,
            "{address}: known after apply are {unknown:?}, and should be {open:?}"
        );
        Ok(())
    }

    fn judge_replacement(&self, plan: &Plan) -> Result<()> {
        let address = self.address();
        let paths = plan.change(&address).map(|change| &change["replace_paths"]);
        let expected = serde_json::json!([[self.attribute]]);
        ensure!(
            paths == Some(&expected),
            "{address}: replaced because of {paths:?}"
        );
        Ok(())
    }

    /// Fails unless the engine shows the edit.
    pub(crate) fn must_show(&self, inspected: &Value) -> Result<()> {
        let Some((pointer, expected)) = &self.shown else {
            return Ok(());
        };
        let found = inspected.pointer(pointer);
        ensure!(
            found == Some(expected),
            "{}: the engine has {found:?} at {pointer}, and should have {expected}",
            self.address()
        );
        Ok(())
    }
}
