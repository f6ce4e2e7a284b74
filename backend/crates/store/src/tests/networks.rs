//! Networks, addresses and ports of hosts.

use zun_domain::container::{Container, Life, Protocol};
use zun_domain::id::SubnetPoolId;
use zun_domain::network::{Network, NetworkKind, Port, SubnetPool};

use super::database::each;
use super::sample::{
    address, at, container, container_id, fill, host_id, network, network_id, port, project,
    published, subnet, subnet_id,
};
use crate::{Constraint, Error, LeftoverNetwork, Result};

/// A network that a user of project 0 made, with a subnet of each family.
pub(super) fn own_network(number: u128) -> Network {
    let mut own = network(number);
    own.kind = NetworkKind::Own;
    own.project = project(0);
    own.name = "back".to_owned();
    own.description = "of a test".to_owned();
    own.admin_state_up = false;
    own.mtu = 1400;
    let v6 = format!("fd00:{number}::/64").parse().unwrap();
    own.subnets[0].project = project(0);
    own.subnets
        .push(subnet(number + 100, own.id, project(0), v6));
    own
}

pub(super) fn constraint(outcome: Result<()>) -> Constraint {
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
            db.store.network_list(None).await.unwrap(),
            [network(0), network(1)]
        );
        let own = own_network(2);
        let mut tx = db.store.begin().await.unwrap();
        tx.network_insert(&own).await.unwrap();
        let default = tx.network_find_default(project(0)).await.unwrap();
        assert_eq!(default, Some(network(0)));
        assert_eq!(tx.network_find_default(project(9)).await.unwrap(), None);
        assert_eq!(tx.network_find_external().await.unwrap(), None);
        assert_eq!(tx.network_get(own.id).await.unwrap(), own);
        assert_eq!(tx.network_find(network_id(9)).await.unwrap(), None);
        let of = tx.network_list(Some(project(0))).await.unwrap();
        assert_eq!(of, [network(0), own.clone()]);
        let named = tx.networks_named(project(0), "back").await.unwrap();
        assert_eq!(named, std::slice::from_ref(&own));
        let mut taken = tx.subnets_taken().await.unwrap();
        taken.sort();
        let texts: Vec<String> = taken.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "fd00:2::/64"]
        );
    });
}

#[test]
fn what_changes_of_a_network_is_written_and_the_rest_stays() {
    each(async |db| {
        fill(&db.store, []).await;
        let mut own = own_network(2);
        let mut tx = db.store.begin().await.unwrap();
        tx.network_insert(&own).await.unwrap();
        own.name = "front".to_owned();
        own.description = "changed".to_owned();
        own.admin_state_up = true;
        own.mtu = 9000;
        own.runtime_name = "zun-another".to_owned();
        own.updated_at = Some(at(9));
        tx.network_update(&own).await.unwrap();
        let gone = own.subnets.pop().unwrap();
        tx.subnet_delete(gone.id).await.unwrap();
        let subnet = &mut own.subnets[0];
        subnet.name = "four".to_owned();
        subnet.gateway = "10.0.2.9".parse().unwrap();
        subnet.allocation_pools.truncate(1);
        subnet.dns_nameservers = vec!["10.0.2.5".parse().unwrap(), "fd00::5".parse().unwrap()];
        subnet.updated_at = Some(at(8));
        tx.subnet_update(subnet).await.unwrap();
        let subnet = own.subnets[0].clone();
        assert_eq!(tx.network_get(own.id).await.unwrap(), own);
        assert_eq!(
            tx.subnet_find(subnet.id).await.unwrap(),
            Some(subnet.clone())
        );
        assert_eq!(tx.subnet_find(gone.id).await.unwrap(), None);
        let listed = tx.subnet_list(Some(project(0))).await.unwrap();
        assert_eq!(listed, [network(0).subnets[0].clone(), subnet]);
        assert_eq!(tx.subnet_list(None).await.unwrap().len(), 3);
        tx.network_delete(own.id).await.unwrap();
        assert_eq!(tx.network_find(own.id).await.unwrap(), None);
        assert_eq!(tx.subnet_list(None).await.unwrap().len(), 2);
    });
}

