//! Transactions that race for the same thing: as many win as there is room for, and the others are told why.

use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;
use zun_domain::id::ContainerId;
use zun_domain::operation::OperationState;

use super::database::{Database, each};
use super::sample::{
    address, amounts, at, container, container_id, fill, group, host_id, network, network_id,
    operation, port, project, published,
};
use crate::{Constraint, Error, Result, Tx};

const RACERS: u128 = 8;

/// Runs `attempt` in as many transactions as there are racers, all at the same moment, and commits each that
/// succeeds. The constraints that the losers met.
async fn race<A>(db: &Database, attempt: A) -> Vec<Constraint>
where
    A: AsyncRace + Copy + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(usize::try_from(RACERS).unwrap()));
    let mut racers = JoinSet::new();
    for number in 0..RACERS {
        let (store, barrier) = (db.store.clone(), Arc::clone(&barrier));
        racers.spawn(async move {
            barrier.wait().await;
            let tx = store.begin().await?;
            attempt.run(tx, number).await
        });
    }
    let outcomes = racers.join_all().await;
    let losers = outcomes.into_iter().filter_map(Result::err);
    losers
        .map(|error| match error {
            Error::Conflict { constraint } => constraint,
            other => panic!("lost for another reason: {other:?}"),
        })
        .collect()
}

/// What each racer does with its transaction.
trait AsyncRace {
    fn run(self, tx: Tx, number: u128) -> impl Future<Output = Result<()>> + Send;
}

fn full() -> Error {
    Error::Conflict {
        constraint: Constraint::Other("full".to_owned()),
    }
}

#[derive(Clone, Copy)]
struct LastCores;

impl AsyncRace for LastCores {
    async fn run(self, mut tx: Tx, number: u128) -> Result<()> {
        tx.admission_lock().await?;
        let used = tx.usage_of(project(0)).await?;
        if used.amounts.cpu.0 + 1000 > 3000 {
            return Err(full());
        }
        let one = container(number);
        tx.container_insert(&one).await?;
        tx.claim_set(one.id, project(0), host_id(0), amounts(1000, 1, 1))
            .await?;
        tx.commit().await
    }
}

#[test]
fn the_last_cores_are_given_once() {
    each(async |db| {
        fill(&db.store, []).await;
        let lost = race(db, LastCores).await;
        assert_eq!(lost.len(), 5, "{lost:?}");
        let total = db.store.claims_total().await.unwrap();
        assert_eq!((total.containers, total.amounts.cpu.0), (3, 3000));
        assert_eq!(db.store.container_count().await.unwrap(), 3);
    });
}

#[derive(Clone, Copy)]
struct SameAddress;

impl AsyncRace for SameAddress {
    async fn run(self, mut tx: Tx, number: u128) -> Result<()> {
        let mut port = port(&address(number, 2), container_id(number));
        port.mac = format!("02:00:00:00:00:{number:02x}");
        tx.port_insert(&port).await?;
        tx.commit().await
    }
}

#[test]
fn the_last_address_is_given_once() {
    each(async |db| {
        fill(&db.store, 0..RACERS).await;
        let lost = race(db, SameAddress).await;
        assert_eq!(lost, vec![Constraint::AddressTaken; 7]);
        assert_eq!(
            db.store.addresses_taken(network_id(0)).await.unwrap().len(),
            1
        );
    });
}

#[derive(Clone, Copy)]
struct SameMac;

impl AsyncRace for SameMac {
    async fn run(self, mut tx: Tx, number: u128) -> Result<()> {
        let last = u8::try_from(number).unwrap() + 2;
        let mut port = port(&address(number, last), container_id(number));
        port.mac = "02:42:00:00:00:01".to_owned();
        tx.port_insert(&port).await?;
        tx.commit().await
    }
}

#[test]
fn a_mac_is_given_once() {
    each(async |db| {
        fill(&db.store, 0..RACERS).await;
        let lost = race(db, SameMac).await;
        assert_eq!(lost, vec![Constraint::MacTaken; 7]);
        assert_eq!(db.store.macs_taken(network_id(0)).await.unwrap().len(), 1);
        assert_eq!(db.store.port_list(None).await.unwrap().len(), 1);
    });
}

