//! Jobs: `wait_for = "exited"`.

use tfplugin::Value;

use super::{TYPE, web};
use crate::testing::Zund;

fn job(memory: i64) -> Value {
    web(&[
        ("wait_for", Value::string("exited")),
        ("memory", Value::number(memory)),
    ])
}

#[tokio::test]
async fn a_finished_job_is_never_drift_and_an_edit_runs_it_again() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let outcome = terraform.apply(TYPE, None, &job(64)).await.unwrap();
    let stored = outcome.stored.unwrap();
    assert!(stored.state.get("state").unwrap().is_null());
    assert_eq!(stored.state.get("exit_code"), Ok(&Value::number(0)));
    let planned = terraform.plan(TYPE, Some(&stored), &job(64)).await.unwrap();
    assert_eq!(planned.state, stored.state);

    zund.with(|world| {
        let container = world.only();
        container.state = "missing".into();
        container.seen = None;
    });
    let fresh = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    assert!(fresh.state.get("state").unwrap().is_null());

    let planned = terraform.plan(TYPE, Some(&stored), &job(65)).await.unwrap();
    assert!(planned.state.get("revision").unwrap().is_unknown());
    let service = terraform
        .plan(TYPE, Some(&stored), &web(&[]))
        .await
        .unwrap();
    assert!(service.state.get("revision").unwrap().is_unknown());
}
