//! Quotas on both APIs.

use serde_json::{Value, json};

use super::{TestApp, Who};

#[tokio::test]
async fn as_zun_does() {
    let app = TestApp::start().await;
    let path = format!("/v1/quotas/{}", app.shop.0.simple());
    let defaults = json!({"containers": 40, "cpu": 20, "memory": 51_200, "disk": 100});
    assert_eq!(
        app.get(Who::Reader, &path).await.expect(200).json(),
        defaults
    );
    assert_eq!(
        app.get(Who::Reader, &format!("{path}/defaults"))
            .await
            .expect(200)
            .json(),
        defaults
    );
    let set = app
        .put(Who::Admin, &path, json!({"containers": 5, "cpu": "7"}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        set,
        json!({"containers": 5, "cpu": 7, "memory": 51_200, "disk": 100})
    );
    let set = app
        .ask(Who::Admin, "PUT", &format!("{path}?disk=-1"), None)
        .await
        .expect(200)
        .json();
    assert_eq!(
        set,
        json!({"containers": 5, "cpu": 7, "memory": 51_200, "disk": -1})
    );
    app.running("web").await;
    let usages = app
        .get(Who::Member, &format!("{path}?usages=False"))
        .await
        .expect(200)
        .json();
    assert_eq!(usages["cpu"], json!({"limit": 7, "in_use": 1.0}));
    assert_eq!(usages["containers"], json!({"limit": 5, "in_use": 1}));
    assert_eq!(
        app.ask(Who::Admin, "DELETE", &path, None)
            .await
            .expect(200)
            .json(),
        Value::Null
    );
    assert_eq!(
        app.get(Who::Reader, &path).await.expect(200).json(),
        defaults
    );
    app.get(Who::Admin, "/v1/quotas/defaults").await.expect(404);
}

#[tokio::test]
async fn limits_that_are_none() {
    let app = TestApp::start().await;
    let path = format!("/v1/quotas/{}", app.shop.0.simple());
    for body in [
        json!({"cpu": -2}),
        json!({"cpu": "many"}),
        json!({"colour": 1}),
        json!({"cpu": 1.5}),
    ] {
        app.put(Who::Admin, &path, body).await.expect(400);
    }
}

#[tokio::test]
async fn classes() {
    let app = TestApp::start().await;
    let any = app
        .get(Who::Admin, "/v1/quota_classes/gold")
        .await
        .expect(200)
        .json();
    assert_eq!(any["containers"], 40);
    app.put(
        Who::Admin,
        "/v1/quota_classes/default",
        json!({"containers": 3}),
    )
    .await
    .expect(200);
    let path = format!("/v1/quotas/{}", app.shop.0.simple());
    assert_eq!(
        app.get(Who::Reader, &path).await.expect(200).json()["containers"],
        3
    );
    let class = app
        .get(Who::Admin, "/zund/v1/quota_classes/default")
        .await
        .expect(200)
        .json();
    assert_eq!(
        class["limits"],
        json!({"containers": 3, "cpu": null, "memory": null, "disk": null})
    );
    app.ask(Who::Admin, "DELETE", "/zund/v1/quota_classes/default", None)
        .await
        .expect(204);
    assert_eq!(
        app.get(Who::Reader, &path).await.expect(200).json()["containers"],
        40
    );
}

#[tokio::test]
async fn as_the_provider_does() {
    let app = TestApp::start().await;
    let path = format!("/zund/v1/quotas/{}", app.shop.0.simple());
    let none = app.get(Who::Reader, &path).await.expect(200).json();
    assert_eq!(
        none["limits"],
        json!({"containers": null, "cpu": null, "memory": null, "disk": null})
    );
    let body = json!({"limits": {"cpu": 4}, "create": true});
    let set = app
        .put(Who::Admin, &path, body.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(set["limits"]["cpu"], 4);
    assert_eq!(set["effective"]["memory"], 51_200);
    let taken = app.put(Who::Admin, &path, body).await.expect(409);
    assert!(
        taken.detail().contains("terraform import"),
        "{}",
        taken.text
    );
    let cleared = app
        .put(
            Who::Admin,
            &path,
            json!({"limits": {"cpu": null, "disk": 5}}),
        )
        .await
        .expect(200)
        .json();
    assert_eq!(
        cleared["limits"],
        json!({"containers": null, "cpu": null, "memory": null, "disk": 5})
    );
    let wrong = app
        .put(Who::Admin, &path, json!({"limits": {"cpu": -5}}))
        .await
        .expect(400);
    assert_eq!(wrong.field(), "limits.cpu");
    app.ask(Who::Admin, "DELETE", &path, None).await.expect(204);
    let nobody = "/zund/v1/quotas/10000000000040008000000000ffffff";
    app.put(Who::Admin, nobody, json!({"limits": {"cpu": 1}}))
        .await
        .expect(404);
}