#[derive(Clone, Copy)]
struct SamePrefix;

impl AsyncRace for SamePrefix {
    async fn run(self, mut tx: Tx, number: u128) -> Result<()> {
        let mut network = network(number + 10);
        for subnet in &mut network.subnets {
            subnet.cidr = "10.9.0.0/24".parse().unwrap();
        }
        tx.network_insert(&network).await?;
        tx.commit().await
    }
}

#[test]
fn a_prefix_is_given_once() {
    each(async |db| {
        let lost = race(db, SamePrefix).await;
        assert_eq!(lost, vec![Constraint::SubnetTaken; 7]);
        assert_eq!(db.store.network_list(None).await.unwrap().len(), 1);
    });
}

#[derive(Clone, Copy)]
struct DefaultOnce;

impl AsyncRace for DefaultOnce {
    async fn run(self, mut tx: Tx, number: u128) -> Result<()> {
        let mut network = network(number + 10);
        network.project = project(1);
        tx.network_insert(&network).await?;
        tx.commit().await
    }
}

#[test]
fn a_project_has_one_default_network() {
    each(async |db| {
        let lost = race(db, DefaultOnce).await;
        assert_eq!(lost, vec![Constraint::OnlyOne("networks".to_owned()); 7]);
    });
}

#[derive(Clone, Copy)]
struct DefaultGroupOnce;

impl AsyncRace for DefaultGroupOnce {
    async fn run(self, mut tx: Tx, number: u128) -> Result<()> {
        tx.security_group_insert(&group(number, "default")).await?;
        tx.commit().await
    }
}

#[test]
fn a_project_has_one_default_group() {
    each(async |db| {
        let lost = race(db, DefaultGroupOnce).await;
        assert_eq!(
            lost,
            vec![Constraint::OnlyOne("security_groups".to_owned()); 7]
        );
    });
}

#[derive(Clone, Copy)]
struct SameHostPort;

impl AsyncRace for SameHostPort {
    async fn run(self, mut tx: Tx, number: u128) -> Result<()> {
        // Half of them want it on every address, half on one: only what is decided in turn can see that.
        let ip = number.is_multiple_of(2).then_some("127.0.0.1");
        tx.host_ports_set(container_id(number), host_id(0), &[published(8080, ip)])
            .await?;
        tx.commit().await
    }
}

#[test]
fn a_host_port_is_given_once() {
    each(async |db| {
        fill(&db.store, 0..RACERS).await;
        let lost = race(db, SameHostPort).await;
        assert_eq!(lost, vec![Constraint::HostPortTaken; 7]);
        assert_eq!(
            db.store.host_ports_taken(host_id(0)).await.unwrap().len(),
            1
        );
    });
}

#[derive(Clone, Copy)]
struct Operate(ContainerId);

impl AsyncRace for Operate {
    async fn run(self, mut tx: Tx, number: u128) -> Result<()> {
        tx.operation_insert(&operation(number, self.0), "[]", None)
            .await?;
        tx.commit().await
    }
}

#[test]
fn a_container_has_one_operation_at_a_time() {
    each(async |db| {
        fill(&db.store, [1]).await;
        let id = container_id(1);
        let lost = race(db, Operate(id)).await;
        assert_eq!(lost, vec![Constraint::OperationUnfinished; 7]);
        let running = db.store.operation_running_of(id).await.unwrap().unwrap();
        let mut tx = db.store.begin().await.unwrap();
        tx.operation_finish(running.id, OperationState::Succeeded, None, at(9))
            .await
            .unwrap();
        tx.operation_insert(&operation(50, id), "[]", None)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    });
}

#[derive(Clone, Copy)]
struct Change;

impl AsyncRace for Change {
    async fn run(self, mut tx: Tx, _number: u128) -> Result<()> {
        let mut changed = container(1);
        changed.generation = 2;
        tx.container_update(&changed, 1).await?;
        tx.commit().await
    }
}

#[test]
fn a_generation_is_followed_by_one_change() {
    each(async |db| {
        fill(&db.store, [1]).await;
        let lost = race(db, Change).await;
        let met = Constraint::Generation {
            expected: 1,
            stored: 2,
        };
        assert_eq!(lost, vec![met; 7]);
    });
}
