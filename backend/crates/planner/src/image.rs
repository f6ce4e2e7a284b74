//! Plans of images: committed, pulled and saved, deleted.

use zun_domain::id::{ImageId, RegistryId};
use zun_domain::image::{CommitContainer, PushCommit, ResolvedImage, SaveImage, SaveSource};
use zun_domain::name::ImageRef;

use crate::step::{Action, ImageAction, Plan, Step};

fn plain(action: ImageAction) -> Step {
    Step::plain(Action::Image(action))
}

/// Data that comes is removed again where it, or anything after it, fails.
fn save(image: ImageId, from: SaveSource, most: u64) -> Step {
    let save = SaveImage { image, from, most };
    Step::undone_by(
        Action::Image(ImageAction::Save(save)),
        vec![Action::Image(ImageAction::RemoveData(image))],
    )
}

/// Commit, save, and remove what was committed. Nothing of it stays in the engine, whatever happens.
pub fn plan_commit(commit: CommitContainer, most: u64) -> Plan {
    let save = save(commit.image, SaveSource::Commit, most);
    around_commit(commit, save)
}

/// The same with a registry in place of the image service.
pub fn plan_commit_push(commit: CommitContainer, target: ImageRef, registry: RegistryId) -> Plan {
    let push = PushCommit {
        image: commit.image,
        target,
        registry,
    };
    around_commit(commit, plain(ImageAction::Push(push)))
}

fn around_commit(commit: CommitContainer, keep: Step) -> Plan {
    let drop_commit = ImageAction::DropCommit(commit.image);
    Plan {
        steps: vec![
            Step::undone_by(
                Action::Image(ImageAction::Commit(commit)),
                vec![Action::Image(drop_commit.clone())],
            ),
            keep,
            plain(drop_commit).dispensable(),
        ],
    }
}

/// The image whose data comes from a commit in this plan.
pub fn committed(plan: &Plan) -> Option<ImageId> {
    plan.steps.iter().find_map(|step| {
        if let Action::Image(ImageAction::Commit(commit)) = &step.action {
            return Some(commit.image);
        }
        None
    })
}

/// Whether this plan loads an image of the image service.
pub fn loads(plan: &Plan, image: ImageId) -> bool {
    plan.steps.iter().any(|step| {
        matches!(&step.action, Action::Image(ImageAction::Load(load)) if load.image == image)
    })
}

/// An image of the image service from a registry: pulled, saved.
pub fn plan_image_pull(image: ImageId, from: ResolvedImage, most: u64) -> Plan {
    let mut steps = Vec::new();
    if !from.present {
        steps.push(Step::plain(Action::Pull(from.clone())));
    }
    steps.push(save(image, SaveSource::Host(from), most));
    Plan { steps }
}

/// The end of an image of the image service, on the host too where nobody uses it.
pub fn plan_image_delete(image: ImageId, docker_id: Option<&str>) -> Plan {
    let mut steps = Vec::new();
    if let Some(docker_id) = docker_id {
        steps.push(plain(ImageAction::Forget(docker_id.to_owned())).dispensable());
    }
    steps.push(plain(ImageAction::RemoveData(image)));
    Plan { steps }
}

/// A pull for a host alone.
pub fn plan_host_pull(image: ResolvedImage) -> Plan {
    Plan {
        steps: vec![Step::plain(Action::Pull(image))],
    }
}

/// The end of an image on a host.
pub fn plan_host_remove(image: ImageRef) -> Plan {
    Plan {
        steps: vec![plain(ImageAction::Remove(image))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::id;
    use crate::step::OnFailure;
    use uuid::Uuid;
    use zun_domain::runtime::RuntimeName;

    const IMAGE: ImageId = ImageId(Uuid::from_u128(7));

    fn words(plan: &Plan) -> Vec<String> {
        plan.words()
    }

    #[test]
    fn a_commit_leaves_nothing_in_the_engine() {
        let commit = CommitContainer {
            name: RuntimeName::Current(id()),
            image: IMAGE,
        };
        let plan = plan_commit(commit, 10);
        assert_eq!(committed(&plan), Some(IMAGE));
        assert_eq!(
            words(&plan),
            [
                format!("committing it as image {IMAGE}"),
                format!("saving image {IMAGE}"),
                "removing what was committed".to_owned(),
            ]
        );
        let undone: Vec<String> = plan
            .steps
            .iter()
            .flat_map(|step| step.undo.iter().map(Action::progress))
            .collect();
        assert_eq!(
            undone,
            [
                "removing what was committed".to_owned(),
                format!("removing the data of image {IMAGE}"),
            ]
        );
        assert_eq!(plan.steps[2].on_failure, OnFailure::GoOn);
    }

    #[test]
    fn what_the_host_has_is_not_pulled_again() {
        let mut from = ResolvedImage {
            reference: "nginx:1".parse().unwrap(),
            digest: "sha256:1".to_owned(),
            present: false,
            registry: None,
        };
        let save = format!("saving nginx:1 as image {IMAGE}");
        let pulled = plan_image_pull(IMAGE, from.clone(), 10);
        assert_eq!(words(&pulled), ["pulling nginx:1".to_owned(), save.clone()]);
        from.present = true;
        assert_eq!(words(&plan_image_pull(IMAGE, from, 10)), [save]);
    }

    #[test]
    fn an_image_without_data_is_deleted_as_one_with_some() {
        let without = plan_image_delete(IMAGE, None);
        assert_eq!(
            words(&without),
            [format!("removing the data of image {IMAGE}")]
        );
        let with = plan_image_delete(IMAGE, Some("sha256:1"));
        assert_eq!(with.steps[0].on_failure, OnFailure::GoOn);
        assert_eq!(with.steps[1], without.steps[0]);
    }
}
