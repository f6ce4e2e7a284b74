//! What each container of a capsule is to be, from the capsule's specification alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{CapsuleContainer, CapsuleSpec, CapsuleVolume, Role};
use crate::container::mount::MountType;
use crate::container::spec::SpecDefaults;
use crate::container::{
    ContainerSpec, MountSpec, PortMapping, PullPolicy, RestartPolicy, RestartPolicyName,
};
use crate::id::VolumeId;
use crate::name::ImageRef;
use crate::unit::Amounts;

/// How often an init container that has failed is started once more, unless the capsule's policy is `no`. One: what a
/// second attempt does not mend is told to the user, while Zun's bound of 10 keeps them waiting.
const INIT_RETRIES: u32 = 1;

impl CapsuleSpec {
    /// Fills in what is always in force and shown as computed, of each container.
    #[must_use]
    pub fn with_defaults(mut self, defaults: &SpecDefaults) -> Self {
        let inits = self.init_containers.iter_mut().flatten();
        for container in self.containers.iter_mut().chain(inits) {
            container.spec = container.spec.clone().with_defaults(defaults);
        }
        self
    }

    /// The init containers, in the order in which they run.
    pub fn inits(&self) -> &[CapsuleContainer] {
        self.init_containers.as_deref().unwrap_or_default()
    }

    /// Its volumes.
    pub fn volumes(&self) -> &[CapsuleVolume] {
        self.volumes.as_deref().unwrap_or_default()
    }

    /// Init containers, then members, each in their order.
    pub fn parts(&self) -> impl Iterator<Item = (Role, &CapsuleContainer)> {
        let inits = self.inits().iter().map(|one| (Role::Init, one));
        inits.chain(self.containers.iter().map(|one| (Role::Member, one)))
    }

    /// What the whole claims, once: its members run side by side, an init container runs alone.
    pub fn amounts(&self) -> Amounts {
        let nothing = Amounts::default();
        let members = self.containers.iter().map(|one| one.spec.amounts());
        let inits = self.inits().iter().map(|one| one.spec.amounts());
        inits.fold(members.fold(nothing, Amounts::plus), Amounts::max)
    }

    /// Every port that a member publishes: the sandbox has them, since it has the address.
    pub fn ports(&self) -> BTreeSet<PortMapping> {
        let of = |one: &CapsuleContainer| one.spec.ports.clone().unwrap_or_default();
        self.containers.iter().flat_map(of).collect()
    }

    /// The container that holds the namespaces of the others open. It has what is the capsule's, mounts nothing and
    /// limits nothing: its program only waits.
    pub fn sandbox(&self, image: ImageRef) -> ContainerSpec {
        let ports = self.ports();
        // The others see its /dev/shm: whoever asks for the most decides.
        let shm_size = self.parts().filter_map(|(_, one)| one.spec.shm_size).max();
        ContainerSpec {
            image_pull_policy: Some(PullPolicy::IfNotPresent),
            restart_policy: Some(policy(RestartPolicyName::UnlessStopped, None)),
            ports: (!ports.is_empty()).then_some(ports),
            hostname: self.hostname.clone(),
            networks: self.networks.clone(),
            security_groups: self.security_groups.clone(),
            availability_zone: self.availability_zone.clone(),
            host: self.host.clone(),
            hints: self.hints.clone(),
            shm_size,
            ..ContainerSpec::of(image)
        }
    }

    /// What one of its containers is to be. `volumes` says which volume is behind each name; a name that is not in it
    /// stays as it is.
    pub fn member(
        &self,
        container: &CapsuleContainer,
        role: Role,
        volumes: &BTreeMap<String, VolumeId>,
    ) -> ContainerSpec {
        self.part(container, role, |name| {
            volumes.get(name).map(ToString::to_string)
        })
    }

    /// The same, with whatever `source` says is behind the name of a volume.
    pub(super) fn part(
        &self,
        container: &CapsuleContainer,
        role: Role,
        source: impl Fn(&str) -> Option<String>,
    ) -> ContainerSpec {
        let mut spec = container.spec.clone();
        spec.ports = None;
        spec.shm_size = None;
        spec.restart_policy = Some(self.restart_policy_of(role));
        let behind = |mut mount: MountSpec| {
            if mount.kind.unwrap_or_default() == MountType::Volume {
                let found = mount.source.as_deref().and_then(&source);
                mount.source = found.or(mount.source);
            }
            mount
        };
        spec.mounts = spec
            .mounts
            .map(|mounts| mounts.into_iter().map(behind).collect());
        spec
    }

    /// The policy that is in force for a container of this role.
    fn restart_policy_of(&self, role: Role) -> RestartPolicy {
        let given = self
            .restart_policy
            .unwrap_or(policy(RestartPolicyName::Always, None));
        match role {
            Role::Sandbox => policy(RestartPolicyName::UnlessStopped, None),
            Role::Member => given,
            Role::Init if given.name == RestartPolicyName::No => given,
            Role::Init => policy(RestartPolicyName::OnFailure, Some(INIT_RETRIES)),
        }
    }
}

