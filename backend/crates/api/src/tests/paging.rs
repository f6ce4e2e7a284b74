//! Pages and filters of `/v1/containers`, and those of the other lists.

use serde_json::{Value, json};

use super::{TestApp, Who};

fn names(page: &Value) -> Vec<&str> {
    let all = page["containers"].as_array().unwrap();
    all.iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect()
}

async fn five() -> TestApp {
    let app = TestApp::start().await;
    for (name, memory) in [("e1", 10), ("d1", 20), ("c1", 30), ("b1", 40), ("a1", 50)] {
        let body = json!({"name": name, "image": "nginx", "memory": memory});
        app.post(Who::Member, "/v1/containers", body)
            .await
            .expect(202);
    }
    app
}

#[tokio::test]
async fn next_keeps_the_filters() {
    let app = five().await;
    let first = app
        .get(
            Who::Member,
            "/v1/containers/?limit=2&image=nginx&sort_key=name",
        )
        .await;
    let first = first.expect(200).json();
    assert_eq!(names(&first), ["a1", "b1"]);
    assert!(first["containers"][0].get("links").is_none());
    let next = first["next"].as_str().unwrap();
    assert!(
        next.starts_with("http://zun.test:9517/v1/containers?image=nginx&sort_key=name"),
        "{next}"
    );
    let path = next.trim_start_matches("http://zun.test:9517");
    let second = app.get(Who::Member, path).await.expect(200).json();
    assert_eq!(names(&second), ["c1", "d1"]);
    let path = second["next"]
        .as_str()
        .unwrap()
        .trim_start_matches("http://zun.test:9517")
        .to_owned();
    let third = app.get(Who::Member, &path).await.expect(200).json();
    assert_eq!(names(&third), ["e1"]);
    assert_eq!(third["next"], Value::Null);
}

#[tokio::test]
async fn sorts_and_filters() {
    let app = five().await;
    let list = async |query: &str| {
        let path = format!("/v1/containers?{query}");
        app.get(Who::Member, &path).await.expect(200).json()
    };
    assert_eq!(names(&list("").await), ["e1", "d1", "c1", "b1", "a1"]);
    assert_eq!(
        names(&list("sort_dir=desc").await),
        ["a1", "b1", "c1", "d1", "e1"]
    );
    assert_eq!(
        names(&list("sort_key=memory&sort_dir=desc&limit=1").await),
        ["a1"]
    );
    assert_eq!(names(&list("name=c1").await), ["c1"]);
    assert_eq!(names(&list("memory=20").await), ["d1"]);
    assert_eq!(names(&list("auto_remove=False&limit=1").await), ["e1"]);
    assert!(names(&list("auto_remove=1").await).is_empty());
    for nothing in [
        "status=Rebuilding",
        "task_state=sg_adding",
        "project_id=none",
        "user_id=none",
        "image=other",
    ] {
        assert!(names(&list(nothing).await).is_empty(), "{nothing}");
    }
}

#[tokio::test]
async fn refused_lists() {
    let app = five().await;
    for (query, status, word) in [
        ("limit=0", 400, "limit"),
        ("limit=x", 400, "limit"),
        ("sort_key=colour", 400, "sort_key"),
        ("sort_dir=up", 400, "sort_dir"),
        ("colour=red", 400, "colour"),
        ("marker=none", 404, "none"),
        ("marker=10000000-0000-4000-8000-00000000ffff", 404, "ffff"),
        ("host=host-1", 403, "container:get_one:host"),
        ("all_projects=1", 403, "container:get_all_all_projects"),
    ] {
        let reply = app
            .get(Who::Member, &format!("/v1/containers?{query}"))
            .await
            .expect(status);
        assert!(reply.detail().contains(word), "{query}: {}", reply.text);
    }
    let own = app
        .get(Who::Admin, "/v1/containers")
        .await
        .expect(200)
        .json();
    assert!(
        names(&own).is_empty(),
        "an administrator's list is its project's, unless it asks for all"
    );
    let all = app
        .get(Who::Admin, "/v1/containers?all_projects=True&host=host-1")
        .await
        .expect(200)
        .json();
    assert_eq!(names(&all).len(), 5);
}

#[tokio::test]
async fn hosts_services_and_zones() {
    let app = TestApp::start().await;
    let hosts = app.get(Who::Admin, "/v1/hosts").await.expect(200).json();
    let host = &hosts["hosts"][0];
    assert_eq!(host["hostname"], "host-1");
    assert_eq!(host["cpus"], 4);
    assert_eq!(host["mem_total"], 16 * 1024);
    assert_eq!(hosts["next"], Value::Null);
    let one = app
        .get(Who::Admin, "/v1/hosts/host-1")
        .await
        .expect(200)
        .json();
    assert_eq!(&one, host);
    app.get(Who::Admin, "/v1/hosts/other").await.expect(404);
    let full = app
        .get(Who::Admin, "/v1/hosts?limit=1")
        .await
        .expect(200)
        .json();
    let next = full["next"]
        .as_str()
        .unwrap()
        .trim_start_matches("http://zun.test:9517")
        .to_owned();
    assert_eq!(
        app.get(Who::Admin, &next).await.expect(200).json()["hosts"],
        json!([])
    );
    let zones = app
        .get(Who::Reader, "/v1/availability_zones")
        .await
        .expect(200)
        .json();
    assert_eq!(
        zones,
        json!({"availability_zones": [{"availability_zone": "nova"}], "next": null})
    );
    app.get(Who::Reader, "/v1/availability_zones?marker=none")
        .await
        .expect(404);
}

#[tokio::test]
async fn services_are_steered() {
    let app = TestApp::start().await;
    let listed = async || {
        app.get(Who::Admin, "/v1/services").await.expect(200).json()["services"][0].clone()
    };
    let service = listed().await;
    assert_eq!(service["binary"], "zun-compute");
    assert_eq!(service["state"], "up");
    let put = async |path: &str, body: Option<Value>| {
        app.ask(Who::Admin, "PUT", &format!("/v1/services/{path}"), body)
            .await
    };
    let disabled = put(
        "disable?host=host-1&binary=zun-compute&disabled_reason=disk",
        None,
    )
    .await
    .expect(200);
    assert_eq!(
        disabled.json(),
        json!({"service": {"host": "host-1", "binary": "zun-compute", "disabled": true, "disabled_reason": "disk"}})
    );
    assert_eq!(listed().await["disabled_reason"], "disk");
    let body = json!({"host": "host-1", "binary": "zun-compute"});
    put("enable", Some(body)).await.expect(200);
    assert_eq!(listed().await["disabled"], false);
    put(
        "force_down?host=host-1&binary=zun-compute&forced_down=True",
        None,
    )
    .await
    .expect(200);
    assert_eq!(listed().await["state"], "down");
    for (path, status) in [
        ("enable", 400),
        ("enable?host=host-1", 400),
        ("enable?host=other&binary=zun-compute", 404),
        ("enable?host=host-1&binary=other", 404),
        ("enable?host=host-1&binary=zun-compute&x=1", 400),
    ] {
        put(path, None).await.expect(status);
    }
    let path = "/v1/services?host=host-1&binary=zun-compute";
    app.ask(Who::Admin, "DELETE", path, None).await.expect(409);
}
