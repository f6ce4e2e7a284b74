//! Networks, ports and groups around the stories: what is there before they begin, and what has to be true after.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use futures::future::join_all;
use uuid::Uuid;
use zun_domain::container::{Container, ContainerSpec, Life, NetworkSpec};
use zun_domain::id::{NetworkId, PortId, SecurityGroupId, SecurityGroupRuleId, SubnetId};
use zun_domain::network::security_group::Allows;
use zun_domain::network::{
    DEFAULT_MTU, Direction, EtherType, FixedIp, Network, NetworkKind, Port, Remote, SecurityGroup,
    SecurityGroupRule, Subnet, default_pools, first_address, mac_of,
};
use zun_domain::runtime::RuntimeName;
use zun_domain::time::Timestamp;

use crate::story::Story;
use crate::world::{BOUND, World, a_moment, call, create, joins, spec};

const APP: Uuid = Uuid::from_u128(0xA0);
const APP_SUBNET: Uuid = Uuid::from_u128(0xA1);
const PORT: Uuid = Uuid::from_u128(0xA2);
const GROUP: Uuid = Uuid::from_u128(0xA3);

/// The small specification on these networks.
pub(crate) fn on(networks: &[&str]) -> ContainerSpec {
    let entry = |name: &&str| NetworkSpec {
        network: Some((*name).to_owned()),
        ..NetworkSpec::default()
    };
    let mut spec = spec();
    spec.networks = Some(networks.iter().map(entry).collect());
    spec
}

/// The same on the port that a user made.
pub(crate) fn with_port() -> ContainerSpec {
    let mut spec = spec();
    spec.networks = Some(vec![NetworkSpec {
        port: Some(PORT.to_string()),
        ..NetworkSpec::default()
    }]);
    spec
}

/// The small specification on `app`, at an address that it did not have.
pub(crate) fn at_other_address() -> ContainerSpec {
    let mut spec = on(&["app"]);
    for entry in spec.networks.iter_mut().flatten() {
        entry.fixed_ip = Some(std::net::Ipv4Addr::new(10, 9, 0, 99));
    }
    spec
}

fn app() -> Network {
    let cidr: ipnet::IpNet = "10.9.0.0/24".parse().unwrap();
    let gateway = first_address(cidr);
    let (id, project) = (NetworkId(APP), call().caller.project);
    let subnet = Subnet {
        id: SubnetId(APP_SUBNET),
        network: id,
        project,
        name: String::new(),
        description: String::new(),
        cidr,
        gateway,
        allocation_pools: default_pools(cidr, gateway),
        dns_nameservers: Vec::new(),
        pool: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: None,
    };
    Network {
        id,
        project,
        name: "app".to_owned(),
        description: String::new(),
        kind: NetworkKind::Own,
        admin_state_up: true,
        mtu: DEFAULT_MTU,
        subnets: vec![subnet],
        runtime_name: Network::own_runtime_name(id),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: None,
    }
}

fn inner() -> SecurityGroup {
    let (id, project) = (SecurityGroupId(GROUP), call().caller.project);
    let rule = SecurityGroupRule {
        id: SecurityGroupRuleId(Uuid::from_u128(0xA4)),
        group: id,
        project,
        description: String::new(),
        allows: Allows::everything(Direction::Ingress, EtherType::V4, Remote::Any),
        created_at: Timestamp::UNIX_EPOCH,
    };
    SecurityGroup {
        id,
        project,
        name: "inner".to_owned(),
        description: String::new(),
        rules: vec![rule],
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: None,
    }
}