#[test]
fn prefixes_families_and_the_outside_are_given_once() {
    each(async |db| {
        fill(&db.store, []).await;
        let mut same_prefix = own_network(5);
        same_prefix.subnets = network(0).subnets;
        same_prefix.subnets[0].id = subnet_id(50);
        same_prefix.subnets[0].network = same_prefix.id;
        let mut same_family = own_network(6);
        let another = "10.7.0.0/24".parse().unwrap();
        let id = same_family.id;
        same_family
            .subnets
            .push(subnet(60, id, project(0), another));
        let mut second_default = network(7);
        second_default.project = project(0);
        for (network, expected) in [
            (same_prefix, Constraint::SubnetTaken),
            (same_family, Constraint::FamilyTaken),
            (second_default, Constraint::OnlyOne("networks".to_owned())),
        ] {
            let mut tx = db.store.begin().await.unwrap();
            assert_eq!(constraint(tx.network_insert(&network).await), expected);
        }
        let mut tx = db.store.begin().await.unwrap();
        let mut outside = own_network(8);
        outside.kind = NetworkKind::External;
        tx.network_insert(&outside).await.unwrap();
        assert_eq!(
            tx.network_find_external().await.unwrap().as_ref(),
            Some(&outside)
        );
        let mut second = own_network(9);
        second.kind = NetworkKind::External;
        let refused = constraint(tx.network_insert(&second).await);
        assert_eq!(refused, Constraint::OnlyOne("networks".to_owned()));
    });
}

#[test]
fn a_network_with_a_port_stays() {
    each(async |db| {
        fill(&db.store, [1]).await;
        let mut tx = db.store.begin().await.unwrap();
        let port = port(&address(1, 2), container_id(1));
        tx.port_insert(&port).await.unwrap();
        tx.commit().await.unwrap();
        for subnet_only in [false, true] {
            let mut tx = db.store.begin().await.unwrap();
            let refused = if subnet_only {
                tx.subnet_delete(subnet_id(0)).await
            } else {
                tx.network_delete(network_id(0)).await
            };
            assert_eq!(constraint(refused), Constraint::Reference);
        }
    });
}

#[test]
fn a_moved_network_takes_its_ports_along() {
    each(async |db| {
        fill(&db.store, [1, 2]).await;
        let mut tx = db.store.begin().await.unwrap();
        let mut own_mac = port(&address(2, 9), container_id(2));
        own_mac.mac = "02:00:00:00:00:01".to_owned();
        let first = port(&address(1, 7), container_id(1));
        tx.port_insert(&first).await.unwrap();
        tx.port_insert(&own_mac).await.unwrap();
        let mut moved = network(0);
        let cidr = "10.8.0.0/24".parse().unwrap();
        moved.subnets = vec![subnet(0, moved.id, moved.project, cidr)];
        tx.network_move(&moved).await.unwrap();
        assert_eq!(tx.network_get(moved.id).await.unwrap(), moved);
        let shown: Vec<(String, String)> = tx
            .ports_on(moved.id)
            .await
            .unwrap()
            .into_iter()
            .map(|port| (port.fixed_ips[0].ip.to_string(), port.mac))
            .collect();
        let expected = [
            ("10.8.0.2", "02:42:0a:08:00:02"),
            ("10.8.0.3", "02:00:00:00:00:01"),
        ];
        assert_eq!(
            shown,
            expected.map(|(ip, mac)| (ip.to_owned(), mac.to_owned()))
        );
    });
}

#[test]
fn a_network_is_inhabited_when_an_address_on_it_is_known() {
    each(async |db| {
        fill(&db.store, [1]).await;
        let inhabited = async |change: &dyn Fn(&mut Port, &mut Container)| {
            let mut tx = db.store.begin().await.unwrap();
            let mut young = container(2);
            young.life = Life::Creating;
            young.observed = None;
            let mut port = port(&address(1, 2), young.id);
            change(&mut port, &mut young);
            tx.container_insert(&young).await.unwrap();
            tx.port_insert(&port).await.unwrap();
            tx.network_inhabited(network_id(0)).await.unwrap()
        };
        assert!(!inhabited(&|_, _| {}).await);
        assert!(inhabited(&|_, container| container.life = Life::Live).await);
        assert!(inhabited(&|port, _| port.preserve = true).await);
        assert!(inhabited(&|port, _| port.container = None).await);
    });
}

