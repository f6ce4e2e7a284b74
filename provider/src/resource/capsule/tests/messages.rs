//! The message for each kind of bad input, and the attribute it stands on.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tfplugin::{
    Action, CancellationToken, Context, Diagnostic, Diagnostics, PlanRequest, PlanResponse,
    Private, Resource, Value,
};

use super::super::CapsuleResource;
use super::{TYPE, config, shop};
use crate::testing::{Zund, refused};

fn with(path: &str, value: Json) -> Json {
    let mut all = json!({"containers": [{"name": "web", "image": "nginx"}]});
    *all.pointer_mut(path).unwrap() = value;
    all
}

fn beside(name: &str, value: Json) -> Json {
    let mut all = json!({"template": "kind: capsule\nmetadata: {name: shop}\navailabilityZone: a\nspec: {containers: [{image: nginx}]}"});
    all[name] = value;
    all
}

fn cases() -> Vec<(Json, &'static str)> {
    let web = |more: Json| {
        let mut one = json!({"name": "web", "image": "nginx"});
        one.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"containers": [one]})
    };
    let port = json!({"ports": [{"internal": 80}]});
    let mut twice = web(port.clone());
    let mut other = twice["containers"][0].clone();
    other["name"] = json!("other");
    twice["containers"].as_array_mut().unwrap().push(other);
    let mut cases = vec![
        (json!({}), "containers"),
        (json!({"containers": []}), "at least one container"),
        (
            with("/containers/0/name", json!("a b")),
            "container name \"a b\" is not valid",
        ),
        (
            with("/containers/0/image", json!("A B")),
            "such as nginx:1.27",
        ),
        (
            json!({"containers": [{"name": "web", "image": "nginx"}, {"name": "web", "image": "nginx"}]}),
            "containers[1].name: web is the name of",
        ),
        (web(json!({"cpu": 0.0001})), "at most three decimals"),
        (
            web(json!({"mounts": [{"destination": "/d", "source": "data"}]})),
            "is not a volume of this capsule",
        ),
        (
            web(json!({"mounts": [{"destination": "d", "source": "data"}]})),
            "absolute path",
        ),
        (twice, "80/tcp is a port of container web too"),
    ];
    cases.extend(of_the_whole());
    cases.extend(of_templates());
    cases
}

/// The same for what the whole has.
fn of_the_whole() -> Vec<(Json, &'static str)> {
    vec![
        (
            json!({"containers": [{"name": "web", "image": "nginx"}], "volumes": [{"name": "v", "size": 1}]}),
            "nobody mounts \"v\"",
        ),
        (
            json!({"containers": [{"name": "web", "image": "nginx"}], "volumes": [{"name": "v"}]}),
            "give either volume",
        ),
        (
            json!({"containers": [{"name": "web", "image": "nginx"}], "volumes": [{"name": "v", "size": 0}]}),
            "at least 1",
        ),
        (
            json!({"containers": [{"name": "web", "image": "nginx"}], "wait_for": "healthy"}),
            "needs a healthcheck",
        ),
        (
            json!({"containers": [{"name": "web", "image": "nginx"}], "wait_for": "exited"}),
            "one of",
        ),
        (
            json!({"containers": [{"name": "web", "image": "nginx"}], "state": "paused"}),
            "one of",
        ),
    ]
}

/// The same for templates.
fn of_templates() -> Vec<(Json, &'static str)> {
    vec![
        (
            json!({"template": "kind: pod"}),
            "kind: \"pod\" is not valid",
        ),
        (json!({"template": "{"}), "neither JSON nor YAML"),
        (
            beside("containers", json!([{"name": "web", "image": "nginx"}])),
            "template",
        ),
        (
            beside("labels", json!({"a": "b"})),
            "labels cannot be given beside template",
        ),
        (
            beside("name", json!("other")),
            "The template calls the capsule shop",
        ),
        (
            beside("availability_zone", json!("b")),
            "The template has an availabilityZone",
        ),
    ]
}

#[tokio::test]
async fn bad_input_is_told_while_planning() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    for (set, expected) in cases() {
        let message = refused(terraform.plan(TYPE, None, &config(&set)).await);
        assert!(message.contains(expected), "{set}: {message}");
    }
}

#[tokio::test]
async fn a_volume_cannot_shrink() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let large = shop(|all| all["volumes"][0]["size"] = json!(3));
    let outcome = terraform.apply(TYPE, None, &large).await.unwrap();
    let message = refused(
        terraform
            .plan(TYPE, outcome.stored.as_ref(), &shop(|_| ()))
            .await,
    );
    assert!(message.contains("volume volume-data has 3"), "{message}");
}

#[tokio::test]
async fn what_the_server_would_refuse_is_a_warning_of_the_plan() {
    let zund = Zund::start().await;
    zund.with(|world| {
        let problem = |kind, message| json!({"kind": kind, "message": message});
        world.problems = vec![
            problem("quota", "over quota: memory"),
            problem("mounts", "volume data is in use"),
        ];
    });
    let warnings = warnings(Some(&zund), Value::Null, shop(|_| ())).await;
    assert!(
        warnings[0].detail.contains("Over quota: memory"),
        "{warnings:?}"
    );
    assert_eq!(warnings[1].path.as_ref().unwrap().to_string(), "volumes");
}

/// The warnings of a plan.
async fn warnings(zund: Option<&Zund>, prior_state: Value, config: Value) -> Vec<Diagnostic> {
    let session = zund.map(|zund| Arc::new(zund.session()));
    let context = Context::new(session, CancellationToken::new(), Duration::from_secs(5));
    let mut response = PlanResponse {
        planned_state: config.clone(),
        requires_replace: Vec::new(),
        private: Private::default(),
        diagnostics: Diagnostics::new(),
    };
    let request = PlanRequest {
        action: if prior_state.is_null() {
            Action::Create
        } else {
            Action::Update
        },
        config,
        prior_state,
    };
    let done = CapsuleResource
        .modify_plan(&context, &request, &mut response)
        .await;
    assert_eq!(done, Ok(()));
    assert!(!response.diagnostics.has_errors());
    response.diagnostics.iter().cloned().collect()
}

#[tokio::test]
async fn what_becomes_of_data_is_a_warning_of_the_plan() {
    let zund = Zund::start().await;
    let terraform = zund.terraform().await;
    let outcome = terraform.apply(TYPE, None, &shop(|_| ())).await.unwrap();
    let prior = outcome.stored.unwrap().state;
    let none = shop(|all| {
        all.as_object_mut().unwrap().remove("volumes");
        all["containers"][0]
            .as_object_mut()
            .unwrap()
            .remove("mounts");
    });
    let found = warnings(None, prior.clone(), none).await;
    assert!(
        found[0]
            .detail
            .contains("Volume volume-data (1 GiB, data) is no longer"),
        "{found:?}"
    );
    let elsewhere = shop(|all| all["availability_zone"] = json!("b"));
    let found = warnings(None, prior, elsewhere).await;
    assert!(
        found[0]
            .detail
            .contains("is deleted with the capsule that is replaced"),
        "{found:?}"
    );
}
