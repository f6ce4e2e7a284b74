//! Ports: bound, free, and what becomes of them when their container goes.

use std::collections::BTreeSet;
use std::net::IpAddr;

use zun_domain::id::{ContainerId, PortId};
use zun_domain::network::{FixedIp, Port};

use super::database::each;
use super::networks::{constraint, own_network};
use super::sample::{
    address, at, container, container_id, fill, group, network_id, port, port_id, project,
    subnet_id,
};
use crate::{Constraint, Error, Reader, Tx};

/// A free port of a user on network 2, with an address of each family.
fn free_port(number: u128, last: u8) -> Port {
    let mut free = port(&address(number, last), container_id(1));
    free.network = network_id(2);
    free.name = "mine".to_owned();
    free.description = "of a test".to_owned();
    free.container = None;
    free.preserve = true;
    free.groups_chosen = true;
    free.admin_state_up = false;
    free.security_groups = BTreeSet::from([group(1, "web").id, group(2, "db").id]);
    free.fixed_ips = vec![
        FixedIp {
            subnet: subnet_id(2),
            ip: format!("10.0.2.{last}").parse().unwrap(),
        },
        FixedIp {
            subnet: subnet_id(102),
            ip: format!("fd00:2::{last:x}").parse().unwrap(),
        },
    ];
    free
}

/// Network 2 with both families, and groups 1 and 2.
async fn lay_out(tx: &mut Tx) {
    tx.network_insert(&own_network(2)).await.unwrap();
    tx.security_group_insert(&group(1, "web")).await.unwrap();
    tx.security_group_insert(&group(2, "db")).await.unwrap();
}

async fn ids_of(reader: &Reader, container: ContainerId) -> Vec<PortId> {
    let ports = reader.ports_of(container).await.unwrap();
    ports.into_iter().map(|port| port.id).collect()
}

#[test]
fn a_port_comes_back_as_it_went() {
    each(async |db| {
        fill(&db.store, [1]).await;
        let mut tx = db.store.begin().await.unwrap();
        lay_out(&mut tx).await;
        let bound = port(&address(1, 2), container_id(1));
        let free = free_port(2, 3);
        tx.port_insert(&bound).await.unwrap();
        tx.port_insert(&free).await.unwrap();
        assert_eq!(tx.port_get(bound.id).await.unwrap(), bound);
        assert_eq!(tx.port_get(free.id).await.unwrap(), free);
        let all = [bound.clone(), free.clone()];
        assert_eq!(tx.port_list(None).await.unwrap(), all);
        assert_eq!(tx.port_list(Some(project(1))).await.unwrap(), []);
        let named = tx.ports_named(project(0), "mine").await.unwrap();
        assert_eq!(named, std::slice::from_ref(&free));
        let in_group = tx.ports_in_group(group(1, "web").id).await.unwrap();
        assert_eq!(in_group, [free.id]);
    });
}

#[test]
fn what_changes_of_a_port_is_written() {
    each(async |db| {
        fill(&db.store, [1]).await;
        let mut tx = db.store.begin().await.unwrap();
        lay_out(&mut tx).await;
        let bound = port(&address(1, 2), container_id(1));
        let mut free = free_port(2, 3);
        tx.port_insert(&bound).await.unwrap();
        tx.port_insert(&free).await.unwrap();
        free.name = "yours".to_owned();
        free.mac = "02:00:00:00:00:09".to_owned();
        free.admin_state_up = true;
        free.security_groups.pop_first();
        // Written with IPv6 in front, and read as ever.
        free.fixed_ips[0].ip = "10.0.2.99".parse().unwrap();
        free.container = Some(container_id(1));
        free.position = 1;
        free.device_id = "device".to_owned();
        free.device_owner = "owner".to_owned();
        free.updated_at = Some(at(5));
        let mut turned = free.clone();
        turned.fixed_ips.reverse();
        tx.port_update(&turned).await.unwrap();
        assert_eq!(tx.port_get(free.id).await.unwrap(), free);
        assert_eq!(ids_of(&tx, container_id(1)).await, [bound.id, free.id]);
        let on = tx.ports_on(network_id(2)).await.unwrap();
        assert_eq!(on, std::slice::from_ref(&free));
        let taken: Vec<IpAddr> = tx
            .addresses_taken(network_id(2))
            .await
            .unwrap()
            .into_iter()
            .collect();
        assert_eq!(
            taken,
            free.fixed_ips
                .iter()
                .map(|fixed| fixed.ip)
                .collect::<Vec<_>>()
        );
        let macs = tx.macs_taken(network_id(2)).await.unwrap();
        assert_eq!(macs, BTreeSet::from([free.mac.clone()]));

        tx.port_release(free.id, at(6)).await.unwrap();
        let released = tx.port_get(free.id).await.unwrap();
        assert_eq!((released.container, released.position), (None, 0));
        assert_eq!(released.device_id + &released.device_owner, "");
        tx.port_delete(free.id).await.unwrap();
        assert_eq!(tx.port_find(free.id).await.unwrap(), None);
        assert!(tx.addresses_taken(network_id(2)).await.unwrap().is_empty());
    });
}

