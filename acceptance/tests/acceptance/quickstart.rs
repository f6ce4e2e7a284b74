//! The example that newcomers run first, from nothing to containers and back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use zun_acceptance::http;
use zun_acceptance::tofu::{Flavor, Workspace};
use zun_acceptance::world::{World, on_docker};

const PAGE_DEADLINE: Duration = Duration::from_secs(15);

#[test]
fn quickstart_with_terraform() -> Result<()> {
    on_docker(Flavor::Terraform, quickstart)
}

#[test]
fn quickstart_with_tofu() -> Result<()> {
    on_docker(Flavor::Tofu, quickstart)
}

/// The examples, each of which a case here applies.
const TRIED: [&str; 5] = [
    "capsule",
    "database",
    "quickstart",
    "three-tier",
    "wordpress",
];

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/terraform")
}

#[test]
fn every_example_is_tried() -> Result<()> {
    for entry in fs::read_dir(examples()).context("no examples")? {
        let name = entry?.file_name();
        ensure!(
            TRIED.iter().any(|tried| name == *tried),
            "no case applies the example {name:?}"
        );
    }
    Ok(())
}

fn quickstart(world: &mut World) -> Result<()> {
    let mut workspace = world.workspace()?;
    let path = examples().join("quickstart/main.tf");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    workspace.write("main.tf", &text)?;
    let (blue, green) = (free_port()?, free_port()?);
    workspace.set(
        "TF_VAR_web",
        &format!("{{ blue = {blue}, green = {green} }}"),
    );
    workspace.run(&["fmt", "-check", "-diff"])?.success()?;

    workspace.apply()?;
    workspace.must_have_nothing_to_refresh()?;
    for (name, url) in workspace.output("urls")?.as_object().context("no URLs")? {
        let url = url.as_str().context("a URL is no text")?;
        let body = http::page(url, PAGE_DEADLINE)?;
        ensure!(body.contains("from "), "{name} at {url} serves {body:?}");
    }
    workspace.must_be_settled()?;
    ensure!(
        world.engine.containers(&world.label()?)?.len() == 3,
        "there should be three containers"
    );

    imports_to_an_empty_plan(&workspace)?;

    workspace.destroy()?;
    let left = world.engine.containers(&world.label()?)?;
    ensure!(left.is_empty(), "left in Docker after destroy: {left:?}");
    Ok(())
}

fn imports_to_an_empty_plan(workspace: &Workspace) -> Result<()> {
    let addresses = [
        "zun_container.web[\"blue\"]",
        "zun_container.web[\"green\"]",
        "zun_container.status",
    ];
    for address in addresses {
        let id = workspace.attributes(address)?["id"]
            .as_str()
            .context("no id")?
            .to_owned();
        workspace.import_again(address, &id)?;
    }
    workspace.must_be_settled()
}

fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port())
}