const fn policy(name: RestartPolicyName, maximum_retry_count: Option<u32>) -> RestartPolicy {
    RestartPolicy {
        name,
        maximum_retry_count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capsule::sample::{capsule, named};
    use crate::unit::{DiskGib, MemoryMib, Millicpu};
    use uuid::Uuid;

    #[test]
    fn members_are_added_up_and_an_init_container_runs_alone() {
        let text = r#"{"containers": [
                {"name": "web", "spec": {"image": "web:1", "cpu": 0.5, "memory": 64, "disk": 1}},
                {"name": "log", "spec": {"image": "log:1", "cpu": 0.5, "memory": 32}}],
            "init_containers": [
                {"name": "one", "spec": {"image": "web:1", "cpu": 0.1, "memory": 512}},
                {"name": "two", "spec": {"image": "web:1", "cpu": 0.2, "memory": 16}}]}"#;
        let expected = Amounts {
            cpu: Millicpu::CORE,
            memory: MemoryMib(512),
            disk: DiskGib(1),
        };
        assert_eq!(capsule(text).amounts(), expected);
        let filled = capsule(r#"{"containers": [{"name": "web", "spec": {"image": "web:1"}}]}"#)
            .with_defaults(&SpecDefaults::default());
        assert_eq!(filled.amounts().memory, MemoryMib(512));
    }

    #[test]
    fn the_sandbox_has_what_is_the_capsules() {
        let text = r#"{"hostname": "shop", "networks": [{"network": "front"}], "security_groups": ["web"],
            "availability_zone": "a", "labels": {"of": "us"}, "restart_policy": {"name": "no"},
            "containers": [
                {"name": "web", "spec": {"image": "web:1", "memory": 64, "ports": [{"internal": 80, "external": 8080}],
                 "shm_size": 16}},
                {"name": "dns", "spec": {"image": "dns:1", "ports": [{"internal": 53, "protocol": "udp"}],
                 "shm_size": 128}}]}"#;
        let spec = capsule(text).sandbox("sandbox:1".parse().unwrap());
        let shown = serde_json::to_value(&spec).unwrap();
        let given: BTreeMap<&str, &serde_json::Value> = shown
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(field, value)| (field.as_str(), value))
            .collect();
        let expected = serde_json::json!({
            "image": "sandbox:1", "image_pull_policy": "ifnotpresent", "hostname": "shop",
            "networks": [{"network": "front", "port": null, "fixed_ip": null, "fixed_ip_v6": null, "preserve_on_delete": null}],
            "security_groups": ["web"], "availability_zone": "a", "shm_size": 128,
            "ports": [{"internal": 53, "external": null, "protocol": "udp", "ip": null},
                      {"internal": 80, "external": 8080, "protocol": null, "ip": null}],
            "restart_policy": {"name": "unless-stopped", "maximum_retry_count": null},
        });
        assert_eq!(serde_json::to_value(given).unwrap(), expected);
        assert_eq!(spec.amounts(), Amounts::default());
    }

    #[test]
    fn a_member_has_its_own_part_and_the_capsules_policy() {
        let text = r#"{"volumes": [{"name": "data", "size": 1}], "containers": [
            {"name": "web", "spec": {"image": "web:1", "ports": [{"internal": 80}], "mounts": [
                {"destination": "/data", "source": "data", "read_only": true},
                {"destination": "/etc/web", "type": "bind", "content": "YQ=="}]}}]}"#;
        let whole = capsule(text);
        let id = VolumeId(Uuid::from_u128(7));
        let volumes = BTreeMap::from([("data".to_owned(), id)]);
        let spec = whole.member(named(&whole, "web"), Role::Member, &volumes);
        assert_eq!(spec.ports, None);
        let mounts = spec.mounts.unwrap();
        let sources: Vec<Option<String>> = mounts.into_iter().map(|mount| mount.source).collect();
        assert_eq!(sources, [Some(id.to_string()), None]);
        assert_eq!(
            spec.restart_policy,
            Some(policy(RestartPolicyName::Always, None))
        );
    }

    #[test]
    fn an_init_container_is_tried_once_more_unless_nothing_is() {
        let base = r#"{"containers": [{"name": "web", "spec": {"image": "web:1"}}]}"#;
        let mut whole = capsule(base);
        for (given, init) in [
            (None, policy(RestartPolicyName::OnFailure, Some(1))),
            (
                Some(RestartPolicyName::UnlessStopped),
                policy(RestartPolicyName::OnFailure, Some(1)),
            ),
            (
                Some(RestartPolicyName::No),
                policy(RestartPolicyName::No, None),
            ),
        ] {
            whole.restart_policy = given.map(|name| policy(name, None));
            let of = |role| {
                whole
                    .member(&whole.containers[0], role, &BTreeMap::new())
                    .restart_policy
            };
            assert_eq!(of(Role::Init), Some(init));
            assert_eq!(
                of(Role::Member).map(|policy| policy.name),
                Some(given.unwrap_or(RestartPolicyName::Always))
            );
        }
    }
}