#[test]
fn a_pool_comes_back_as_it_went() {
    each(async |db| {
        let mut pool = SubnetPool {
            id: SubnetPoolId(uuid::Uuid::from_u128(0x1400)),
            project: project(0),
            name: "pool".to_owned(),
            description: "of a test".to_owned(),
            prefixes: vec![
                "10.0.0.0/16".parse().unwrap(),
                "10.4.0.0/16".parse().unwrap(),
            ],
            default_prefixlen: 24,
            min_prefixlen: 20,
            max_prefixlen: 28,
            shared: false,
            created_at: at(1),
            updated_at: None,
        };
        let mut shared = pool.clone();
        shared.id = SubnetPoolId(uuid::Uuid::from_u128(0x1401));
        shared.project = project(1);
        shared.shared = true;
        let mut tx = db.store.begin().await.unwrap();
        tx.subnet_pool_insert(&pool).await.unwrap();
        tx.subnet_pool_insert(&shared).await.unwrap();
        pool.prefixes.push("10.5.0.0/16".parse().unwrap());
        pool.max_prefixlen = 29;
        pool.updated_at = Some(at(2));
        tx.subnet_pool_update(&pool).await.unwrap();
        let mut cut = own_network(2);
        cut.subnets[0].pool = Some(pool.id);
        tx.network_insert(&cut).await.unwrap();
        assert_eq!(tx.network_get(cut.id).await.unwrap(), cut);
        assert_eq!(
            tx.subnet_pool_find(pool.id).await.unwrap().as_ref(),
            Some(&pool)
        );
        let both = [pool.clone(), shared.clone()];
        assert_eq!(tx.subnet_pool_list(None).await.unwrap(), both);
        assert_eq!(tx.subnet_pool_list(Some(project(0))).await.unwrap(), both);
        assert_eq!(
            tx.subnet_pool_list(Some(project(2))).await.unwrap(),
            std::slice::from_ref(&shared)
        );
        tx.subnet_pool_delete(shared.id).await.unwrap();
        assert_eq!(
            constraint(tx.subnet_pool_delete(pool.id).await),
            Constraint::Reference
        );
    });
}

#[test]
fn what_is_left_in_an_engine_is_found_by_what_it_is() {
    each(async |db| {
        let left = |name: &str, subnets: &[&str]| LeftoverNetwork {
            host: host_id(0),
            runtime_name: name.to_owned(),
            subnets: subnets.iter().map(|net| net.parse().unwrap()).collect(),
            gateways: vec!["10.0.0.1".parse().unwrap()],
            mtu: 1400,
            routed: true,
        };
        let one = left("zun-one", &["10.0.0.0/24"]);
        let two = left("zun-two", &["10.0.0.0/24", "fd00::/64"]);
        let mut tx = db.store.begin().await.unwrap();
        tx.leftover_network_insert(&one).await.unwrap();
        tx.leftover_network_insert(&two).await.unwrap();
        tx.leftover_network_insert(&two).await.unwrap();
        let all = tx.leftover_network_list(host_id(0)).await.unwrap();
        assert_eq!(all, [one.clone(), two.clone()]);
        assert_eq!(tx.leftover_network_list(host_id(1)).await.unwrap(), []);
        let mut turned = two.subnets.clone();
        turned.reverse();
        for (subnets, mtu, routed, found) in [
            (&one.subnets, 1400, true, Some(&one)),
            (&turned, 1400, true, Some(&two)),
            (&one.subnets, 1500, true, None),
            (&one.subnets, 1400, false, None),
            (&vec![two.subnets[1]], 1400, true, None),
        ] {
            let answer = tx.leftover_network_find(subnets, mtu, routed).await;
            assert_eq!(answer.unwrap().as_ref(), found, "{subnets:?}");
        }
        tx.leftover_network_delete(host_id(0), "zun-one")
            .await
            .unwrap();
        let absent = tx.leftover_network_delete(host_id(0), "zun-one").await;
        assert!(matches!(absent, Err(Error::NotFound { .. })), "{absent:?}");
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
