//! The calls against canned answers: where they go, what they say, what becomes of refusals.

use super::*;
use crate::testing::{Stub, answer, connection, login, stub};

const FEATURES: &str = r#"{"version":"0.1.0","api":1,"disk":"account","project_id":"p"}"#;

async fn server(status: u16, body: &'static str) -> (Stub, Client) {
    let server = stub(move |request, head| match request {
        "POST /v3/auth/tokens" => {
            let host = head.lines().find_map(|line| line.strip_prefix("host: "));
            login(&format!("http://{}", host.unwrap()), "t")
        }
        "GET /zund/v1" => answer(200, FEATURES),
        _ => answer(status, body),
    })
    .await;
    let client = Client::new(connection(&server.address));
    (server, client)
}

fn last(server: &Stub) -> String {
    let seen = server.seen.lock().unwrap();
    seen.last().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_network_is_read_as_neutron_writes_it() {
    let body = r#"{"network":{"id":"n","name":"front","description":"","project_id":"p","tenant_id":"p",
        "admin_state_up":true,"mtu":1500,"subnets":["s"],"status":"ACTIVE","router:external":false,"shared":false,
        "provider:network_type":null,"tags":[],"revision_number":0}}"#;
    let (server, client) = server(200, body).await;
    let network: Network = client.networking_find("n").await.unwrap().unwrap();
    assert_eq!(network.subnets, ["s"]);
    assert_eq!(network.mtu, Some(1500));
    assert_eq!(last(&server), "GET /network/v2.0/networks/n");
}

#[tokio::test]
async fn lists_are_filtered_and_leave_out_what_belongs_to_others() {
    let body = r#"{"networks":[
        {"id":"mine","project_id":"p","admin_state_up":true},
        {"id":"theirs","project_id":"q","admin_state_up":true},
        {"id":"outside","project_id":"q","admin_state_up":true,"router:external":true}],"networks_links":[]}"#;
    let (server, client) = server(200, body).await;
    let found: Vec<Network> = client.networking_list(&[("name", "a b")]).await.unwrap();
    let ids: Vec<&str> = found.iter().map(Noun::id).collect();
    assert_eq!(ids, ["mine", "outside"]);
    assert_eq!(last(&server), "GET /network/v2.0/networks?name=a+b");
}

#[tokio::test]
async fn a_refusal_has_its_type_and_its_field() {
    let body = r#"{"NeutronError":{"type":"IpAddressInUse","message":"port_id: it has one already","detail":""}}"#;
    let (_server, client) = server(409, body).await;
    let created = client
        .networking_create::<Network>(&CreateNetwork::default())
        .await;
    let error = created.unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot create a network: port_id: it has one already (HTTP 409, IpAddressInUse)"
    );
    let refusal = error.refusal().unwrap();
    assert_eq!(refusal.field.as_deref(), Some("port_id"));
    assert!(error.next_step().contains("where it is used"));
}

#[tokio::test]
async fn a_sentence_without_a_field_is_about_none() {
    let body = r#"{"NeutronError":{"type":"RouterInUse","message":"router r is in use: by s","detail":""}}"#;
    let (_server, client) = server(409, body).await;
    let error = client.networking_delete::<Router>("r").await.unwrap_err();
    assert_eq!(error.refusal().unwrap().field, None);
}

#[tokio::test]
async fn what_is_not_there_is_no_error() {
    let body = r#"{"NeutronError":{"type":"PortNotFound","message":"port p could not be found","detail":""}}"#;
    let (server, client) = server(404, body).await;
    assert_eq!(client.networking_find::<Port>("p").await, Ok(None));
    assert_eq!(client.networking_delete::<Rule>("p").await, Ok(false));
    assert_eq!(last(&server), "DELETE /network/v2.0/security-group-rules/p");
    assert_eq!(client.router_interface_remove("r", "s").await, Ok(false));
    assert_eq!(
        last(&server),
        "PUT /network/v2.0/routers/r/remove_router_interface"
    );
}

#[test]
fn what_is_taken_away_goes_out_as_null() {
    let keep = serde_json::to_string(&ChangeRouter::default()).unwrap();
    assert_eq!(keep, "{}");
    let clear = ChangeRouter {
        external_gateway_info: Some(None),
        ..ChangeRouter::default()
    };
    let clear = serde_json::to_string(&clear).unwrap();
    assert_eq!(clear, r#"{"external_gateway_info":null}"#);
}
