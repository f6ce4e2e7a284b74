//! A container and its rows.

use std::sync::Arc;

use zun_domain::capsule::Membership;
use zun_domain::container::{Address, Container, Desired, TaskState};
use zun_domain::host::HostPlace;
use zun_domain::id::{ContainerId, OperationId};

use super::{ContainerEntry, TABLE};
use crate::error::Result;
use crate::sql::{Row, Statement, json};
use crate::vault::{Place, Vault};

fn place(id: &str) -> Place<'_> {
    Place {
        table: TABLE,
        column: "desired",
        row: id,
    }
}

/// The sealed wish.
pub(super) fn seal(vault: &Vault, container: &Container) -> Result<Vec<u8>> {
    vault.seal_json(&container.desired, &place(&container.id.to_string()))
}

/// Binds the sixteen columns that insert and update have in common, in the order of both.
pub(super) fn bind_changeable(
    statement: Statement,
    container: &Container,
    desired: Vec<u8>,
) -> Result<Statement> {
    let spec = &container.desired.spec;
    Ok(statement
        .bind(container.place.id)
        .bind(container.place.name.as_str())
        .bind(container.place.zone.as_str())
        .bind(container.generation)
        .bind(container.desired.name.as_str())
        .bind(spec.image.as_str())
        .bind(
            spec.memory
                .map(|memory| i64::try_from(memory.0).unwrap_or(i64::MAX)),
        )
        .bind(spec.auto_remove.unwrap_or(false))
        .bind(desired)
        .bind(json(&container.life)?)
        .bind(container.observed.as_ref().map(json).transpose()?)
        .bind(container.status().to_string())
        .bind(container.status_reason.as_deref())
        .bind(container.task.map(TaskState::as_str))
        .bind(container.confirmed)
        .bind(container.updated_at))
}

/// Containers from rows where each is repeated once per address, in order of its ports.
pub(super) fn entries(vault: &Vault, rows: Vec<Row>) -> Result<Vec<ContainerEntry>> {
    let mut all: Vec<(Container, Option<OperationId>)> = Vec::new();
    for row in rows {
        let id: ContainerId = row.word("id")?;
        if all.last().is_none_or(|(last, _)| last.id != id) {
            all.push((container(vault, id, &row)?, row.word_opt("operation_id")?));
        }
        if let (Some((last, _)), Some(address)) = (all.last_mut(), address(&row)?) {
            last.addresses.push(address);
        }
    }
    let entries = all.into_iter().map(|(mut container, operation)| {
        in_force(&mut container);
        ContainerEntry {
            container: Arc::new(container),
            operation,
        }
    });
    Ok(entries.collect())
}

/// Leaves the addresses of the ports it is decided to have, in the order of that decision: while an update is at
/// work, those that it will give up or is about to get are bound to it, too.
fn in_force(container: &mut Container) {
    let ports = &container.desired.ports;
    if ports.is_empty() {
        return;
    }
    let place = |address: &Address| ports.iter().position(|port| *port == address.port);
    container
        .addresses
        .retain(|address| place(address).is_some());
    container.addresses.sort_by_key(place);
}

fn container(vault: &Vault, id: ContainerId, row: &Row) -> Result<Container> {
    let desired: Vec<u8> = row.get("desired")?;
    let desired: Desired = vault.open_json(&desired, &place(&id.to_string()))?;
    Ok(Container {
        id,
        membership: membership(row)?,
        project: row.word("project_id")?,
        user: row.word("user_id")?,
        place: HostPlace {
            id: row.word("host_id")?,
            name: row.word("host_name")?,
            zone: row.get("host_zone")?,
        },
        generation: row.get("generation")?,
        desired,
        addresses: Vec::new(),
        life: row.json("life")?,
        observed: row.json_opt("observed")?,
        status_reason: row.get("status_reason")?,
        task: row.word_opt("task")?,
        confirmed: row.get("confirmed")?,
        created_at: row.word("created_at")?,
        updated_at: row.word_opt("updated_at")?,
    })
}

fn membership(row: &Row) -> Result<Option<Membership>> {
    let Some(capsule) = row.word_opt("capsule_id")? else {
        return Ok(None);
    };
    Ok(Some(Membership {
        capsule,
        role: row.word("role")?,
        position: row.count("position")?,
    }))
}

fn address(row: &Row) -> Result<Option<Address>> {
    let Some(ip) = row.word_opt("ip")? else {
        return Ok(None);
    };
    Ok(Some(Address {
        network: row.word("network_id")?,
        subnet: row.word("subnet_id")?,
        ip,
        mac: row.get("mac")?,
        port: row.word("port_id")?,
        preserve: row.get("preserve")?,
        runtime_network: row.get("runtime_name")?,
        security_groups: row.words("groups")?,
    }))
}
