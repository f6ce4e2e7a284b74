//! What a plan says about networks: what stands in the way of being connected, and published ports nobody can reach.

use zun_domain::container::{Container, ContainerSpec, Protocol};
use zun_domain::id::{ContainerId, ProjectId};
use zun_domain::network::security_group::{Allows, Direction};
use zun_store::Tx;

use super::Verdict;
use crate::command::network::wiring::{Wearer, Wiring};
use crate::context::Inner;
use crate::error::{Error, Result};

impl Inner {
    /// The networks of a create. The ports of a container that is to be replaced are free by then.
    pub(super) async fn preview_networks(
        &self,
        tx: &mut Tx,
        (project, id): (ProjectId, ContainerId),
        spec: &ContainerSpec,
        old: Option<&Container>,
        verdict: &mut Verdict,
    ) -> Result<()> {
        if let Some(old) = old {
            for port in tx.ports_of(old.id).await? {
                tx.port_release(port.id, self.clock.now()).await?;
            }
        }
        let wearer = Wearer::new(id, project);
        match self.decide_wiring(tx, &wearer, spec, &[]).await {
            Ok(wiring) => self.note_unreachable(tx, &wiring, spec, verdict).await,
            Err(
                error @ (Error::Invalid { .. }
                | Error::NetworkNotUsable(_)
                | Error::Ambiguous { .. }),
            ) => {
                verdict.note("networks", &error);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Names each published port that no rule of the container's groups admits from anywhere.
    pub(in crate::command) async fn note_unreachable(
        &self,
        tx: &Tx,
        wiring: &Wiring,
        spec: &ContainerSpec,
        verdict: &mut Verdict,
    ) -> Result<()> {
        if wiring.groups.is_empty() {
            return Ok(());
        }
        let mut rules: Vec<Allows> = Vec::new();
        for id in &wiring.groups {
            let group = tx.security_group_find(*id).await?;
            rules.extend(
                group
                    .into_iter()
                    .flat_map(|group| group.rules)
                    .map(|rule| rule.allows),
            );
        }
        for port in spec.ports.iter().flatten() {
            let (internal, protocol) = (port.internal.get(), port.protocol.unwrap_or_default());
            if !rules.iter().any(|rule| admits(rule, protocol, internal)) {
                verdict.problems.push((
                    "ports",
                    format!(
                        "port {internal}/{protocol} is published, but no rule of its security_groups admits it: add an ingress \
                         rule for it to one of them, or leave security_groups out to have it open to everybody"
                    ),
                ));
            }
        }
        Ok(())
    }
}

/// Whether the rule lets somebody reach this port.
fn admits(rule: &Allows, protocol: Protocol, port: u16) -> bool {
    let number = match protocol {
        Protocol::Tcp => 6,
        Protocol::Udp => 17,
    };
    let named = rule.protocol.as_ref();
    rule.direction == Direction::Ingress
        && named.is_none_or(|named| named.number() == number)
        && rule.port_min.is_none_or(|first| first <= port)
        && rule.port_max.is_none_or(|last| port <= last)
}