#[test]
fn what_a_port_takes_is_taken() {
    each(async |db| {
        fill(&db.store, [1, 2]).await;
        let mut tx = db.store.begin().await.unwrap();
        lay_out(&mut tx).await;
        tx.port_insert(&free_port(1, 2)).await.unwrap();
        tx.commit().await.unwrap();
        let same_v6 = {
            let mut other = free_port(2, 3);
            other.fixed_ips[1].ip = free_port(1, 2).fixed_ips[1].ip;
            other
        };
        let same_mac = Port {
            mac: free_port(1, 2).mac,
            ..free_port(3, 4)
        };
        let nowhere = Port {
            container: Some(container_id(9)),
            ..free_port(4, 5)
        };
        for (port, expected) in [
            (free_port(1, 9), Constraint::Exists("ports".to_owned())),
            (same_v6, Constraint::AddressTaken),
            (same_mac, Constraint::MacTaken),
            (nowhere, Constraint::Reference),
        ] {
            let mut tx = db.store.begin().await.unwrap();
            assert_eq!(constraint(tx.port_insert(&port).await), expected);
        }
        let mut tx = db.store.begin().await.unwrap();
        // The same address and MAC on another network are no matter.
        let elsewhere = Port {
            network: network_id(0),
            fixed_ips: vec![FixedIp {
                subnet: subnet_id(0),
                ip: "10.0.2.2".parse().unwrap(),
            }],
            ..free_port(5, 2)
        };
        tx.port_insert(&elsewhere).await.unwrap();
        let refused = tx.security_group_delete(group(1, "web").id).await;
        assert_eq!(constraint(refused), Constraint::Reference);
    });
}

#[test]
fn ports_that_are_preserved_are_free_when_their_container_goes() {
    each(async |db| {
        fill(&db.store, [1, 2]).await;
        let mut tx = db.store.begin().await.unwrap();
        let made_with = port(&address(1, 2), container_id(1));
        let mut kept = port(&address(2, 3), container_id(1));
        kept.preserve = true;
        kept.position = 1;
        kept.device_id = "device".to_owned();
        let of_another = port(&address(3, 4), container_id(2));
        for port in [&made_with, &kept, &of_another] {
            tx.port_insert(port).await.unwrap();
        }
        tx.container_delete(container_id(1)).await.unwrap();
        tx.commit().await.unwrap();
        kept.container = None;
        kept.position = 0;
        kept.device_id = String::new();
        assert_eq!(db.store.port_list(None).await.unwrap(), [kept, of_another]);
        let absent = db.store.port_get(made_with.id).await;
        assert!(matches!(absent, Err(Error::NotFound { .. })), "{absent:?}");
    });
}

#[test]
fn a_container_shows_the_ports_it_is_decided_to_have() {
    each(async |db| {
        fill(&db.store, []).await;
        let mut tx = db.store.begin().await.unwrap();
        lay_out(&mut tx).await;
        let mut one = container(1);
        one.desired.ports = vec![port_id(2), port_id(1)];
        tx.container_insert(&one).await.unwrap();
        let mut first = free_port(2, 3);
        first.container = Some(one.id);
        // Reserved by an update, and not decided yet.
        let mut reserved = port(&address(3, 9), one.id);
        reserved.position = 2;
        let mut second = port(&address(1, 2), one.id);
        second.position = 1;
        for port in [&reserved, &second, &first] {
            tx.port_insert(port).await.unwrap();
        }
        let found = tx.container_get(one.id).await.unwrap();
        let front = &found.addresses[0];
        assert_eq!(front.security_groups, first.security_groups);
        assert_eq!(front.runtime_network, own_network(2).runtime_name);
        let shown: Vec<(PortId, String, bool)> = found
            .addresses
            .iter()
            .map(|address| (address.port, address.ip.to_string(), address.preserve))
            .collect();
        let expected = [
            (port_id(2), "10.0.2.3", true),
            (port_id(2), "fd00:2::3", true),
            (port_id(1), "10.0.0.2", false),
        ];
        assert_eq!(
            shown,
            expected.map(|(port, ip, kept)| (port, ip.to_owned(), kept))
        );
        assert_eq!(
            ids_of(&tx, one.id).await,
            [port_id(2), port_id(1), port_id(3)]
        );
        one.desired.ports.clear();
        one.generation = 2;
        tx.container_update(&one, 1).await.unwrap();
        let found = tx.container_get(one.id).await.unwrap();
        assert_eq!(found.addresses.len(), 4);
    });
}
