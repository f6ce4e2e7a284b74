//! Routers, their interfaces, and floating IPs.

use std::net::Ipv4Addr;

use uuid::Uuid;
use zun_domain::id::{FloatingIpId, RouterId};
use zun_domain::network::router::Interface;
use zun_domain::network::{FloatingIp, Gateway, Network, NetworkKind, Port, Router};

use super::database::each;
use super::networks::{constraint, own_network};
use super::sample::{
    address, at, container_id, fill, network_id, port, port_id, project, subnet, subnet_id,
};
use crate::{Constraint, Store};

fn outside() -> Network {
    let mut outside = own_network(8);
    outside.kind = NetworkKind::External;
    outside
}

fn router(number: u128) -> Router {
    Router {
        id: RouterId(Uuid::from_u128(0x1500 + number)),
        project: project(0),
        name: "edge".to_owned(),
        description: "of a test".to_owned(),
        admin_state_up: true,
        gateway: Some(Gateway {
            network: outside().id,
            enable_snat: true,
            address: Some(Ipv4Addr::new(203, 0, 113, 5)),
        }),
        interfaces: Vec::new(),
        created_at: at(1),
        updated_at: None,
    }
}

fn interface() -> Interface {
    Interface {
        subnet: subnet_id(0),
        network: network_id(0),
        port: port_id(1),
    }
}

fn floating_ip(number: u128) -> FloatingIp {
    FloatingIp {
        id: FloatingIpId(Uuid::from_u128(0x1600 + number)),
        project: project(0),
        description: "of a test".to_owned(),
        network: outside().id,
        address: Ipv4Addr::new(203, 0, 113, 10),
        port: Some(port_id(2)),
        fixed_ip: Some(Ipv4Addr::new(10, 0, 0, 7)),
        router: Some(router(1).id),
        created_at: at(1),
        updated_at: None,
    }
}

/// The network outside, a router with an interface, and a port that is not its own.
async fn lay_out(store: &Store) -> Router {
    fill(store, [1]).await;
    let mut tx = store.begin().await.unwrap();
    tx.network_insert(&outside()).await.unwrap();
    let mut edge = router(1);
    tx.router_insert(&edge).await.unwrap();
    let its_own = Port {
        container: None,
        device_owner: "network:router_interface".to_owned(),
        ..port(&address(1, 1), container_id(1))
    };
    tx.port_insert(&its_own).await.unwrap();
    tx.port_insert(&port(&address(2, 7), container_id(1)))
        .await
        .unwrap();
    tx.router_interface_insert(edge.id, &interface())
        .await
        .unwrap();
    edge.interfaces.push(interface());
    tx.commit().await.unwrap();
    edge
}

#[test]
fn a_router_comes_back_as_it_went() {
    each(async |db| {
        let mut edge = lay_out(&db.store).await;
        let found = db.store.router_find(edge.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&edge));
        let of = |of| db.store.router_list(of);
        assert_eq!(of(None).await.unwrap(), std::slice::from_ref(&edge));
        assert_eq!(of(Some(project(1))).await.unwrap(), []);
        let mut tx = db.store.begin().await.unwrap();
        edge.name = "another".to_owned();
        edge.admin_state_up = false;
        edge.gateway = None;
        edge.updated_at = Some(at(3));
        tx.router_update(&edge).await.unwrap();
        assert_eq!(tx.router_list(None).await.unwrap(), [edge.clone()]);
        tx.router_interface_delete(edge.id, interface().subnet)
            .await
            .unwrap();
        tx.router_delete(edge.id).await.unwrap();
        assert_eq!(tx.router_find(edge.id).await.unwrap(), None);
    });
}

#[test]
fn what_a_router_is_connected_to_stays() {
    each(async |db| {
        let edge = lay_out(&db.store).await;
        for number in 0..4 {
            let mut tx = db.store.begin().await.unwrap();
            let refused = match number {
                0 => tx.router_delete(edge.id).await,
                1 => tx.port_delete(interface().port).await,
                2 => tx.subnet_delete(interface().subnet).await,
                _ => tx.network_delete(outside().id).await,
            };
            assert_eq!(constraint(refused), Constraint::Reference, "{number}");
        }
        let mut tx = db.store.begin().await.unwrap();
        let same_address = tx.router_insert(&router(2)).await;
        assert_eq!(constraint(same_address), Constraint::AddressTaken);
    });
}

#[test]
fn a_floating_ip_stands_for_nothing_when_its_port_is_gone() {
    each(async |db| {
        lay_out(&db.store).await;
        let mut floating = floating_ip(1);
        let mut tx = db.store.begin().await.unwrap();
        tx.floating_ip_insert(&floating).await.unwrap();
        let found = tx.floating_ip_find(floating.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&floating));
        let taken = tx.external_addresses_taken().await.unwrap();
        let texts: Vec<String> = taken.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["203.0.113.5", "203.0.113.10"]);
        floating.description = "changed".to_owned();
        floating.updated_at = Some(at(2));
        tx.floating_ip_update(&floating).await.unwrap();
        tx.container_delete(container_id(1)).await.unwrap();
        floating.port = None;
        floating.fixed_ip = None;
        floating.router = None;
        let all = tx.floating_ip_list(Some(project(0))).await.unwrap();
        assert_eq!(all, std::slice::from_ref(&floating));
        assert_eq!(tx.floating_ip_list(Some(project(1))).await.unwrap(), []);
        tx.floating_ip_delete(floating.id).await.unwrap();
        assert_eq!(tx.floating_ip_list(None).await.unwrap(), []);
    });
}

#[test]
fn a_moved_network_takes_its_router_and_floating_ips_along() {
    each(async |db| {
        lay_out(&db.store).await;
        let floating = floating_ip(1);
        let mut tx = db.store.begin().await.unwrap();
        tx.floating_ip_insert(&floating).await.unwrap();
        let mut moved = tx.network_get(network_id(0)).await.unwrap();
        let cidr = "10.8.0.0/24".parse().unwrap();
        moved.subnets = vec![subnet(0, moved.id, moved.project, cidr)];
        tx.network_move(&moved).await.unwrap();
        let edge = tx.port_get(interface().port).await.unwrap();
        assert_eq!(edge.v4(), Some(Ipv4Addr::new(10, 8, 0, 1)));
        let port = tx.port_get(port_id(2)).await.unwrap();
        let found = tx.floating_ip_find(floating.id).await.unwrap().unwrap();
        assert_eq!(found.port, Some(port.id));
        assert_eq!((found.fixed_ip, port.v4().is_some()), (port.v4(), true));
    });
}

#[test]
fn a_floating_address_is_given_once() {
    each(async |db| {
        lay_out(&db.store).await;
        let mut tx = db.store.begin().await.unwrap();
        tx.floating_ip_insert(&floating_ip(1)).await.unwrap();
        let refused = tx.floating_ip_insert(&floating_ip(2)).await;
        assert_eq!(constraint(refused), Constraint::AddressTaken);
    });
}
