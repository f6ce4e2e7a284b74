//! Containers that are kept from one read to the next are what a fresh read finds.

use std::sync::Arc;

use zun_domain::container::{Life, Phase, TaskState};
use zun_domain::operation::OperationState;

use super::database::each;
use super::sample::{
    address, at, container, container_id, fill, group, group_id, network, observed, operation,
    operation_id, port,
};
use crate::container::Cache;
use crate::{ContainerEntry, ContainerQuery, Reader, Tx};

/// Everything that changes what a container shows; the last deletes it.
const CHANGES: usize = 10;

async fn change(tx: &mut Tx, number: usize) {
    let id = container_id(1);
    let changed = match number {
        0 => tx.port_insert(&port(&address(1, 9), id)).await,
        1 => tx.operation_insert(&operation(1, id), "[]", None).await,
        2 => {
            let end = OperationState::Succeeded;
            tx.operation_finish(operation_id(1), end, None, at(9)).await
        }
        3 => {
            let seen = observed(Phase::Paused);
            tx.container_observe(id, Some(&seen), &Life::Live, None, None, at(9))
                .await
        }
        4 => {
            tx.container_task(id, Some(TaskState::ContainerKilling), Some("asked"))
                .await
        }
        5 => tx.container_confirm(id).await,
        6 => {
            let mut network = network(0);
            network.runtime_name = "zun-another".to_owned();
            tx.network_update(&network).await
        }
        7 => {
            tx.security_group_insert(&group(1, "web")).await.unwrap();
            let mut port = port(&address(1, 9), id);
            port.security_groups.insert(group_id(1));
            tx.port_update(&port).await
        }
        8 => {
            let mut renamed = container(1);
            renamed.generation = 2;
            renamed.desired.name = "another".parse().unwrap();
            tx.container_update(&renamed, 1).await
        }
        _ => tx.container_delete(id).await,
    };
    changed.unwrap();
}

/// One by one and as a list.
async fn shown(reader: &Reader) -> (Option<ContainerEntry>, Vec<ContainerEntry>) {
    let one = reader.container_entry_find(container_id(1)).await.unwrap();
    let all = reader
        .container_entries(&ContainerQuery::default())
        .await
        .unwrap();
    assert_eq!(
        all.iter()
            .find(|entry| entry.container.id == container_id(1)),
        one.as_ref()
    );
    (one, all)
}

#[test]
fn a_commit_is_seen_at_once_and_not_before() {
    each(async |db| {
        fill(&db.store, [1, 2]).await;
        for number in 0..CHANGES {
            let before = shown(&db.store).await;
            assert_eq!(shown(&db.store).await, before);
            let mut tx = db.store.begin().await.unwrap();
            change(&mut tx, number).await;
            let within = shown(&tx).await;
            assert_ne!(within, before, "change {number}");
            assert_eq!(shown(&db.store).await, before, "change {number}");
            tx.commit().await.unwrap();
            assert_eq!(shown(&db.store).await, within, "change {number}");
        }
    });
}

#[test]
fn what_was_read_before_a_commit_is_not_kept_after_it() {
    let cache = Cache::default();
    let entry = ContainerEntry {
        container: Arc::new(container(1)),
        operation: None,
    };
    let id = container_id(1);
    let before = cache.epoch();
    cache.clear();
    cache.put(std::slice::from_ref(&entry), before);
    assert_eq!(cache.get(id), None);
    let now = cache.epoch();
    cache.put(std::slice::from_ref(&entry), now);
    assert_eq!(cache.get(id), Some(entry.clone()));
    assert_eq!(cache.all(&[id], now), Some(vec![entry]));
    assert_eq!(cache.all(&[id, container_id(2)], now), None);
    assert_eq!(cache.all(&[id], before), None);
}
