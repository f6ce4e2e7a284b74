//! One network or group more or less for a container: the verbs of Zun's API. Each is an edit of the whole
//! specification, so that what is asked here and what a plan says are the same thing.

use std::collections::BTreeSet;

use zun_domain::container::{Container, NetworkSpec, WaitFor};
use zun_domain::network::security_group::DEFAULT_GROUP;

use crate::call::Call;
use crate::command::{Accepted, Edit, UpdateContainer};
use crate::context::Engine;
use crate::error::{Error, Result};

impl Engine {
    /// Connects a container to one network more.
    pub async fn container_network_attach(
        &self,
        call: &Call,
        ident: &str,
        network: NetworkSpec,
    ) -> Result<Accepted> {
        let seen = self.container_get(call, ident).await?;
        let mut networks = entries(&seen);
        networks.push(network);
        self.edit(call, &seen, Edit::Networks(networks)).await
    }

    /// Takes a container off a network: the one of this id or name, or the one that this port of it is on.
    pub async fn container_network_detach(
        &self,
        call: &Call,
        ident: &str,
        (network, port): (Option<&str>, Option<&str>),
    ) -> Result<Accepted> {
        let seen = self.container_get(call, ident).await?;
        let networks = entries(&seen);
        let mut left = Vec::new();
        for (id, entry) in seen.desired.ports.iter().zip(networks) {
            let port_record = self.store.port_get(*id).await?;
            let network_record = self.store.network_get(port_record.network).await?;
            let is = |asked: &str, id: &str, name: &str| {
                asked == id || (!name.is_empty() && asked == name)
            };
            let meant = network.is_some_and(|asked| {
                is(asked, &network_record.id.to_string(), &network_record.name)
            }) || port
                .is_some_and(|asked| is(asked, &port_record.id.to_string(), &port_record.name));
            if !meant {
                left.push(entry);
            }
        }
        let asked = network.or(port).unwrap_or_default();
        if left.len() == seen.desired.ports.len() {
            let field = if network.is_some() { "network" } else { "port" };
            return Err(Error::invalid(
                field,
                format!("container {} is not connected to {asked:?}", seen.id),
            ));
        }
        if left.is_empty() {
            return Err(Error::NetworkNotUsable(format!(
                "{asked:?} is the last network of container {}: connect it to another one first",
                seen.id
            )));
        }
        self.edit(call, &seen, Edit::Networks(left)).await
    }

    /// Puts a container into one group more.
    pub async fn container_group_add(
        &self,
        call: &Call,
        ident: &str,
        group: &str,
    ) -> Result<Accepted> {
        let seen = self.container_get(call, ident).await?;
        let mut groups = groups(&seen);
        let id = self.group_ident(&seen, group).await?;
        let mut ids = BTreeSet::new();
        for name in &groups {
            ids.insert(self.group_ident(&seen, name).await?);
        }
        if !ids.insert(id) {
            return Err(Error::invalid(
                "name",
                format!(
                    "container {} is in the security group {group:?} already",
                    seen.id
                ),
            ));
        }
        groups.insert(group.to_owned());
        self.edit(call, &seen, Edit::Groups(groups)).await
    }

    /// Takes a container out of a group.
    pub async fn container_group_remove(
        &self,
        call: &Call,
        ident: &str,
        group: &str,
    ) -> Result<Accepted> {
        let seen = self.container_get(call, ident).await?;
        let id = self.group_ident(&seen, group).await?;
        let before = groups(&seen);
        let mut left = BTreeSet::new();
        for name in &before {
            if self.group_ident(&seen, name).await? != id {
                left.insert(name.clone());
            }
        }
        if left.len() == before.len() {
            return Err(Error::invalid(
                "name",
                format!(
                    "container {} is not in the security group {group:?}",
                    seen.id
                ),
            ));
        }
        if left.is_empty() {
            return Err(Error::NetworkNotUsable(format!(
                "{group:?} is the last security group of container {}: put it into another one first",
                seen.id
            )));
        }
        self.edit(call, &seen, Edit::Groups(left)).await
    }

    /// The group of the container's project that is meant, in a transaction that changes nothing that lasts.
    async fn group_ident(
        &self,
        container: &Container,
        ident: &str,
    ) -> Result<zun_domain::id::SecurityGroupId> {
        let mut tx = self.store.begin().await?;
        let id = self.group_named(&mut tx, container.project, ident).await?;
        tx.rollback().await?;
        Ok(id)
    }

    async fn edit(&self, call: &Call, seen: &Container, edit: Edit) -> Result<Accepted> {
        let ask = UpdateContainer {
            expected: Some(seen.generation),
            name: None,
            edit,
            wish: None,
            wait_for: WaitFor::None,
            unique: false,
        };
        self.container_update(call, &seen.id.to_string(), ask).await
    }
}

/// What its specification says about networks, with the default one by its id where it says nothing.
fn entries(container: &Container) -> Vec<NetworkSpec> {
    let networks = container.desired.spec.networks();
    if !networks.is_empty() {
        return networks.to_vec();
    }
    let first = container.addresses.first();
    let default = first.map(|address| NetworkSpec {
        network: Some(address.network.to_string()),
        ..NetworkSpec::default()
    });
    default.into_iter().collect()
}

/// The groups it is in, by the names that were given.
fn groups(container: &Container) -> BTreeSet<String> {
    let named = container.desired.spec.security_groups.clone();
    named
        .filter(|named| !named.is_empty())
        .unwrap_or_else(|| BTreeSet::from([DEFAULT_GROUP.to_owned()]))
}
