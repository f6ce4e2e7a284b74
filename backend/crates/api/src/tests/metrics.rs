//! Metrics: for this machine, or for administrators.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;

use super::{Reply, TestApp, Who};

async fn asked_from(app: &TestApp, peer: &str, header: Option<&'static str>) -> Reply {
    let mut request = Request::get("/zund/v1/metrics");
    if let Some(name) = header {
        request = request.header(name, "203.0.113.9");
    }
    let mut request = request.body(Body::empty()).unwrap();
    let peer: SocketAddr = peer.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    app.send(request).await
}

#[tokio::test]
async fn on_this_machine_without_a_token() {
    let app = TestApp::start().await;
    app.running("web").await;
    for peer in ["127.0.0.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        asked_from(&app, peer, None).await.expect(200);
    }
    asked_from(&app, "192.0.2.1:1", None).await.expect(401);
    asked_from(&app, "127.0.0.1:1", Some("x-forwarded-for"))
        .await
        .expect(401);
    app.get(Who::Nobody, "/zund/v1/metrics").await.expect(401);
    let text = app
        .get(Who::Admin, "/zund/v1/metrics")
        .await
        .expect(200)
        .text;
    for line in [
        "zund_containers{state=\"running\"} 1",
        "zund_hosts{state=\"up\"} 1",
        "zund_hosts{state=\"down\"} 0",
        "zund_claimed_memory_mib 512",
        "zund_http_requests_total{api=\"extension\",route=\"/zund/v1/containers\",status=\"202\"} 1",
        "# EOF",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    assert!(!text.contains("web"), "no label names a container");
}
