//! What users read when something is wrong: each message names the cause and what helps.

mod machine;
mod server;
mod stub;
mod value;

use anyhow::{Context, Result, ensure};
use zun_acceptance::tofu::{Flavor, Workspace};
use zun_acceptance::world::{ROOMY, World, on_docker_with};

#[test]
fn wrong_values_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, value::wrong_values)
}

#[test]
fn wrong_values_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, value::wrong_values)
}

#[test]
fn no_room_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, value::no_room)
}

#[test]
fn no_image_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, server::no_image)
}

#[test]
fn wrong_server_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, server::wrong_server)
}

#[test]
fn wrong_server_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, server::wrong_server)
}

#[test]
fn engine_stopped_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, machine::engine_stopped)
}

#[test]
fn disk_full_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, machine::disk_full)
}

#[test]
fn failed_edit_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, failed_edit)
}

#[test]
fn failed_edit_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, failed_edit)
}

/// What is wrong, and what has to be read of it.
#[derive(Clone)]
struct Case {
    name: &'static str,
    /// Attributes of the container beside `image`, or instead of it.
    body: String,
    words: Vec<String>,
}

fn case(name: &'static str, body: impl Into<String>, words: &[&str]) -> Case {
    Case {
        name,
        body: body.into(),
        words: words.iter().map(|word| (*word).to_owned()).collect(),
    }
}

impl Case {
    /// Applies it, and looks for the words; line breaks and the frame around messages do not count.
    fn try_it(&self, workspace: &Workspace) -> Result<()> {
        let image = if self.body.contains("image =") {
            ""
        } else {
            "  image = \"zun/test:1\"\n"
        };
        workspace.configure(&format!(
            "resource \"zun_container\" \"bad\" {{\n{image}{}\n}}\n",
            self.body
        ))?;
        let text = workspace.apply_error().with_context(|| self.name)?;
        must_say(self.name, &text, &self.words)
    }
}

fn must_say(name: &str, text: &str, words: &[String]) -> Result<()> {
    let flat = text
        .replace(['│', '╷', '╵'], " ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let errors = flat
        .find("Error: ")
        .and_then(|at| flat.get(at..))
        .unwrap_or_default();
    for word in words {
        ensure!(
            errors.contains(word),
            "{name}: {word:?} is not said in\n{errors}"
        );
    }
    Ok(())
}

/// The old container runs on, and so does the old state, whatever stood in the way of the new one.
fn failed_edit(world: &mut World) -> Result<()> {
    let workspace = world.workspace()?;
    let body = |image: &str, command: &str, value: &str| {
        format!(
            "resource \"zun_container\" \"web\" {{\n  name = \"web\"\n  image = \"{image}\"\n  command = {command}\n  \
             memory = 16\n  cpu = 0.1\n  ports = [{{ internal = 80 }}]\n  environment = {{ VALUE = \"{value}\" }}\n}}\n"
        )
    };
    let good = "[\"run\", \"sleep\", \"100000\"]";
    workspace.configure(&body("zun/test:1", good, "old"))?;
    workspace.apply()?;
    let old = workspace.attributes("zun_container.web")?;
    let uuid = old["id"].as_str().context("no id")?;
    let engine_id = world.engine.engine_id(uuid)?;
    let dying = "[\"sh\", \"-c\", \"echo cannot open the config; exit 3\"]";
    for (image, command, words) in [
        (
            "zun/test:1",
            dying,
            &["exit code 3", "cannot open the config", "as it was before"][..],
        ),
        ("zun/test:1", "[\"no-such-program\"]", &["no-such-program"]),
        ("127.0.0.1:1/none:1", good, &["127.0.0.1:1/none:1"]),
    ] {
        workspace.configure(&body(image, command, "new"))?;
        let text = workspace.apply_error()?;
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        must_say("failed edit", &text, &words)?;
        ensure!(
            world.engine.engine_id(uuid)? == engine_id,
            "another container runs after\n{text}"
        );
        let state = world.engine.inspect(uuid)?.state.context("no state")?;
        ensure!(state.running == Some(true), "it does not run: {state:?}");
        let now = workspace.attributes("zun_container.web")?;
        for name in [
            "image",
            "command",
            "environment",
            "published",
            "addresses",
            "revision",
        ] {
            ensure!(
                now[name] == old[name],
                "{name} was {} and is {} after\n{text}",
                old[name],
                now[name]
            );
        }
        world.must_balance()?;
        workspace.configure(&body("zun/test:1", good, "old"))?;
        workspace.must_be_settled()?;
    }
    workspace.configure(&body("zun/test:1", good, "new"))?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    workspace.destroy()?;
    world.must_be_empty()
}
