//! Values that nobody needs and that would break something, or show what is not meant to be seen.

use serde_json::json;

use super::{TestApp, Who};

/// What would make ps show environments, or fail.
#[tokio::test]
async fn options_of_ps_are_chosen_from() {
    let app = TestApp::start().await;
    app.running("web").await;
    let top = async |arguments: &str| {
        let path = format!("/v1/containers/web/top?ps_args={arguments}");
        app.get(Who::Reader, &path).await
    };
    for fine in ["-ef", "aux", "-A%20-f", ""] {
        top(fine).await.expect(200);
    }
    for wrong in [
        "eww",
        "auxe",
        "-auxe",
        "-o%20args",
        "o%20environ",
        "--format=args",
        "1",
        "-",
    ] {
        let detail = top(wrong).await.expect(400).detail();
        assert!(
            detail.contains("ps_args") && detail.contains("such as -ef"),
            "{wrong}: {detail}"
        );
    }
}

/// Not in an address either, whoever asks.
#[tokio::test]
async fn a_nul_is_nowhere_taken() {
    let app = TestApp::start().await;
    for path in [
        "/v1/containers/%00",
        "/v1/containers?name=a%00",
        "/zund/v1/operations?container=%00",
        "/volume/v3/PROJECT/volumes?name=%00",
        "/identity/v3/users?name=%00",
    ] {
        let reply = app.get(Who::Admin, path).await.expect(400);
        assert!(reply.text.contains("NUL (%00)"), "{path}: {}", reply.text);
    }
    let body = json!({"auth": {"identity": {"methods": ["password"], "password": {"user": {
        "name": "a\0b", "password": "x", "domain": {"id": "default"}}}}}});
    let reply = app
        .post(Who::Nobody, "/identity/v3/auth/tokens", body)
        .await
        .expect(400);
    assert!(reply.text.contains("user.name"), "{}", reply.text);
}
