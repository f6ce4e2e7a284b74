//! The example, as a user runs it: the page is there, is renewed, and the web server goes on while its neighbor is changed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use zun_acceptance::tofu::Flavor;
use zun_acceptance::world::{ROOMY, World, on_docker_with};
use zun_acceptance::{http, process};

use super::ids;

const CAPSULE: &str = "zun_capsule.pages";
/// The longest until a page is renewed.
const RENEWED: Duration = Duration::from_secs(20);
/// The longest until all is back after a power cut.
const BACK: Duration = Duration::from_mins(1);

#[test]
fn example_of_a_capsule_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, example)
}

#[test]
fn example_of_a_capsule_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, example)
}

fn example(world: &mut World) -> Result<()> {
    let mut workspace = world.workspace()?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/terraform/capsule/main.tf");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    workspace.write("main.tf", &text)?;
    let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    workspace.set("TF_VAR_port", &free.port().to_string());
    workspace.run(&["fmt", "-check", "-diff"])?.success()?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    let url = workspace.output("url")?;
    let url = url.as_str().context("no url")?.to_owned();
    page(&url, "Hello, page", RENEWED)?;

    let values = workspace.attributes(CAPSULE)?;
    let before = ids(world, &values)?;
    workspace.set("TF_VAR_greeting", "Bonjour");
    let plan = workspace.plan()?;
    ensure!(plan.text.contains("Bonjour"), "{}", plan.text);
    workspace.apply()?;
    workspace.must_be_settled()?;
    let text = page(&url, "Bonjour, page", RENEWED)?;
    ensure!(text.contains("from pages"), "{text}");
    let after = ids(world, &values)?;
    for name in ["sandbox", "first", "web"] {
        ensure!(before.get(name) == after.get(name), "{name} was touched");
    }
    ensure!(
        before.get("renew") != after.get("renew"),
        "renew is the same"
    );

    world.reboot()?;
    page(&url, "Bonjour, page", BACK).context("after a reboot")?;
    workspace.must_be_settled()?;
    workspace.destroy()?;
    world.must_be_empty()
}

fn page(url: &str, begin: &str, within: Duration) -> Result<String> {
    let wanted = || {
        let (status, text) = http::get(url).ok()?;
        (status == 200 && text.contains(begin)).then_some(text)
    };
    process::poll(within, wanted).with_context(|| format!("{url} does not answer {begin:?}"))
}
