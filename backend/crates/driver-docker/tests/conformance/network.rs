//! Networks that a process made which did not live to hear of it.

use std::collections::HashMap;

use bollard::models::{Ipam, IpamConfig, NetworkCreateRequest};
use bollard::query_parameters::ListNetworksOptions;
use zun_domain::network::Network;
use zun_driver::NetworkDriver as _;
use zun_driver::conformance::Lab;
use zun_driver_docker::Docker;

use crate::lab::{self, DockerLab};

/// The subnets of the engine's networks of that name.
async fn subnets_of(network: &Network) -> Vec<String> {
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
async fn left_over(lab: &DockerLab, network: &Network, subnet: &str) {
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
        next.remove(&network).await.unwrap();
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
