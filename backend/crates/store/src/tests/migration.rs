//! A database of an earlier program keeps what is in it.

use std::net::IpAddr;

use zun_domain::network::security_group::Allows;
use zun_domain::network::{Network, NetworkKind, default_pools};

use super::database::{Database, each_at};
use super::sample::{address, container, container_id, host, network, network_id, project};
use crate::Store;
use crate::sql::Statement;

/// The last step before networks of a user's own.
const BEFORE_NETWORKS: i64 = 3;

/// Networks 0 and 1, and container 1 with the address that ends with 2, as that program wrote them.
async fn fill_former(former: &Database) {
    let mut tx = former.store.begin().await.unwrap();
    tx.host_upsert(&host(0)).await.unwrap();
    tx.container_insert(&container(1)).await.unwrap();
    for number in 0..2 {
        let insert = Statement::new(
            "networks",
            "INSERT INTO networks (id, project_id, name, subnet) VALUES ($1, $2, 'default', $3)",
        );
        let (id, subnet) = (network_id(number), format!("10.0.{number}.0/24"));
        tx.execute(insert.bind(id).bind(project(number)).bind(subnet))
            .await
            .unwrap();
    }
    let insert = Statement::new(
        "ports",
        "INSERT INTO ports (id, network_id, container_id, ip, mac) VALUES ($1, $2, $3, $4, $5)",
    );
    let address = address(1, 2);
    let insert = insert.bind(address.port).bind(address.network);
    let insert = insert.bind(container_id(1)).bind(address.ip.to_string());
    tx.execute(insert.bind(address.mac)).await.unwrap();
    tx.commit().await.unwrap();
}

#[test]
fn default_networks_ports_and_addresses_are_kept() {
    each_at(BEFORE_NETWORKS, async |former| {
        fill_former(former).await;
        let store = Store::open(&former.config).await.unwrap();
        let networks = store.network_list(None).await.unwrap();
        assert_eq!(networks.len(), 2);
        for (found, number) in networks.iter().zip(0..) {
            let mut expected = network(number);
            expected.created_at = found.created_at;
            expected.subnets[0].id = found.subnets[0].id;
            expected.subnets[0].created_at = found.created_at;
            assert_eq!(*found, expected);
            assert_eq!(found.kind, NetworkKind::Default);
            assert_eq!(found.runtime_name, Network::own_runtime_name(found.id));
            let subnet = &found.subnets[0];
            let pools = default_pools(subnet.cidr, subnet.gateway);
            assert_eq!(subnet.allocation_pools, pools);
        }
        assert_ne!(networks[0].subnets[0].id, networks[1].subnets[0].id);

        let mut one = container(1);
        let mut kept = address(1, 2);
        kept.subnet = networks[0].subnets[0].id;
        let port = store.port_get(kept.port).await.unwrap();
        kept.security_groups = port.security_groups.clone();
        one.addresses = vec![kept.clone()];
        assert_eq!(store.container_get(container_id(1)).await.unwrap(), one);
        let taken: Vec<IpAddr> = store
            .addresses_taken(network_id(0))
            .await
            .unwrap()
            .into_iter()
            .collect();
        assert_eq!(taken, [kept.ip]);

        assert_eq!((port.container, port.position), (Some(one.id), 0));
        assert!(!port.groups_chosen && !port.preserve && port.admin_state_up);
        assert_eq!(port.created_at, one.created_at);
        let group = store.security_group_find_default(project(0)).await;
        let group = group.unwrap().unwrap();
        assert_eq!(Vec::from_iter(port.security_groups), [group.id]);
        let allowed: Vec<Allows> = group.rules.into_iter().map(|rule| rule.allows).collect();
        assert_eq!(allowed, Allows::of_default_group(group.id));
        assert_eq!(store.security_group_list(None).await.unwrap().len(), 2);
        store.close().await;
    });
}

#[test]
fn an_empty_database_is_brought_up_to_date() {
    each_at(BEFORE_NETWORKS, async |former| {
        let store = Store::open(&former.config).await.unwrap();
        assert_eq!(store.network_list(None).await.unwrap(), []);
        assert_eq!(store.security_group_list(None).await.unwrap(), []);
        store.close().await;
    });
}
