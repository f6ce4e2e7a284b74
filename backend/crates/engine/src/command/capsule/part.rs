//! One container of a capsule: its record, its wish and how it is made.

use zun_domain::capsule::{Capsule, CapsuleContainer, CapsuleSpec, Membership, Role};
use zun_domain::container::{
    Container, ContainerSpec, Desired, Life, Mount, MountSource, WaitFor, Wish, mount,
};
use zun_domain::id::{CapsuleId, ContainerId};
use zun_domain::image::ResolvedImage;
use zun_domain::name::{ContainerName, Hostname};
use zun_domain::runtime::{CreateContainer as Request, RuntimeName};
use zun_driver::image::pinned;
use zun_planner::create::Make;
use zun_planner::storage::Storage;
use zun_store::Tx;

use super::resolve::PartImage;
use crate::context::Inner;
use crate::error::{Error, Result};

/// A container as the specification has it: role, place and what is said of it.
pub(super) struct Entry<'a> {
    pub(super) role: Role,
    pub(super) position: u16,
    pub(super) one: &'a CapsuleContainer,
}

/// Init containers, then members, each with its place among its like.
pub(super) fn entries(spec: &CapsuleSpec) -> Vec<Entry<'_>> {
    let numbered = |count: usize| (0..u16::MAX).take(count);
    let places = numbered(spec.inits().len()).chain(numbered(spec.containers.len()));
    let entry = |(position, (role, one))| Entry {
        role,
        position,
        one,
    };
    places.zip(spec.parts()).map(entry).collect()
}

/// The container of that role and name, where the capsule has it.
pub(super) fn existing<'a>(
    capsule: &'a Capsule,
    role: Role,
    name: &ContainerName,
) -> Option<&'a Container> {
    capsule
        .with_role(role)
        .find(|container| container.desired.name == *name)
}

/// What is wished of a container of this role where `whole` is wished of all.
pub(super) fn wish_of_part(role: Role, whole: Wish) -> Wish {
    match role {
        Role::Init => Wish::Finished,
        Role::Sandbox | Role::Member => whole,
    }
}

/// A record that was not there before.
pub(super) fn new_record(
    capsule: &Capsule,
    id: ContainerId,
    (role, position): (Role, u16),
    desired: Desired,
) -> Container {
    Container {
        id,
        membership: Some(membership(capsule.id, role, position)),
        project: capsule.project,
        user: capsule.user,
        place: capsule.place.clone(),
        generation: 1,
        desired,
        addresses: Vec::new(),
        life: Life::Creating,
        observed: None,
        status_reason: None,
        task: None,
        confirmed: true,
        created_at: capsule.updated_at.unwrap_or(capsule.created_at),
        updated_at: None,
    }
}

pub(super) fn membership(capsule: CapsuleId, role: Role, position: u16) -> Membership {
    Membership {
        capsule,
        role,
        position,
    }
}

/// The first wish of a container that joins a sandbox.
pub(super) fn first_wish(
    name: ContainerName,
    spec: ContainerSpec,
    wish: Wish,
    hostname: Hostname,
    image: &ResolvedImage,
) -> Result<Desired> {
    Ok(Desired {
        name,
        mounts: mounts_of(&spec)?,
        spec,
        wish,
        revision: 1,
        image_digest: image.digest.clone(),
        hostname,
        published: Vec::new(),
        ports: Vec::new(),
        security_groups: Vec::new(),
        registry: image.registry,
    })
}

/// The mounts of a container whose volumes are all decided: each is named by its id.
pub(super) fn mounts_of(spec: &ContainerSpec) -> Result<Vec<Mount>> {
    let mut files = 0;
    let mut mounts = Vec::new();
    for entry in spec.mounts.iter().flatten() {
        let source = if let Some(source) = &entry.source {
            let id = source.parse();
            MountSource::Volume(
                id.map_err(|_| Error::Internal(format!("{source} is not the id of a volume")))?,
            )
        } else {
            files += 1;
            MountSource::File(files - 1)
        };
        mounts.push(Mount {
            destination: entry.destination.clone(),
            source,
            read_only: entry.read_only.unwrap_or(false),
        });
    }
    Ok(mounts)
}

/// A registry that is referred to stays.
pub(super) async fn refer_to_registry(tx: &mut Tx, container: &Container) -> Result<()> {
    if let Some(registry) = container.desired.registry {
        tx.container_registries_set(container.id, &[registry])
            .await?;
    }
    Ok(())
}

impl Inner {
    /// Everything that the planner needs to make `desired` of a container that joins this sandbox.
    pub(super) fn make_part(
        &self,
        sandbox: ContainerId,
        container: &Container,
        desired: &Desired,
        image: PartImage,
        wait_for: WaitFor,
    ) -> Result<Make> {
        let had_files = !mount::files(&container.desired.spec).is_empty();
        let former = container.life != Life::Creating && had_files;
        let request = Request {
            container: container.id,
            project: container.project,
            revision: desired.revision,
            spec: desired.spec.clone(),
            // With its registry in front.
            image: pinned(&image.image.reference, &desired.image_digest),
            hostname: desired.hostname.clone(),
            joins: Some(RuntimeName::Current(sandbox)),
            shareable: false,
            attachments: Vec::new(),
            dns: Vec::new(),
            published: Vec::new(),
            mounts: self.mounts_on(container, desired)?,
        };
        Ok(Make {
            request,
            image: image.image,
            load: image.load,
            networks: Vec::new(),
            storage: Storage {
                files: mount::files(&desired.spec),
                former_files: former.then_some(container.desired.revision),
                ..Storage::default()
            },
            wish: desired.wish,
            wait_for,
        })
    }
}
