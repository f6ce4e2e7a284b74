//! What users read when an apply does not work, and what the state says then.

use serde_json::json;
use tfplugin::{
    Action, CancellationToken, Context, PlanRequest, PlanResponse, Private, Resource, Value,
};

use super::super::ContainerResource;
use super::{TYPE, web};
use crate::testing::Zund;

fn failure() -> serde_json::Value {
    json!({"message": "the process ended while starting", "exit_code": 137, "oom_killed": true,
        "last_log": ["one", "two"]})
}

#[tokio::test]
async fn a_failed_create_says_everything_and_is_in_the_state() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    zund.with(|world| world.failure = Some(failure()));
    let outcome = terraform.apply(TYPE, None, &web(&[])).await.unwrap();
    let text = outcome.errors.join("\n");
    for part in [
        "Container web could not be created",
        "The process ended while starting.",
        "It did not start.",
        "Exit code 137",
        "(OOM)",
        "  one\n  two",
        "apply again",
    ] {
        assert!(text.contains(part), "{part} is missing in: {text}");
    }
    let stored = outcome.stored.unwrap();
    assert!(stored.tainted);
    assert!(stored.state.get("id").unwrap().is_known());
    assert!(zund.with(|world| world.only().confirmed));
    let outcome = terraform
        .apply(TYPE, Some(stored), &web(&[]))
        .await
        .unwrap();
    assert_eq!(outcome.errors, [""; 0]);
    assert_eq!(zund.with(|world| world.only().state.clone()), "running");
}

#[tokio::test]
async fn a_failed_change_keeps_the_old_state() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = terraform
        .apply(TYPE, None, &web(&[]))
        .await
        .unwrap()
        .stored
        .unwrap();
    zund.with(|world| world.failure = Some(failure()));
    let edited = web(&[("workdir", Value::string("/x"))]);
    let outcome = terraform
        .apply(TYPE, Some(stored.clone()), &edited)
        .await
        .unwrap();
    assert!(
        outcome.errors.join("\n").contains("as it was before"),
        "{:?}",
        outcome.errors
    );
    assert_eq!(outcome.stored.as_ref().unwrap().state, stored.state);
    let outcome = terraform
        .apply(TYPE, outcome.stored, &edited)
        .await
        .unwrap();
    assert_eq!(outcome.errors, [""; 0]);
}

#[tokio::test]
async fn a_name_that_is_taken_comes_with_the_import_command() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    terraform.apply(TYPE, None, &web(&[])).await.unwrap();
    let outcome = terraform.apply(TYPE, None, &web(&[])).await.unwrap();
    let text = outcome.errors.join("\n");
    assert!(
        text.starts_with("name: Container web exists already"),
        "{text}"
    );
    assert!(
        text.contains("terraform import zun_container.example 00000000-"),
        "{text}"
    );
    assert!(outcome.stored.is_none());
}

#[tokio::test]
async fn a_change_under_our_hands_is_refused_and_says_plan_again() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let stored = terraform
        .apply(TYPE, None, &web(&[]))
        .await
        .unwrap()
        .stored
        .unwrap();
    zund.with(|world| world.only().generation = 7);
    let edited = web(&[("memory", Value::number(99))]);
    let outcome = terraform.apply(TYPE, Some(stored), &edited).await.unwrap();
    assert!(
        outcome.errors.join("\n").contains("Plan again"),
        "{:?}",
        outcome.errors
    );
}

#[tokio::test]
async fn what_stands_in_the_way_is_a_warning_with_every_reason() {
    let zund = Zund::start().await;
    zund.with(|world| {
        world.problems = vec![
            json!({"kind": "placement", "message": "no host fits"}),
            json!({"kind": "ports", "message": "port 80 of alpha is taken"}),
        ];
    });
    let session = std::sync::Arc::new(zund.session());
    let timeout = std::time::Duration::from_secs(5);
    let context = Context::new(Some(session), CancellationToken::new(), timeout);
    let config = web(&[]);
    let mut response = PlanResponse {
        planned_state: config.clone(),
        requires_replace: Vec::new(),
        private: Private::default(),
        diagnostics: tfplugin::Diagnostics::new(),
    };
    let request = PlanRequest {
        action: Action::Create,
        config,
        prior_state: Value::Null,
    };
    let done = ContainerResource
        .modify_plan(&context, &request, &mut response)
        .await;
    assert_eq!(done, Ok(()));
    assert!(!response.diagnostics.has_errors());
    let warnings: Vec<_> = response.diagnostics.iter().collect();
    assert!(
        warnings[0]
            .detail
            .contains("alpha: asked for 9 MiB, 1 MiB are left (RamFilter)"),
        "{warnings:?}"
    );
    assert_eq!(warnings[1].path.as_ref().unwrap().to_string(), "ports");
}
