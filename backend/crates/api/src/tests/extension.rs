//! `/zund/v1` as the provider uses it.

use serde_json::{Value, json};
use zun_driver::fake::fault::When;
use zun_driver::fake::{FakeHost, Verb};

use super::{TestApp, Who};

#[tokio::test]
async fn create_follow_confirm() {
    let app = TestApp::start().await;
    let features = app.get(Who::Member, "/zund/v1").await.expect(200).json();
    assert_eq!(features["api"], 1);
    assert_eq!(features["disk"], "refused");
    assert_eq!(features["project_id"], app.shop.0.simple().to_string());

    let spec = json!({"image": "nginx", "memory": 64, "cpu": 0.5, "environment_wo": {"TOKEN": "hush"},
        "ports": [{"internal": 80}]});
    let body = json!({"name": "web", "spec": spec});
    let accepted = app
        .post(Who::Member, "/zund/v1/containers", body.clone())
        .await
        .expect(202);
    assert!(!accepted.text.contains("hush"));
    let accepted = accepted.json();
    assert_eq!(accepted["container"]["state"], "creating");
    let operation = app.ended(Who::Member, &accepted).await;
    assert_eq!(operation["state"], "succeeded");
    let id = accepted["container"]["uuid"].as_str().unwrap();
    let path = format!("/zund/v1/containers/{id}");

    // Sent again before it was confirmed: the same one.
    let again = app
        .post(Who::Member, "/zund/v1/containers", body.clone())
        .await
        .expect(202)
        .json();
    assert_eq!(again["container"]["uuid"], id);
    app.ask(Who::Member, "POST", &format!("{path}/confirm"), None)
        .await
        .expect(204);
    let taken = app
        .post(Who::Member, "/zund/v1/containers", body)
        .await
        .expect(409)
        .json();
    assert_eq!(taken["errors"][0]["existing"], id);

    let shown = app.get(Who::Member, &path).await.expect(200).json();
    assert_eq!(shown["state"], "running");
    assert_eq!(shown["confirmed"], true);
    assert_eq!(shown["seen"]["connected"], true);
    assert_eq!(shown["spec"]["environment_wo"], Value::Null);
    assert_eq!(shown["spec"]["command"], Value::Null);
    assert!(
        shown["published"]["80/tcp"]
            .as_u64()
            .is_some_and(|port| port > 0)
    );
}

#[tokio::test]
async fn update_and_delete() {
    let app = TestApp::start().await;
    let body =
        json!({"name": "web", "spec": {"image": "nginx", "cpu": 0.5, "ports": [{"internal": 80}]}});
    let accepted = app
        .post(Who::Member, "/zund/v1/containers", body)
        .await
        .expect(202)
        .json();
    app.ended(Who::Member, &accepted).await;
    let path = format!(
        "/zund/v1/containers/{}",
        accepted["container"]["uuid"].as_str().unwrap()
    );
    let shown = app.get(Who::Member, &path).await.expect(200).json();

    let edit = json!({"generation": shown["generation"], "spec": {"image": "nginx", "memory": 128, "cpu": 0.5,
        "ports": [{"internal": 80}]}});
    let accepted = app
        .put(Who::Member, &path, edit.clone())
        .await
        .expect(202)
        .json();
    assert_eq!(
        app.ended(Who::Member, &accepted).await["state"],
        "succeeded"
    );
    let shown = app.get(Who::Member, &path).await.expect(200).json();
    assert_eq!(shown["spec"]["memory"], 128);
    assert_eq!(shown["revision"], 1, "a live edit");
    let stale = app.put(Who::Member, &path, edit).await.expect(409);
    assert!(
        stale.detail().contains("was changed by someone else"),
        "{}",
        stale.text
    );

    let events = app
        .get(Who::Member, &format!("{path}/events"))
        .await
        .expect(200)
        .json();
    assert!(!events["events"].as_array().unwrap().is_empty());
    let accepted = app
        .ask(Who::Member, "DELETE", &path, None)
        .await
        .expect(202)
        .json();
    assert_eq!(
        app.ended(Who::Member, &accepted).await["state"],
        "succeeded"
    );
    app.get(Who::Member, &path).await.expect(404);
    app.ask(Who::Member, "DELETE", &path, None)
        .await
        .expect(404);
}

