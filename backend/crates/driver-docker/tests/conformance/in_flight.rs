//! What a process asked for that did not live to hear of it: its calls are still at work when the next one begins.

use std::collections::HashMap;

use bollard::models::{Ipam, IpamConfig, NetworkCreateRequest};
use bollard::query_parameters::ListNetworksOptions;
use zun_domain::runtime::MakeNetwork;
use zun_driver::conformance::Lab;
use zun_driver::runtime::RuntimeName;
use zun_driver::{ContainerRuntime, NetworkDriver};
use zun_driver_docker::Docker;

use crate::docker;
use crate::lab::{self, DockerLab};

/// The subnets of the engine's networks of that name.
async fn subnets_of(network: &MakeNetwork) -> Vec<String> {
    let wanted = HashMap::from([("name".to_owned(), vec![network.runtime_name()])]);
    let options = ListNetworksOptions {
        filters: Some(wanted),
    };
    let listed = lab::client().list_networks(Some(options)).await.unwrap();
    let configured = listed
        .into_iter()
        .flat_map(|found| found.ipam.unwrap().config.unwrap());
    configured.map(|config| config.subnet.unwrap()).collect()
}

/// What a call did whose process was killed: the right name and labels, another subnet.
async fn left_over(lab: &DockerLab, network: &MakeNetwork, subnet: &str) {
    let labels = HashMap::from([
        ("zun.deployment".to_owned(), lab.deployment.clone()),
        ("zun.network".to_owned(), network.id.to_string()),
    ]);
    let request = NetworkCreateRequest {
        name: network.runtime_name(),
        ipam: Some(Ipam {
            config: Some(vec![IpamConfig {
                subnet: Some(subnet.to_owned()),
                ..IpamConfig::default()
            }]),
            ..Ipam::default()
        }),
        labels: Some(labels),
        ..NetworkCreateRequest::default()
    };
    lab::client().create_network(request).await.unwrap();
}

/// A call of a process that was killed is still at work when the next process asks for the same network.
#[tokio::test]
async fn two_processes_make_one_network() {
    let Some(lab) = lab::of("two_processes_make_one_network").await else {
        return;
    };
    for _ in 0..10 {
        let network = lab.network();
        let [former, next] =
            [(), ()].map(|()| Docker::connect(None, lab.deployment.clone()).unwrap());
        let (one, other) =
            futures::future::join(former.ensure(&network), next.ensure(&network)).await;
        one.and(other).unwrap();
        assert_eq!(subnets_of(&network).await, [network.subnet.to_string()]);
        NetworkDriver::remove(&next, &network.runtime_name())
            .await
            .unwrap();
    }
}

/// The record has moved to another subnet since: the network nobody is on follows it, one that is used stays.
#[tokio::test]
async fn an_older_subnet_gives_way() {
    let Some(lab) = lab::of("an_older_subnet_gives_way").await else {
        return;
    };
    let network = lab.network();
    left_over(&lab, &network, &lab.network().subnet.to_string()).await;
    let docker = Docker::connect(None, lab.deployment.clone()).unwrap();
    docker.ensure(&network).await.unwrap();
    assert_eq!(subnets_of(&network).await, [network.subnet.to_string()]);
}

/// The same for a container, whose name is taken before it can be seen.
#[tokio::test]
async fn two_processes_make_one_container() {
    let Some(lab) = lab::of("two_processes_make_one_container").await else {
        return;
    };
    let network = lab.network();
    for _ in 0..10 {
        let request = docker::request(&lab, &network).await;
        let [former, next] =
            [(), ()].map(|()| Docker::connect(None, lab.deployment.clone()).unwrap());
        let (one, other) =
            futures::future::join(former.create(&request), next.create(&request)).await;
        assert_eq!(one.unwrap(), other.unwrap());
        ContainerRuntime::remove(&next, RuntimeName::Current(request.container))
            .await
            .unwrap();
    }
}

/// A former revision is on its way to its other name.
#[tokio::test]
async fn a_rename_in_flight_is_waited_for() {
    let Some(lab) = lab::of("a_rename_in_flight_is_waited_for").await else {
        return;
    };
    let network = lab.network();
    for _ in 0..5 {
        let mut request = docker::request(&lab, &network).await;
        let (id, revision) = (request.container, request.revision);
        let [former, next] =
            [(), ()].map(|()| Docker::connect(None, lab.deployment.clone()).unwrap());
        former.create(&request).await.unwrap();
        request.revision += 1;
        let aside = RuntimeName::Aside(id, revision);
        let (made, renamed) =
            futures::future::join(next.create(&request), former.rename(id, revision, aside)).await;
        renamed.unwrap();
        made.unwrap();
        for name in [aside, RuntimeName::Current(id)] {
            ContainerRuntime::remove(&next, name).await.unwrap();
        }
    }
}
