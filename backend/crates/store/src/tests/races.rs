//! Transactions that race for the same thing: as many win as there is room for, and the others are told why.

use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;
use zun_domain::id::ContainerId;
use zun_domain::operation::OperationState;

use super::database::{Database, each};
use super::sample::{
    address, amounts, at, container, container_id, fill, host_id, network_id, operation, project,
    published,
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
        tx.port_insert(&address(number, 2), container_id(number))
            .await?;
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
