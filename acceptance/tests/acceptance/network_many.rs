//! Sixty containers and their network, made and destroyed in one run each, again and again: an engine at times will not
//! give up a network, and the user must not see it, and nothing must pile up.

use std::time::Instant;

use anyhow::{Result, ensure};
use zun_acceptance::settings;
use zun_acceptance::tofu::Flavor;
use zun_acceptance::world::{ROOMY, World, on_docker_with};

use crate::network::must_be_as_new;

/// So many networks of this deployment the engine may have in the end: the project's default one, and what it would
/// not give up.
const MOST_LEFT: usize = 2;

#[test]
fn sixty_and_their_network_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, |world| {
        rounds(world, settings::rounds())
    })
}

#[test]
fn sixty_and_their_network_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, |world| rounds(world, 1))
}

const STACK: &str = r#"
resource "zun_network" "many" {
  name = "many"
}

resource "zun_subnet" "many" {
  network_id = zun_network.many.id
  cidr       = "PREFIX.0.0/24"
}

resource "zun_container" "many" {
  count        = 60
  image        = "zun/test:1"
  command      = ["run", "sleep", "100000"]
  cpu          = 0.01
  memory       = 16
  stop_timeout = 1
  networks     = [{ network = zun_subnet.many.network_id }]
}
"#;

fn rounds(world: &mut World, count: u32) -> Result<()> {
    let workspace = world.workspace()?;
    workspace.configure(&STACK.replace("PREFIX", &world.own_prefix()))?;
    let api = world.api()?;
    let label = world.label()?;
    let mut left = Vec::new();
    for round in 1..=count {
        let begin = Instant::now();
        workspace.apply()?;
        let applied = begin.elapsed();
        let begin = Instant::now();
        workspace.destroy()?;
        let destroyed = begin.elapsed();
        must_be_as_new(&api)?;
        world.must_be_empty()?;
        let networks = world.engine.networks(&label)?;
        left.push(networks.len());
        eprintln!(
            "round {round} of {count}: applied in {:.1} s, destroyed in {:.1} s, networks of this deployment in the engine: {}",
            applied.as_secs_f64(),
            destroyed.as_secs_f64(),
            networks.len()
        );
    }
    ensure!(
        left.iter().all(|count| *count <= MOST_LEFT),
        "networks pile up in the engine, after each round: {left:?}"
    );
    Ok(())
}