/// Where the storage driver enforces a size, `disk` is accepted, part of the container, and edited by a
/// recreate; the features say so.
#[tokio::test]
async fn disk_is_enforced_where_the_host_can() {
    let mut facts = FakeHost::new().drivers().runtime.facts().await.unwrap();
    facts.disk_quota = true;
    let app = TestApp::start_on(FakeHost::with_facts(facts), |_, _| ()).await;
    let features = app.get(Who::Member, "/zund/v1").await.expect(200).json();
    assert_eq!(features["disk"], "enforced");
    let body = json!({"name": "web", "spec": {"image": "nginx", "disk": 5}});
    let accepted = app
        .post(Who::Member, "/zund/v1/containers", body)
        .await
        .expect(202)
        .json();
    app.ended(Who::Member, &accepted).await;
    let uuid = accepted["container"]["uuid"].as_str().unwrap();
    let path = format!("/zund/v1/containers/{uuid}");
    let edit = json!({"spec": {"image": "nginx", "disk": 6}});
    let ask = json!({"container": uuid, "spec": edit["spec"]});
    let preview = app.post(Who::Member, "/zund/v1/preview", ask).await;
    assert_eq!(preview.expect(200).json()["effect"], "recreate");
    let accepted = app.put(Who::Member, &path, edit).await.expect(202).json();
    assert_eq!(
        app.ended(Who::Member, &accepted).await["state"],
        "succeeded"
    );
    let shown = app.get(Who::Member, &path).await.expect(200).json();
    assert_eq!(shown["spec"]["disk"], 6);
    assert_eq!(shown["revision"], 2, "made anew with the other size");
}

/// What is sent again is used: the plan announced a restart, so there is one, whether or not the values are
/// the ones that are there.
#[tokio::test]
async fn a_write_only_environment_given_again_recreates() {
    let app = TestApp::start().await;
    let spec = json!({"image": "nginx", "environment_wo": {"TOKEN": "hush"}});
    let body = json!({"name": "web", "spec": spec});
    let accepted = app
        .post(Who::Member, "/zund/v1/containers", body)
        .await
        .expect(202)
        .json();
    app.ended(Who::Member, &accepted).await;
    let uuid = accepted["container"]["uuid"].as_str().unwrap();
    let path = format!("/zund/v1/containers/{uuid}");
    for (sent, revision) in [
        (json!({"TOKEN": "hush"}), 2),
        (json!({}), 3),
        (json!({}), 4),
    ] {
        let edit = json!({"spec": {"image": "nginx", "environment_wo": sent}});
        let accepted = app.put(Who::Member, &path, edit).await.expect(202).json();
        let ended = app.ended(Who::Member, &accepted).await;
        assert_eq!(ended["state"], "succeeded");
        let shown = app.get(Who::Member, &path).await.expect(200).json();
        assert_eq!(shown["revision"], revision, "{sent}");
    }
    let without = json!({"spec": {"image": "nginx"}});
    let accepted = app.put(Who::Member, &path, without).await.expect(202);
    assert_eq!(accepted.json()["operation"], Value::Null);
    let shown = app.get(Who::Member, &path).await.expect(200).json();
    assert_eq!(shown["revision"], 4, "left out, it keeps what is there");
}

#[tokio::test]
async fn an_operation_is_waited_for_and_streamed() {
    let app = TestApp::start().await;
    let gate = app.host.hold(Verb::Start, When::Nth(1));
    let body = json!({"name": "web", "spec": {"image": "nginx"}});
    let accepted = app
        .post(Who::Member, "/zund/v1/containers", body)
        .await
        .expect(202)
        .json();
    let id = accepted["operation"]["id"].as_str().unwrap().to_owned();
    gate.reached().await;
    let open = app
        .get(Who::Member, "/zund/v1/operations?unconfirmed=true")
        .await
        .expect(200)
        .json();
    assert_eq!(open["operations"][0]["id"], id.as_str());
    let now = app
        .get(Who::Member, &format!("/zund/v1/operations/{id}"))
        .await
        .expect(200)
        .json();
    assert_eq!(now["state"], "running");
    let stream = format!("/zund/v1/operations/{id}/events");
    let (streamed, ()) = futures::join!(app.get(Who::Member, &stream), async { gate.release() });
    let streamed = streamed.expect(200);
    assert_eq!(streamed.header("content-type"), "text/event-stream");
    let last = streamed
        .text
        .lines()
        .rfind(|line| line.starts_with("data: "))
        .unwrap();
    let last: Value = serde_json::from_str(last.trim_start_matches("data: ")).unwrap();
    assert_eq!(last["state"], "succeeded", "{}", streamed.text);
    let done = app
        .get(
            Who::Member,
            &format!("/zund/v1/operations/{id}?wait=60&after=0"),
        )
        .await;
    assert_eq!(done.expect(200).json()["state"], "succeeded");
    app.get(Who::Member, "/zund/v1/operations/none")
        .await
        .expect(404);
}

