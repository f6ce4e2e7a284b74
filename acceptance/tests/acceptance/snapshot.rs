//! What users read when they plan, for each kind of edit. `INSTA_UPDATE=always` writes the snapshots anew; review them as
//! the text of the product that they are.

use anyhow::{Context, Result};
use zun_acceptance::hand::Hand;
use zun_acceptance::process;
use zun_acceptance::tofu::{Flavor, Plan, Workspace};
use zun_acceptance::world::{ROOMY, World, on_docker_with};

/// What differs from run to run, from machine to machine, from one command line to the other.
const FILTERS: [(&str, &str); 12] = [
    (
        r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "[uuid]",
    ),
    (r"sha256:[0-9a-f]{64}", "[digest]"),
    (r"\b[0-9a-f]{32}\b", "[project]"),
    (r"\b[0-9a-f]{12}\b", "[hostname]"),
    (r"\d{4}-\d\d-\d\dT[0-9:.]+Z?", "[time]"),
    (r"02:42(:[0-9a-f]{2}){4}", "[mac]"),
    (r"\b10(\.\d+){3}\b", "[ip]"),
    (r#""80/tcp"( +)= \d+"#, r#""80/tcp"$1= [port]"#),
    (r"\d+ of \d+ MiB free", "[n] of [n] MiB free"),
    // Shown by versions that know of write-only attributes.
    (r" +[+-] environment_wo +=.*\n", ""),
    (r"OpenTofu", "Terraform"),
    (
        r"\((\d+) unchanged (\w+) hidden\)",
        "([n] unchanged $2 hidden)",
    ),
];

#[test]
fn plans_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, plans)
}

#[test]
fn plans_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, plans)
}

/// One container with a few attributes set as the arguments say.
struct Web {
    name: &'static str,
    memory: u32,
    greeting: &'static str,
    state: &'static str,
    hints: &'static str,
    wait_for: &'static str,
}

const WEB: Web = Web {
    name: "web",
    memory: 16,
    greeting: "Hello",
    state: "running",
    hints: "a",
    wait_for: "running",
};

impl Web {
    fn configure(&self, workspace: &Workspace) -> Result<()> {
        let Self {
            name,
            memory,
            greeting,
            state,
            hints,
            wait_for,
        } = self;
        workspace.configure(&format!(
            r#"
resource "zun_container" "web" {{
  name        = "{name}"
  image       = "zun/test:1"
  cpu         = 0.25
  memory      = {memory}
  environment = {{ GREETING = "{greeting}" }}
  ports       = [{{ internal = 80 }}]
  state       = "{state}"
  hints       = {{ team = "{hints}" }}
  wait_for    = "{wait_for}"
}}
"#
        ))
    }
}

/// One edit of [`WEB`] of each kind, by the name of its snapshot.
const EDITS: [(&str, Web); 8] = [
    (
        "live",
        Web {
            memory: 24,
            name: "website",
            ..WEB
        },
    ),
    (
        "recreate",
        Web {
            greeting: "Bye",
            ..WEB
        },
    ),
    ("replace", Web { hints: "b", ..WEB }),
    (
        "stop",
        Web {
            state: "stopped",
            ..WEB
        },
    ),
    (
        "pause",
        Web {
            state: "paused",
            ..WEB
        },
    ),
    (
        "local",
        Web {
            wait_for: "none",
            ..WEB
        },
    ),
    (
        "several",
        Web {
            memory: 24,
            greeting: "Bye",
            state: "stopped",
            ..WEB
        },
    ),
    (
        "refused",
        Web {
            memory: 99_999_999,
            ..WEB
        },
    ),
];

fn plans(world: &mut World) -> Result<()> {
    world.backend.restart_with("ZUND_HOST_NAME", "host-1")?;
    let workspace = world.workspace()?;
    WEB.configure(&workspace)?;
    shown("create", &workspace.plan()?);
    workspace.apply()?;
    for (name, edit) in EDITS {
        edit.configure(&workspace)?;
        shown(name, &workspace.plan()?);
    }
    WEB.configure(&workspace)?;
    for (name, hand, state) in [
        ("drift-stopped", Hand::Stop, "stopped"),
        ("drift-missing", Hand::Remove, "missing"),
    ] {
        drifted(world, &workspace, hand, state)?;
        shown(name, &workspace.plan()?);
    }
    workspace.apply()?;
    shown("destroy", &workspace.plan_with(&["-destroy"])?);
    workspace.destroy()?;
    world.must_be_empty()
}

fn drifted(world: &World, workspace: &Workspace, hand: Hand, state: &str) -> Result<()> {
    let values = workspace.attributes("zun_container.web")?;
    let uuid = values["id"].as_str().context("no id")?;
    hand.lay(&world.engine, uuid)?;
    let api = world.api()?;
    let seen = process::poll(std::time::Duration::from_secs(20), || {
        (api.container(uuid).ok()?["state"] == state).then_some(())
    });
    seen.with_context(|| format!("zund has not seen that it is {state}"))
}

/// Shows a plan: from the actions on, since what comes before differs between versions, and is not ours.
pub(crate) fn shown(name: &str, plan: &Plan) {
    let begin = "will perform the following actions:";
    let text = plan.text.split_once(begin).map_or("", |(_, text)| text);
    let text = text.split("\n─").next().unwrap_or_default();
    insta::with_settings!({ filters => FILTERS, omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text.trim());
    });
}
