//! The ports of a container when an operation has ended: those of the wish in force stay, all others are given back.

use std::collections::BTreeSet;

use zun_domain::container::{Container, Desired};
use zun_domain::network::Port;
use zun_store::Tx;

use super::End;
use crate::execute::{Target, Work};

/// One that was made for the container goes, one that a user made or asked to be preserved is free again.
pub(super) async fn settle_ports(
    tx: &mut Tx,
    container: &Container,
    work: &Work,
    end: &End,
) -> zun_store::Result<()> {
    let desired = &container.desired;
    // A wish of an earlier build does not say which they are: it has one, and keeps it.
    if desired.ports.is_empty() {
        return Ok(());
    }
    let refused = match (&end.failure, &work.target) {
        (Some(_), Some(Target::Container(target))) => Some(target.as_ref()),
        (Some(_), Some(Target::Capsule(target))) => {
            let part = target.parts.get(&container.id);
            part.map(|part| &part.desired)
        }
        _ => None,
    };
    for port in tx.ports_of(container.id).await? {
        match desired.ports.iter().position(|id| *id == port.id) {
            None if port.preserve => tx.port_release(port.id, end.at).await?,
            None => tx.port_delete(port.id).await?,
            Some(at) => {
                if let Some(target) = refused {
                    take_back(tx, container, target, (port, at)).await?;
                }
            }
        }
    }
    Ok(())
}

/// A port that stays, as the wish in force has it, after another one was refused.
async fn take_back(
    tx: &mut Tx,
    container: &Container,
    refused: &Desired,
    (mut port, at): (Port, usize),
) -> zun_store::Result<()> {
    let desired = &container.desired;
    let before = port.clone();
    let entry = desired.spec.networks().get(at);
    port.position = u32::try_from(at).unwrap_or(u32::MAX);
    let users = entry.is_some_and(|entry| entry.port.is_some());
    if !users {
        port.preserve = entry.is_some_and(|entry| entry.preserve_on_delete == Some(true));
        if refused.security_groups != desired.security_groups {
            port.groups_chosen = !desired.security_groups.is_empty();
            port.security_groups = desired.security_groups.iter().copied().collect();
            if !port.groups_chosen {
                let default = tx.security_group_find_default(container.project).await?;
                port.security_groups = default
                    .map(|group| group.id)
                    .into_iter()
                    .collect::<BTreeSet<_>>();
            }
        }
    }
    if port == before {
        return Ok(());
    }
    tx.port_update(&port).await
}