#[tokio::test]
async fn a_preview_names_everything_in_the_way() {
    let app = TestApp::start().await;
    let preview = async |who: Who, body: Value| app.post(who, "/zund/v1/preview", body).await;
    let fine = preview(Who::Member, json!({"spec": {"image": "nginx"}}))
        .await
        .expect(200)
        .json();
    assert_eq!(fine["problems"], json!([]));
    assert_eq!(fine["host"], "host-1");
    assert!(
        fine["image_digest"]
            .as_str()
            .unwrap()
            .starts_with("sha256:")
    );
    let body = json!({"spec": {"image": "missing", "memory": 900_000, "privileged": true}});
    let refused = preview(Who::Reader, body).await.expect(200).json();
    let kinds: Vec<&str> = refused["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["kind"].as_str().unwrap())
        .collect();
    for kind in ["policy", "image", "quota", "placement"] {
        assert!(kinds.contains(&kind), "{kind}: {refused}");
    }
    assert_eq!(refused["rejections"][0]["host"], "host-1");
    let id = app.running("web").await;
    let body = json!({"container": id, "spec": {"image": "nginx:2"}});
    let update = preview(Who::Member, body).await.expect(200).json();
    assert_eq!(update["effect"], "recreate");
    assert_eq!(
        update["changes"][0],
        json!({"field": "image", "effect": "recreate"})
    );
    preview(
        Who::Member,
        json!({"container": "none", "spec": {"image": "nginx"}}),
    )
    .await
    .expect(404);
}

#[tokio::test]
async fn lists_filter_and_page() {
    let app = TestApp::start().await;
    for name in ["a1", "b1", "c1"] {
        app.running(name).await;
    }
    let list = async |query: &str| {
        app.get(Who::Reader, &format!("/zund/v1/containers{query}"))
            .await
    };
    let names = |page: &Value| -> Vec<String> {
        let all = page["containers"].as_array().unwrap();
        all.iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = list("?limit=2").await.expect(200).json();
    assert_eq!(names(&first), ["a1", "b1"]);
    let second = list(&format!(
        "?limit=2&marker={}",
        first["next"].as_str().unwrap()
    ))
    .await
    .expect(200)
    .json();
    assert_eq!(names(&second), ["c1"]);
    assert_eq!(second["next"], Value::Null);
    let exact = list("?limit=3").await.expect(200).json();
    assert_eq!(
        exact["next"],
        Value::Null,
        "a full last page has no next one"
    );
    assert_eq!(
        names(&list("?state=running&name=b1").await.expect(200).json()),
        ["b1"]
    );
    assert_eq!(
        names(&list("?state=stopped").await.expect(200).json()),
        Vec::<String>::new()
    );
    assert!(
        list("?state=dancing")
            .await
            .expect(400)
            .detail()
            .contains("running")
    );
    list("?colour=red").await.expect(400);
    list("?limit=0").await.expect(400);
    list("?marker=10000000-0000-4000-8000-00000000ffff")
        .await
        .expect(404);
}

#[tokio::test]
async fn health_says_which_engine_is_silent() {
    let app = TestApp::start().await;
    let health = app
        .get(Who::Nobody, "/zund/v1/health")
        .await
        .expect(200)
        .json();
    assert_eq!(
        health,
        json!({"healthy": true, "store": "ok", "hosts_down": []})
    );
}
