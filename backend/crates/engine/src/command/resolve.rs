//! What only the outside knows, asked before the transaction: image digests and busy ports; and what a
//! specification says that cannot be.

use std::collections::BTreeSet;

use ipnet::IpNet;
use zun_domain::container::spec::{CpuPolicy, ImageSource};
use zun_domain::container::{
    ContainerSpec, PortMapping, Protocol, Published, RestartPolicyName, WaitFor, Wish,
};
use zun_domain::id::ProjectId;
use zun_domain::image::{LoadImage, ResolvedImage};
use zun_driver::volume::VolumeFacts;

use crate::context::{Engine, Inner};
use crate::error::{Error, Result};
use crate::settings::DiskMode;

/// What the outside answered.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) image: ResolvedImage,
    /// Where the image service has it.
    pub(crate) load: Option<LoadImage>,
    pub(crate) busy: BTreeSet<(Protocol, u16)>,
    /// Subnets that a network made for this must not overlap; empty where it is there already.
    pub(crate) subnets: Vec<IpNet>,
    /// What the volume driver says about itself, where there is something to mount.
    pub(crate) volumes: Option<VolumeFacts>,
}

/// Checks a specification against what is decided here, every rule that needs no other row.
pub(crate) fn check_spec(
    inner: &Inner,
    spec: &ContainerSpec,
    wish: Option<Wish>,
    wait_for: WaitFor,
) -> Result<()> {
    if let Some((field, message)) = spec.contradictions().into_iter().next() {
        return Err(Error::invalid(field, message));
    }
    if spec.cpu_policy == Some(CpuPolicy::Dedicated) {
        return Err(Error::invalid(
            "cpu_policy",
            "\"dedicated\" is not served yet: no host reports cores to pin; use \"shared\"",
        ));
    }
    let sized = spec.disk.is_some_and(|disk| disk.0 > 0);
    if sized && inner.settings.disk == DiskMode::Refuse && !inner.enforces_disk_somewhere() {
        return Err(Error::invalid(
            "disk",
            "the storage driver of this deployment does not enforce a size; leave disk out, or set disk = \"account\" \
             in zund's configuration to have it counted only",
        ));
    }
    if wait_for == WaitFor::Healthy && spec.healthcheck.is_none() {
        return Err(Error::invalid(
            "wait_for",
            "\"healthy\" needs a healthcheck",
        ));
    }
    check_minimum(spec)?;
    if wait_for == WaitFor::Exited || wish == Some(Wish::Finished) {
        check_job(spec, wish)
    } else {
        Ok(())
    }
}

/// Limits that no engine takes, refused before anything is made.
fn check_minimum(spec: &ContainerSpec) -> Result<()> {
    if let Some(memory) = spec.memory.filter(|memory| memory.0 < 6) {
        return Err(Error::invalid(
            "memory",
            format!("{memory} MiB is below the engine's minimum of 6 MiB"),
        ));
    }
    if let Some(cpu) = spec.cpu.filter(|cpu| cpu.0 < 10) {
        return Err(Error::invalid(
            "cpu",
            format!("{cpu} is below the engine's minimum of 0.01 cores"),
        ));
    }
    Ok(())
}

fn check_job(spec: &ContainerSpec, wish: Option<Wish>) -> Result<()> {
    if !matches!(wish, None | Some(Wish::Finished)) {
        return Err(Error::invalid(
            "state",
            "must be left out with wait_for = \"exited\": a job runs to its end",
        ));
    }
    match spec.restart_policy.map(|policy| policy.name) {
        Some(RestartPolicyName::Always | RestartPolicyName::UnlessStopped) => Err(Error::invalid(
            "restart_policy",
            "\"always\" and \"unless-stopped\" never let a job end; use \"no\" or \"on-failure\" with wait_for = \"exited\"",
        )),
        Some(RestartPolicyName::No | RestartPolicyName::OnFailure) | None => Ok(()),
    }
}

