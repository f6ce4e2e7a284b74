//! The attribute `template`: a capsule as Zun's clients write it.

use serde_json::json;
use tfplugin::{ImportBy, Value};

use super::{TYPE, config, settle};
use crate::testing::Zund;

const TEMPLATE: &str = "
kind: capsule
metadata: {name: shop, labels: {app: shop}}
spec:
  restartPolicy: OnFailure
  containers:
  - name: web
    image: nginx:1
    ports: [{containerPort: 80, hostPort: 8080}]
    volumeMounts: [{name: data, mountPath: /data}]
  - name: log
    image: busybox:1
  volumes:
  - {name: data, cinder: {size: 1, autoRemove: true}}
";

fn of(text: &str) -> Value {
    config(&json!({"template": text}))
}

#[tokio::test]
async fn only_the_content_of_a_template_counts() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, None, &of(TEMPLATE)).await;
    assert_eq!(stored.state.get("name").unwrap().as_str(), Some("shop"));
    assert!(stored.state.get("containers").unwrap().is_null());
    assert_eq!(
        stored.state.get("published").unwrap().get("80/tcp"),
        Ok(&Value::number(8080))
    );

    let yaml: serde_yaml_ng::Value = serde_yaml_ng::from_str(TEMPLATE).unwrap();
    let other = serde_json::to_string_pretty(&yaml).unwrap();
    let planned = terraform
        .plan(TYPE, Some(&stored), &of(&other))
        .await
        .unwrap();
    assert_eq!(planned.state, stored.state, "as JSON it is the same");
    let commented = format!("# of the shop\n{TEMPLATE}");
    let planned = terraform
        .plan(TYPE, Some(&stored), &of(&commented))
        .await
        .unwrap();
    assert_eq!(planned.state, stored.state, "comments change nothing");

    let edited = TEMPLATE.replace("busybox:1", "busybox:2");
    let planned = terraform
        .plan(TYPE, Some(&stored), &of(&edited))
        .await
        .unwrap();
    let revisions = planned.state.get("revisions").unwrap();
    assert!(revisions.get("log").unwrap().is_unknown());
    assert_eq!(revisions.get("web"), Ok(&Value::number(1)), "keeps running");
    let stored = settle(&terraform, Some(stored), &of(&edited)).await;
    let revisions = stored.state.get("revisions").unwrap();
    assert_eq!(revisions.get("log"), Ok(&Value::number(2)));

    let outcome = terraform
        .apply(TYPE, Some(stored), &Value::Null)
        .await
        .unwrap();
    assert_eq!(outcome.errors, [""; 0]);
}

#[tokio::test]
async fn a_template_takes_over_what_is_imported_and_what_attributes_said() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    settle(&terraform, None, &of(TEMPLATE)).await;
    let imported = terraform
        .import(TYPE, ImportBy::Id("shop".into()))
        .await
        .unwrap();
    let imported = terraform.refresh(TYPE, &imported).await.unwrap().unwrap();
    assert!(!imported.state.get("containers").unwrap().is_null());
    let outcome = terraform
        .apply(TYPE, Some(imported), &of(TEMPLATE))
        .await
        .unwrap();
    assert_eq!(outcome.errors, [""; 0]);
    assert_eq!(
        zund.with(|world| world.count("PUT")),
        0,
        "another form of the same"
    );
    let stored = outcome.stored.unwrap();
    let fresh = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    assert_eq!(fresh.state, stored.state);
    let planned = terraform
        .plan(TYPE, Some(&fresh), &of(TEMPLATE))
        .await
        .unwrap();
    assert_eq!(planned.state, fresh.state);
}

#[tokio::test]
async fn what_differs_from_a_template_is_seen_and_mended() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = settle(&terraform, None, &of(TEMPLATE)).await;
    zund.with(|world| {
        let web = &mut world.only_capsule().containers[0];
        web.seen.as_mut().unwrap().memory = None;
    });
    let drifted = terraform.refresh(TYPE, &stored).await.unwrap().unwrap();
    assert!(drifted.state.get("template").unwrap().is_null());
    assert!(
        !drifted.state.get("containers").unwrap().is_null(),
        "shows what is there"
    );
    settle(&terraform, Some(drifted), &of(TEMPLATE)).await;
    assert_eq!(zund.with(|world| world.count("PUT")), 1);
}
