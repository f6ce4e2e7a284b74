//! Reads that are served together, and how many requests they come to.

use tokio::task::JoinSet;

use crate::testing::{World, Zund, fresh};

fn fill(world: &mut World, count: u32) -> Vec<String> {
    let asked = serde_json::from_str(r#"{"spec":{"image":"nginx"}}"#).unwrap();
    for number in 1..=count {
        let container = fresh(number, &asked);
        world.containers.insert(container.uuid.clone(), container);
    }
    world.containers.keys().cloned().collect()
}

const LIST: &str = "GET /zund/v1/containers";
const SINGLE: &str = "GET /zund/v1/containers/";

#[tokio::test]
async fn a_thousand_reads_are_a_few_requests() {
    let zund = Zund::start().await;
    let ids = zund.with(|world| fill(world, 1000));
    let session = std::sync::Arc::new(zund.session());
    let mut reads = JoinSet::new();
    for id in ids {
        let session = std::sync::Arc::clone(&session);
        reads.spawn(async move {
            let read = session.reads.get(&session.client, &id).await.unwrap();
            read.is_some_and(|container| container.uuid == id)
        });
    }
    assert!(reads.join_all().await.into_iter().all(|same| same));
    zund.with(|world| {
        assert_eq!(world.count(SINGLE), 19);
        assert!(world.seen.len() <= 30, "{} requests", world.seen.len());
    });
}

#[tokio::test]
async fn a_write_ends_the_list_and_what_it_lacks_is_asked_for() {
    let zund = Zund::start().await;
    let ids = zund.with(|world| fill(world, 30));
    let session = zund.session();
    for id in &ids {
        session.reads.get(&session.client, id).await.unwrap();
    }
    let lists = |zund: &Zund| zund.with(|world| world.count(LIST) - world.count(SINGLE));
    assert_eq!(lists(&zund), 1);
    assert!(
        session
            .reads
            .get(&session.client, "gone")
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(zund.with(|world| world.count(SINGLE)), 20);
    zund.with(|world| world.containers.get_mut(&ids[29]).unwrap().state = "stopped".into());
    session.reads.end();
    let read = session
        .reads
        .get(&session.client, &ids[29])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(read.state, "stopped");
    assert_eq!(lists(&zund), 2);
}
