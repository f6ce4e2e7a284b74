//! Networks, addresses and ports of hosts.

use zun_domain::container::Protocol;

use super::database::each;
use super::sample::{
    address, container_id, fill, host_id, network, network_id, project, published,
};
use crate::{Constraint, Error, Result};

fn constraint(outcome: Result<()>) -> Constraint {
    match outcome {
        Err(Error::Conflict { constraint }) => constraint,
        other => panic!("not a conflict: {other:?}"),
    }
}

#[test]
fn a_network_comes_back_as_it_went() {
    each(async |db| {
        fill(&db.store, []).await;
        assert_eq!(
            db.store.network_list().await.unwrap(),
            [network(0), network(1)]
        );
        let mut second = network(2);
        second.project = project(0);
        second.name = "second".to_owned();
        let mut tx = db.store.begin().await.unwrap();
        tx.network_insert(&second).await.unwrap();
        let default = tx.network_find_default(project(0)).await.unwrap();
        assert_eq!(default, Some(network(0)));
        assert_eq!(tx.network_find_default(project(9)).await.unwrap(), None);
        assert_eq!(tx.network_find(second.id).await.unwrap(), Some(second));
        assert_eq!(tx.network_find(network_id(9)).await.unwrap(), None);
    });
}

#[test]
fn subnets_and_names_are_given_once() {
    each(async |db| {
        fill(&db.store, []).await;
        let mut same_subnet = network(5);
        same_subnet.subnet = network(0).subnet;
        let mut same_name = network(6);
        same_name.project = project(0);
        for (network, expected) in [
            (same_subnet, Constraint::SubnetTaken),
            (same_name, Constraint::NameTaken("networks".to_owned())),
        ] {
            let mut tx = db.store.begin().await.unwrap();
            assert_eq!(constraint(tx.network_insert(&network).await), expected);
        }
    });
}

#[test]
fn an_address_belongs_to_one_container() {
    each(async |db| {
        fill(&db.store, [1, 2]).await;
        let mut tx = db.store.begin().await.unwrap();
        tx.port_insert(&address(1, 2), container_id(1))
            .await
            .unwrap();
        tx.port_insert(&address(2, 3), container_id(1))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let taken = db.store.addresses_taken(network_id(0)).await.unwrap();
        let texts: Vec<String> = taken.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["10.0.0.2", "10.0.0.3"]);
        let mut tx = db.store.begin().await.unwrap();
        let refused = tx.port_insert(&address(3, 2), container_id(2)).await;
        assert_eq!(constraint(refused), Constraint::AddressTaken);
        drop(tx);
        let mut tx = db.store.begin().await.unwrap();
        let refused = tx.port_insert(&address(4, 4), container_id(9)).await;
        assert_eq!(constraint(refused), Constraint::Reference);
    });
}

#[test]
fn host_ports_exclude_each_other_by_address() {
    let udp = |port| zun_domain::container::Published {
        protocol: Protocol::Udp,
        ..published(port, None)
    };
    let table = [
        (published(80, None), published(80, None), false),
        (published(80, None), published(80, Some("127.0.0.1")), false),
        (published(80, Some("127.0.0.1")), published(80, None), false),
        (
            published(80, Some("0.0.0.0")),
            published(80, Some("127.0.0.1")),
            false,
        ),
        (
            published(80, Some("127.0.0.1")),
            published(80, Some("127.0.0.1")),
            false,
        ),
        (
            published(80, Some("127.0.0.1")),
            published(80, Some("127.0.0.2")),
            true,
        ),
        (published(80, None), published(81, None), true),
        (published(80, None), udp(80), true),
    ];
    each(async |db| {
        fill(&db.store, [1, 2]).await;
        for (first, second, fits) in &table {
            let mut tx = db.store.begin().await.unwrap();
            let host = host_id(0);
            tx.host_ports_set(container_id(1), host, std::slice::from_ref(first))
                .await
                .unwrap();
            let outcome = tx
                .host_ports_set(container_id(2), host, std::slice::from_ref(second))
                .await;
            assert_eq!(outcome.is_ok(), *fits, "{first:?} {second:?}");
            if !fits {
                assert_eq!(constraint(outcome), Constraint::HostPortTaken);
            }
        }
    });
}

#[test]
fn a_set_replaces_what_the_container_had() {
    each(async |db| {
        fill(&db.store, [1]).await;
        let (id, host) = (container_id(1), host_id(0));
        let mut tx = db.store.begin().await.unwrap();
        let two = [published(80, None), published(81, Some("::1"))];
        tx.host_ports_set(id, host, &two).await.unwrap();
        let taken = tx.host_ports_taken(host).await.unwrap();
        assert_eq!(taken, two.clone().map(|port| (id, port)));
        assert_eq!(tx.host_ports_taken(host_id(1)).await.unwrap(), []);
        tx.host_ports_set(id, host, &two[..1]).await.unwrap();
        assert_eq!(tx.host_ports_taken(host).await.unwrap().len(), 1);
        tx.host_ports_set(id, host, &[]).await.unwrap();
        assert_eq!(tx.host_ports_taken(host).await.unwrap(), []);
        let twice = [published(80, None), published(80, Some("::1"))];
        let refused = tx.host_ports_set(id, host, &twice).await;
        assert_eq!(constraint(refused), Constraint::HostPortTaken);
    });
}
