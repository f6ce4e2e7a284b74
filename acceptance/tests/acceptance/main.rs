//! The product as its users run it: real `terraform` and `tofu`, the real provider, a real `zund`, real containers.
//!
//! | file | what it proves |
//! |---|---|
//! | `quickstart.rs` | the example that newcomers run first |
//! | `attribute.rs` | every attribute of every resource, through its whole life |
//! | `capsule.rs` | the same for capsules, each edit alone; the example; templates; OpenStack's own clients |
//! | `volume.rs` | the same for volumes, snapshots and `mounts`; nothing of them is left at the end |
//! | `volume_killed.rs` | zund and the host killed in the middle of work on volumes: no byte changes |
//! | `database.rs` | the example of a database: its data after a recreate and after a reboot |
//! | `network.rs` | the same for networks, subnets, ports, groups and rules, routers and floating IPs |
//! | `network_container.rs` | containers on networks: joined, left, cut off by hand, ports that stay |
//! | `network_tiers.rs` | the example of three tiers with real packets, also while zund is dead |
//! | `network_killed.rs` | zund killed in the middle of work on networks: rules and records agree |
//! | `wordpress.rs` | the example of a blog, used as its author would |
//! | `network_many.rs` | sixty containers and their network come and go, again and again |
//! | `openstack_network.rs` | OpenStack's own clients and gophercloud with every noun of networks |
//! | `openstack_network_container.rs` | containers on networks by those clients, with real packets |
//! | `drift.rs` | what `docker` changes by hand is named and mended |
//! | `many.rs` | many at once, two runs at once, modules, unknown values, sets, data sources |
//! | `generated.rs` | configuration written by the core for what is imported |
//! | `interrupted.rs` | killed in the middle, each of the three programs, and tried again |
//! | `failing.rs` | what users read when something is wrong |
//! | `snapshot.rs`, `capsule/plan.rs` | what users read when they plan |
//! | `secret.rs` | values that stay out of logs, states and answers |
//! | `registry.rs` | the same for registries; containers and images from one with a login, a tag that moves |
//! | `stored_image.rs` | every attribute of images, containers of images of each kind of file |
//! | `openstack_image.rs` | OpenStack's own clients with images and commits |
//! | `image.rs` | the images that the others use |

mod attribute;
mod capsule;
mod capsule_killed;
mod database;
mod drift;
mod failing;
mod generated;
mod image;
mod interrupted;
mod many;
mod network;
mod network_container;
mod network_killed;
mod network_many;
mod network_tiers;
mod openstack_image;
mod openstack_network;
mod openstack_network_container;
mod quickstart;
mod registry;
mod secret;
mod snapshot;
mod stored_image;
mod volume;
mod volume_killed;
mod wordpress;

use anyhow::{Result, ensure};

/// Fails with every failure in one message.
fn all(results: impl IntoIterator<Item = Result<()>>) -> Result<()> {
    let failures: Vec<String> = results
        .into_iter()
        .filter_map(|result| Some(format!("{:#}", result.err()?)))
        .collect();
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}
