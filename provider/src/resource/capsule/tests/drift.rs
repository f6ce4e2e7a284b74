//! What was changed behind the provider's back is seen, named and mended.

use tfplugin::Value;
use tfplugin::testing::{Stored, Terraform};
use zun_api_types::capsule::Capsule;

use super::{TYPE, settle, shop};
use crate::provider::Zun;
use crate::testing::Zund;

async fn mended(terraform: &Terraform<Zun>, stored: Stored, names: &[&str]) -> Stored {
    let drifted = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    for name in names {
        let (now, before) = (drifted.state.get(name), stored.state.get(name));
        assert_ne!(now, before, "{name} drifts");
    }
    settle(terraform, Some(drifted), &shop(|_| ())).await
}

#[tokio::test]
async fn drift_is_named_and_mended() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let mut stored = settle(&terraform, None, &shop(|_| ())).await;
    let behind = |act: fn(&mut Capsule)| zund.with(|world| act(world.only_capsule()));
    behind(|capsule| {
        "stopped".clone_into(&mut capsule.state);
        "stopped".clone_into(&mut capsule.containers[1].state);
    });
    let drifted = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    let statuses = drifted.state.get("statuses").unwrap();
    assert_eq!(
        statuses.get("web").unwrap().as_str(),
        Some("stopped"),
        "named"
    );
    assert_eq!(statuses.get("log").unwrap().as_str(), Some("running"));
    stored = mended(&terraform, stored, &["state", "statuses"]).await;
    behind(|capsule| {
        "missing".clone_into(&mut capsule.state);
        "missing".clone_into(&mut capsule.containers[2].state);
        capsule.containers[2].seen = None;
    });
    stored = mended(&terraform, stored, &["state", "statuses"]).await;
    let revisions = stored.state.get("revisions").unwrap();
    assert_eq!(revisions.get("log"), Ok(&Value::number(2)));
    assert_eq!(revisions.get("web"), Ok(&Value::number(1)));
    behind(|capsule| capsule.containers[1].seen.as_mut().unwrap().memory = None);
    stored = mended(&terraform, stored, &["containers"]).await;
    behind(|capsule| capsule.containers[2].seen.as_mut().unwrap().restart_policy = None);
    mended(&terraform, stored, &["restart_policy"]).await;
    let changes = zund.with(|world| world.changes.len());
    assert_eq!(changes, 5, "each mended by one change");
}
