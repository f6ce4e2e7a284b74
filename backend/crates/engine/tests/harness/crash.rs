//! A crash at every place one can come, then a restart on the same directory.

use crate::story::Story;
use crate::world::{Crash, World, call, each};

async fn places_of(story: Story) -> u64 {
    let crash = Crash::at(0);
    let world = World::new(Some(crash.hand())).await;
    story.prepare(&world).await;
    crash.reset();
    if let Some(operation) = story.ask(&world).await.unwrap() {
        let ended = world.end_of(&operation).await;
        assert_eq!(ended.failure, None, "{story:?} fails without a fault");
    }
    world.assert_whole(&format!("{story:?}, undisturbed")).await;
    crash.places()
}

async fn crash_at(story: Story, place: u64) {
    // The world is prepared by a process that does not crash, and asked of one that does.
    let world = World::new(None).await;
    story.prepare(&world).await;
    let crash = Crash::at(place);
    let world = world.restart_with(Some(crash.hand())).await;
    crash.reset();
    let operation = story.ask(&world).await.unwrap();
    crash.comes(&world, operation.as_ref()).await;
    let world = world.crash_and_restart().await;
    let what = format!("{story:?}, crashed at place {place}");
    if let Some(operation) = operation {
        let ended = world.end_of(&operation).await;
        assert_eq!(ended.failure, None, "{what}");
    }
    world.assert_whole(&what).await;
    let exists = world.engine.container_get(&call(), "web").await.is_ok();
    assert_eq!(exists, story != Story::Delete, "{what}");
}

/// Every story, crashed before and after each write of its log, comes to its end after a restart, the
/// step that was being done being done again.
#[tokio::test(flavor = "multi_thread")]
async fn every_operation_survives_a_crash_at_every_place() {
    each(Story::ALL, |story| async move {
        let places = places_of(story).await;
        assert!(places >= 3, "{story:?} has {places} places to crash at");
        for place in 1..=places {
            crash_at(story, place).await;
        }
    })
    .await;
}