fn users_port() -> Port {
    let ip = std::net::Ipv4Addr::new(10, 9, 0, 20);
    Port {
        id: PortId(PORT),
        network: NetworkId(APP),
        project: call().caller.project,
        name: "mine".to_owned(),
        description: String::new(),
        admin_state_up: true,
        mac: mac_of(ip),
        fixed_ips: vec![FixedIp {
            subnet: SubnetId(APP_SUBNET),
            ip: IpAddr::V4(ip),
        }],
        security_groups: BTreeSet::from([SecurityGroupId(GROUP)]),
        groups_chosen: true,
        container: None,
        position: 0,
        preserve: true,
        device_id: String::new(),
        device_owner: String::new(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: None,
    }
}

impl World {
    /// A network `app`, a group `inner` and a free port `mine` on the network, where they are not there yet.
    pub(crate) async fn has_networks(&self) {
        if self
            .store
            .network_find(NetworkId(APP))
            .await
            .unwrap()
            .is_some()
        {
            return;
        }
        let mut tx = self.store.begin().await.unwrap();
        tx.network_insert(&app()).await.unwrap();
        tx.security_group_insert(&inner()).await.unwrap();
        tx.port_insert(&users_port()).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The networks that are not the outside and not `app`.
    pub(crate) async fn own_networks(&self) -> Vec<Network> {
        let mut networks = self.store.network_list(None).await.unwrap();
        networks.retain(|network| network.kind == NetworkKind::Default);
        networks
    }

    /// A container `web` that runs on these networks.
    pub(crate) async fn running_on(&self, networks: &[&str]) -> Container {
        let mut ask = create("web");
        ask.spec = on(networks);
        let accepted = self.engine.container_create(&call(), ask).await.unwrap();
        let ended = self.end_of(&accepted.operation.unwrap()).await;
        assert_eq!(ended.failure, None);
        self.engine.container_get(&call(), "web").await.unwrap()
    }

    /// Each container has the ports of its wish and is on their networks, no port is anybody else's, the rules are
    /// those of the ports, and nobody ever started before they were.
    pub(crate) async fn assert_networks(&self, rows: &[Container], what: &str) {
        let ports = self.store.port_list(None).await.unwrap();
        let mut bound: BTreeMap<PortId, &Port> = BTreeMap::new();
        for port in &ports {
            let holder = port
                .container
                .map(|id| rows.iter().find(|row| row.id == id));
            match holder {
                None => assert!(port.preserve, "{what}: nobody has the port {port:?}"),
                Some(None) => panic!("{what}: the container of {port:?} is gone"),
                Some(Some(row)) => {
                    let listed = row.desired.ports.contains(&port.id);
                    assert!(listed, "{what}: {port:?} is not in {:?}", row.desired.ports);
                    bound.insert(port.id, port);
                }
            }
        }
        for row in rows {
            self.assert_connected(row, &bound, what);
        }
        self.until_guarded(&bound, what).await;
        let unguarded = self.host.unguarded();
        assert!(
            unguarded.is_empty(),
            "{what}: started unguarded: {unguarded:?}"
        );
    }

    fn assert_connected(&self, row: &Container, bound: &BTreeMap<PortId, &Port>, what: &str) {
        let ips: BTreeSet<IpAddr> = row.addresses.iter().map(|address| address.ip).collect();
        for id in &row.desired.ports {
            let port = bound.get(id);
            let port = port.unwrap_or_else(|| panic!("{what}: port {id} of {} is gone", row.id));
            assert!(
                port.fixed_ips.iter().all(|fixed| ips.contains(&fixed.ip)),
                "{what}: {port:?}"
            );
        }
        let Some(seen) = &row.observed else { return };
        if joins(row) {
            assert_eq!(
                seen.networks,
                Vec::<String>::new(),
                "{what}: its own networks"
            );
            return;
        }
        let mut wished: Vec<String> = row
            .addresses
            .iter()
            .map(|a| a.runtime_network.clone())
            .collect();
        wished.sort();
        wished.dedup();
        if !matches!(row.life, Life::Failed { .. }) {
            assert_eq!(seen.networks, wished, "{what}: its networks");
        }
        let shown = self.host.address_of(RuntimeName::Current(row.id));
        let shown = shown.map(IpAddr::from);
        assert!(
            shown.is_some_and(|ip| ips.contains(&ip)),
            "{what}: {shown:?} of {ips:?}"
        );
    }

    /// What nobody has any more leaves the rules soon.
    async fn until_guarded(&self, bound: &BTreeMap<PortId, &Port>, what: &str) {
        let wished: BTreeSet<PortId> = bound.keys().copied().collect();
        let guarded = || {
            let rules = self.host.rules().unwrap_or_default();
            rules.ports.keys().copied().collect::<BTreeSet<PortId>>()
        };
        let same = async {
            while guarded() != wished {
                a_moment().await;
            }
        };
        let in_time = tokio::time::timeout(BOUND, same).await.is_ok();
        assert!(
            in_time,
            "{what}: rules for {:?} instead of {wished:?}",
            guarded()
        );
    }
}

/// Thirty containers asked for at once have thirty addresses.
#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_given_once() {
    let world = World::new(None).await;
    world.has_networks().await;
    let asks = (0..30).map(|n| {
        let mut ask = create(&format!("web-{n}"));
        ask.spec = on(&["app"]);
        ask.spec.ports = None;
        ask
    });
    let accepted = join_all(
        asks.map(|ask| async { world.engine.container_create(&call(), ask).await.unwrap() }),
    );
    let mut ips = BTreeSet::new();
    for accepted in accepted.await {
        ips.extend(
            accepted
                .container
                .addresses
                .iter()
                .map(|address| address.ip),
        );
        let ended = world.end_of(&accepted.operation.unwrap()).await;
        assert_eq!(ended.failure, None);
    }
    assert_eq!(ips.len(), 30);
    assert!(
        !ips.contains(&"10.9.0.20".parse().unwrap()),
        "the user's port has it"
    );
    world.assert_whole("thirty at once").await;
}

/// A container that goes leaves its user's port free, with its address; its own ports go with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_users_port_outlives_its_container() {
    let world = World::new(None).await;
    world.has_networks().await;
    let mut ask = create("web");
    ask.spec = with_port();
    ask.spec.networks.as_mut().unwrap().push(NetworkSpec {
        network: Some("default".to_owned()),
        ..NetworkSpec::default()
    });
    let accepted = world.engine.container_create(&call(), ask).await.unwrap();
    let ended = world.end_of(&accepted.operation.unwrap()).await;
    assert_eq!(ended.failure, None);
    let other = {
        let mut ask = create("other");
        ask.spec = with_port();
        world
            .engine
            .container_create(&call(), ask)
            .await
            .unwrap_err()
    };
    assert!(
        other
            .to_string()
            .contains("has it; take it out there first"),
        "{other}"
    );
    let deleted = Story::Delete.ask(&world).await.unwrap().unwrap();
    assert_eq!(world.end_of(&deleted).await.failure, None);
    let ports = world.store.port_list(None).await.unwrap();
    let left: Vec<_> = ports
        .iter()
        .map(|port| (port.id, port.container, port.v4()))
        .collect();
    let ip = std::net::Ipv4Addr::new(10, 9, 0, 20);
    assert_eq!(left, [(PortId(PORT), None, Some(ip))]);
    world.assert_whole("after the delete").await;
}

/// What somebody flushes is in force again with the next look.
#[tokio::test(flavor = "multi_thread")]
async fn flushed_rules_come_back() {
    let world = World::new(None).await;
    world.running().await;
    world.host.flush_by_hand();
    world.assert_whole("after the flush").await;
}
