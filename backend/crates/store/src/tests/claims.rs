//! Claims: sums per project and host, and that they equal the rows after any history.

use std::collections::BTreeMap;

use proptest::prelude::*;
use zun_domain::quota::Usage;
use zun_domain::unit::Amounts;

use super::database::{Database, each, on_each};
use super::sample::{amounts, container, container_id, fill, host_id, project};

#[test]
fn sums_are_per_project_and_per_host() {
    each(async |db| {
        fill(&db.store, [1, 2, 3]).await;
        assert_eq!(
            db.store.usage_of(project(0)).await.unwrap(),
            Usage::default()
        );
        let mut tx = db.store.begin().await.unwrap();
        for (number, of, host, claim) in [
            (1, 0, 0, amounts(500, 100, 1)),
            (2, 0, 1, amounts(1500, 200, 0)),
            (3, 1, 1, amounts(1, 1, 1)),
            (1, 0, 0, amounts(700, 100, 3)),
        ] {
            tx.claim_set(container_id(number), project(of), host_id(host), claim)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        let usage = |containers, amounts| Usage {
            containers,
            amounts,
        };
        let of = |number| db.store.usage_of(project(number));
        assert_eq!(of(0).await.unwrap(), usage(2, amounts(2200, 300, 3)));
        assert_eq!(of(1).await.unwrap(), usage(1, amounts(1, 1, 1)));
        let total = db.store.claims_total().await.unwrap();
        assert_eq!(total, usage(3, amounts(2201, 301, 4)));
        let hosts = db.store.allocations().await.unwrap();
        assert_eq!(hosts.len(), 2);
        assert_eq!(hosts[&host_id(0)], (amounts(700, 100, 3), 1));
        assert_eq!(hosts[&host_id(1)], (amounts(1501, 201, 1), 2));
        let one = db.store.claim_find(container_id(1)).await.unwrap();
        assert_eq!(one, Some(amounts(700, 100, 3)));
    });
}

#[derive(Debug, Clone)]
enum Act {
    Create(u128, Amounts),
    Resize(u128, Amounts),
    Delete(u128),
    /// Create, and then not commit.
    Abandon(u128, Amounts),
}

fn act() -> impl Strategy<Value = Act> {
    let number = || 0_u128..6;
    let claim = || (0_u64..4000, 0_u64..4096, 0_u64..10).prop_map(|(c, m, d)| amounts(c, m, d));
    prop_oneof![
        (number(), claim()).prop_map(|(n, a)| Act::Create(n, a)),
        (number(), claim()).prop_map(|(n, a)| Act::Resize(n, a)),
        number().prop_map(Act::Delete),
        (number(), claim()).prop_map(|(n, a)| Act::Abandon(n, a)),
    ]
}

/// Does to the database what is done to `model`.
async fn perform(db: &Database, model: &mut BTreeMap<u128, Amounts>, act: &Act) {
    let mut tx = db.store.begin().await.unwrap();
    match act {
        Act::Create(number, claim) | Act::Abandon(number, claim) if !model.contains_key(number) => {
            tx.container_insert(&container(*number)).await.unwrap();
            tx.claim_set(container_id(*number), project(0), host_id(0), *claim)
                .await
                .unwrap();
            if matches!(act, Act::Abandon(..)) {
                return;
            }
            model.insert(*number, *claim);
        }
        Act::Resize(number, claim) if model.contains_key(number) => {
            tx.claim_set(container_id(*number), project(0), host_id(0), *claim)
                .await
                .unwrap();
            model.insert(*number, *claim);
        }
        Act::Delete(number) if model.remove(number).is_some() => {
            tx.container_delete(container_id(*number)).await.unwrap();
        }
        Act::Create(..) | Act::Abandon(..) | Act::Resize(..) | Act::Delete(_) => {}
    }
    tx.commit().await.unwrap();
}

#[test]
fn after_any_history_the_sum_is_that_of_the_rows() {
    on_each(|runtime, db| {
        runtime.block_on(fill(&db.store, []));
        let model = std::cell::RefCell::new(BTreeMap::new());
        let config = ProptestConfig {
            cases: 24,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        proptest!(config, |(history in prop::collection::vec(act(), 1..20))| {
            let mut model = model.borrow_mut();
            for act in &history {
                runtime.block_on(perform(db, &mut model, act));
            }
            let amounts = model.values().fold(Amounts::default(), |sum, one| sum.plus(*one));
            let expected = Usage { containers: model.len() as u64, amounts };
            prop_assert_eq!(runtime.block_on(db.store.claims_total()).unwrap(), expected);
            prop_assert_eq!(runtime.block_on(db.store.usage_of(project(0))).unwrap(), expected);
            prop_assert_eq!(runtime.block_on(db.store.container_count()).unwrap(), expected.containers);
        });
    });
}
