//! The example of three tiers with real packets: what its groups allow passes, and nothing else, also while zund is
//! dead and after it is back.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use zun_acceptance::tofu::{Flavor, Workspace};
use zun_acceptance::world::{ROOMY, World, on_docker_with};
use zun_acceptance::{http, process};

use crate::network::must_be_as_new;

const PAGE_DEADLINE: Duration = Duration::from_secs(20);

#[test]
fn three_tiers_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, three_tiers)
}

#[test]
fn three_tiers_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, three_tiers)
}

/// Each tier with the port that it listens on.
const TIERS: [(&str, u16); 3] = [("web", 80), ("app", 8080), ("cache", 6379)];
/// What may pass.
const EDGES: [(&str, &str); 2] = [("web", "app"), ("app", "cache")];

struct Tier {
    name: &'static str,
    port: u16,
    uuid: String,
    address: String,
}

fn tiers(workspace: &Workspace) -> Result<Vec<Tier>> {
    let of = |(name, port): (&'static str, u16)| {
        let values = workspace.attributes(&format!("zun_container.{name}"))?;
        let text = |pointer: &str| {
            let text = values.pointer(pointer).and_then(|text| text.as_str());
            text.map(str::to_owned)
                .with_context(|| format!("{name} has no {pointer}"))
        };
        Ok(Tier {
            name,
            port,
            uuid: text("/id")?,
            address: text("/addresses/0/ip")?,
        })
    };
    TIERS.into_iter().map(of).collect()
}

fn three_tiers(world: &mut World) -> Result<()> {
    let mut workspace = world.workspace()?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = path.join("../examples/terraform/three-tier/main.tf");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    workspace.write("main.tf", &text)?;
    let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    workspace.set("TF_VAR_port", &free.port().to_string());
    workspace.set("TF_VAR_cidr", &format!("{}.0.0/24", world.own_prefix()));
    workspace.run(&["fmt", "-check", "-diff"])?.success()?;
    workspace.apply()?;
    workspace.must_have_nothing_to_refresh()?;
    workspace.must_be_settled()?;
    let url = workspace.output("url")?;
    let url = url.as_str().context("a URL that is no text")?.to_owned();
    let tiers = tiers(&workspace)?;

    only_the_edges_pass(world, &tiers, &url).context("as it was applied")?;
    world.backend.kill()?;
    only_the_edges_pass(world, &tiers, &url).context("while zund is dead")?;
    world.backend.restart()?;
    only_the_edges_pass(world, &tiers, &url).context("with zund back")?;
    workspace.must_be_settled()?;
    rules_follow(world, &workspace, &tiers)?;
    workspace.destroy()?;
    must_be_as_new(&world.api()?)?;
    world.must_be_empty()
}

/// The page has been through all tiers; between any other two, and from the host, nothing passes.
fn only_the_edges_pass(world: &World, tiers: &[Tier], url: &str) -> Result<()> {
    let page = process::poll(PAGE_DEADLINE, || match http::get(url) {
        Ok((200, body)) if body.contains("42 from the cache") => Some(body),
        _ => None,
    });
    let page =
        page.with_context(|| format!("{url} does not show the cache: {:?}", http::get(url)))?;
    ensure!(page.contains("the application, which has"), "{page}");
    let pairs = tiers
        .iter()
        .flat_map(|from| tiers.iter().map(move |to| (from, to)));
    crate::all(
        pairs
            .filter(|(from, to)| from.name != to.name)
            .map(|(from, to)| {
                let allowed = EDGES.contains(&(from.name, to.name));
                let passes = reaches(world, from, to);
                ensure!(
                    passes == allowed,
                    "{} {} {}",
                    from.name,
                    if passes { "reaches" } else { "does not reach" },
                    to.name
                );
                Ok(())
            }),
    )?;
    for tier in tiers.iter().filter(|tier| tier.name != "web") {
        let address = format!("{}:{}", tier.address, tier.port);
        let socket = address.parse().context("no address")?;
        let opened = std::net::TcpStream::connect_timeout(&socket, Duration::from_secs(2));
        ensure!(
            opened.is_err(),
            "the host reaches {} at {address}",
            tier.name
        );
    }
    Ok(())
}

/// Whether the one gets an answer of the other.
fn reaches(world: &World, from: &Tier, to: &Tier) -> bool {
    let script = format!("nc -w 2 {} {} </dev/null", to.address, to.port);
    let answer = world.engine.exec(&from.uuid, &["sh", "-c", &script]);
    answer.is_ok_and(|answer| !answer.is_empty())
}

/// A rule that is taken away, and put back, counts at once.
fn rules_follow(world: &World, workspace: &Workspace, tiers: &[Tier]) -> Result<()> {
    let tier = |name: &str| {
        let mut all = tiers.iter();
        all.find(|tier| tier.name == name).context("no such tier")
    };
    let (app, cache) = (tier("app")?, tier("cache")?);
    let rule = "zun_security_group_rule.in[\"app-cache\"]";
    let target = format!("-target={rule}");
    let destroy = ["destroy", "-auto-approve", "-no-color", target.as_str()];
    workspace.run(&destroy)?.success()?;
    ensure!(
        !reaches(world, app, cache),
        "a rule that is gone still counts"
    );
    let plan = workspace.plan()?;
    ensure!(plan.actions(rule) == ["create"], "{}", plan.text);
    workspace.apply()?;
    workspace.must_be_settled()?;
    ensure!(
        reaches(world, app, cache),
        "a rule that is back does not count"
    );
    Ok(())
}