/// The wish behind `state` and `wait_for`, where `before` was wished.
pub(crate) fn wish_of(wish: Option<Wish>, wait_for: WaitFor, before: Wish) -> Wish {
    if wait_for == WaitFor::Exited {
        Wish::Finished
    } else {
        wish.unwrap_or(before)
    }
}

impl Engine {
    /// Asks for the image's digest and, where ports are published, for busy ports.
    pub(crate) async fn resolve(
        &self,
        project: ProjectId,
        spec: &ContainerSpec,
    ) -> Result<Resolved> {
        let (image, load) = if spec.image_driver == Some(ImageSource::Glance) {
            let (image, load) = self.resolve_stored(project, spec).await?;
            (image, Some(load))
        } else {
            (self.image_now(project, spec).await?, None)
        };
        let published = spec.ports.as_ref().is_some_and(|ports| !ports.is_empty());
        let busy = if published {
            self.drivers(self.local)?.runtime.busy_ports().await?
        } else {
            BTreeSet::new()
        };
        Ok(Resolved {
            image,
            load,
            busy,
            subnets: Vec::new(),
            volumes: None,
        })
    }
}

/// Every host port decided: those asked for, those kept from before, and free ones for the rest.
pub(crate) fn publish(
    inner: &Inner,
    ports: Option<&BTreeSet<PortMapping>>,
    kept: &[Published],
    taken: &BTreeSet<(Protocol, u16)>,
    seed: u64,
) -> Result<Vec<Published>> {
    let mut given = BTreeSet::new();
    let mut out = Vec::new();
    let (asked, open): (Vec<&PortMapping>, Vec<&PortMapping>) = ports
        .into_iter()
        .flatten()
        .partition(|port| port.external.is_some());
    for port in asked {
        let protocol = port.protocol.unwrap_or_default();
        let external = port.external.map_or(0, std::num::NonZeroU16::get);
        if taken.contains(&(protocol, external)) || !given.insert((protocol, external)) {
            return Err(Error::Conflict(format!(
                "port {external}/{protocol} of the host is taken already; choose another external port, or leave it out \
                 to have one picked"
            )));
        }
        out.push(Published {
            internal: port.internal.get(),
            external,
            protocol,
            ip: port.ip,
        });
    }
    for port in open {
        let protocol = port.protocol.unwrap_or_default();
        let internal = port.internal.get();
        let before = kept
            .iter()
            .find(|p| p.internal == internal && p.protocol == protocol)
            .map(|p| p.external);
        let free = |candidate: &u16| {
            !taken.contains(&(protocol, *candidate)) && !given.contains(&(protocol, *candidate))
        };
        let external = before
            .filter(free)
            .or_else(|| pick(inner, seed, free))
            .ok_or_else(|| none_free(inner))?;
        given.insert((protocol, external));
        out.push(Published {
            internal,
            external,
            protocol,
            ip: port.ip,
        });
    }
    out.sort();
    Ok(out)
}

fn none_free(inner: &Inner) -> Error {
    let (first, last) = (
        inner.settings.host_ports.start(),
        inner.settings.host_ports.end(),
    );
    Error::Conflict(format!(
        "no host port is free in {first}-{last}; widen host_ports in zund's configuration"
    ))
}

/// The first free port from a seeded place on: two containers of one stack seldom ask for the same, and
/// a port that was just given back is not given to someone else at once.
fn pick(inner: &Inner, seed: u64, free: impl Fn(&u16) -> bool) -> Option<u16> {
    let (first, last) = (
        *inner.settings.host_ports.start(),
        *inner.settings.host_ports.end(),
    );
    let width = u64::from(last.saturating_sub(first)) + 1;
    let from = first.saturating_add(u16::try_from(seed % width).unwrap_or(0));
    (from..=last)
        .find(&free)
        .or_else(|| (first..from).find(&free))
}
