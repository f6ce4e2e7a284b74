//! The labels that tell our things from everybody else's, from the create call on.

use std::collections::HashMap;

use zun_domain::id::{ContainerId, ProjectId};
use zun_domain::runtime::MakeNetwork;
use zun_driver::runtime::CreateContainer;

/// Which deployment made it.
pub(crate) const DEPLOYMENT: &str = "zun.deployment";
/// Whose container it is: our uuid.
pub(crate) const CONTAINER: &str = "zun.container";
/// Whose project it is.
pub(crate) const PROJECT: &str = "zun.project";
/// Which recreate of the container it is, a number.
pub(crate) const REVISION: &str = "zun.revision";
/// Whose network it is: our uuid.
pub(crate) const NETWORK: &str = "zun.network";

pub(crate) type Labels = HashMap<String, String>;

/// The labels of a container: the user's and ours. The user's cannot start with `zun.`.
pub(crate) fn of_container(deployment: &str, request: &CreateContainer) -> Labels {
    let users = request.spec.labels.iter().flatten();
    let mut labels: Labels = users
        .map(|(key, value)| (key.as_str().to_owned(), value.clone()))
        .collect();
    labels.extend(ours(deployment, request.project));
    labels.insert(CONTAINER.to_owned(), request.container.to_string());
    labels.insert(REVISION.to_owned(), request.revision.to_string());
    labels
}

/// The labels of a network.
pub(crate) fn of_network(deployment: &str, network: &MakeNetwork) -> Labels {
    let mut labels = ours(deployment, network.project);
    labels.insert(NETWORK.to_owned(), network.id.to_string());
    labels
}

fn ours(deployment: &str, project: ProjectId) -> Labels {
    HashMap::from([
        (DEPLOYMENT.to_owned(), deployment.to_owned()),
        (PROJECT.to_owned(), project.to_string()),
    ])
}

/// The filter that lists only this deployment's.
pub(crate) fn filter(deployment: &str) -> String {
    format!("{DEPLOYMENT}={deployment}")
}

/// The container these labels, or the attributes of an event, belong to.
pub(crate) fn container(labels: &Labels) -> Option<ContainerId> {
    labels.get(CONTAINER)?.parse().ok()
}

/// The revision these labels name; 0 where a stranger wrote something else.
pub(crate) fn revision(labels: &Labels) -> u32 {
    let text = labels.get(REVISION);
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}
