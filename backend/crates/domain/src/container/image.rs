//! What a specification says about its image beside the name: the registry, and a tag that moves.

use serde::{Deserialize, Serialize};

use super::spec::{ContainerSpec, ImageSource, PullPolicy};

/// Whether a tag that names another image by now counts as a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageUpdate {
    /// Never: the container keeps the image that it was made from.
    #[default]
    Never,
    /// By its digest: the registry is asked, and the next update makes the container anew from what it answers.
    Digest,
}

/// What these fields say that cannot be: field and message, every one found.
pub(super) fn contradictions(spec: &ContainerSpec) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let glance = spec.image_driver == Some(ImageSource::Glance);
    if glance && spec.registry.is_some() {
        let message =
            "goes with the image driver \"docker\" only: the image service has no registries";
        found.push(("registry", message.to_owned()));
    }
    if spec.registry.as_ref().is_some_and(String::is_empty) {
        let message = "is empty; give the id or the name of a registry, or leave it out";
        found.push(("registry", message.to_owned()));
    }
    if !spec.follows_tag() {
        return found;
    }
    let why = if glance {
        "goes with the image driver \"docker\" only: an image of the image service never changes"
    } else if spec.image_pull_policy == Some(PullPolicy::Never) {
        "asks the registry, which image_pull_policy = \"never\" forbids; leave one of them out"
    } else if spec.image.as_str().contains('@') {
        "needs an image with a tag: the image is named by its digest, which never moves"
    } else {
        return found;
    };
    found.push(("image_update", format!("\"digest\" {why}")));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_with_an_image() {
        let digest = "app@sha256:0123456789abcdef0123456789abcdef";
        type Change = fn(&mut ContainerSpec);
        let follow: Change = |spec| spec.image_update = Some(ImageUpdate::Digest);
        let named: Change = |spec| spec.registry = Some("ours".to_owned());
        let cases: [(&str, &[Change], &str); 8] = [
            ("app:1", &[], ""),
            ("app:1", &[follow, named], ""),
            (digest, &[named], ""),
            (
                digest,
                &[follow],
                "image_update: \"digest\" needs an image with a tag",
            ),
            (
                "app:1",
                &[follow, |spec| {
                    spec.image_pull_policy = Some(PullPolicy::Never)
                }],
                "image_update: \"digest\" asks the registry",
            ),
            (
                "app:1",
                &[follow, |spec| spec.image_driver = Some(ImageSource::Glance)],
                "an image of the image service never changes",
            ),
            (
                "app:1",
                &[named, |spec| spec.image_driver = Some(ImageSource::Glance)],
                "registry: goes with the image driver \"docker\"",
            ),
            (
                "app:1",
                &[|spec| spec.registry = Some(String::new())],
                "registry: is empty",
            ),
        ];
        for (image, changes, words) in cases {
            let mut spec = ContainerSpec::of(image.parse().unwrap());
            for change in changes {
                change(&mut spec);
            }
            let found = spec.contradictions();
            let text: Vec<String> = found
                .iter()
                .map(|(field, message)| format!("{field}: {message}"))
                .collect();
            assert_eq!(text.is_empty(), words.is_empty(), "{text:?}");
            assert!(text.concat().contains(words), "{text:?} and {words}");
        }
    }
}
