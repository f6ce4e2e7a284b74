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
        "PUT /image/v2/images/i/file" => {
            let fits = head.contains("content-type: application/octet-stream")
                && head.contains("content-length: 700000");
            answer(if fits { 204 } else { 418 }, "")
        }
        "PATCH /image/v2/images/i" if !head.contains(PATCH) => answer(415, ""),
        _ => answer(status, body),
    })
    .await;
    let client = Client::new(connection(&server.address));
    (server, client)
}

const IMAGE: &str = r#"{"id":"i","name":"app","status":"active","visibility":"private","container_format":"docker",
    "disk_format":"raw","size":7,"virtual_size":null,"checksum":"aa","os_hash_algo":"sha512","os_hash_value":"bb",
    "tags":["a"],"min_disk":0,"min_ram":0,"protected":false,"owner":"p","os_hidden":false,"file":"/v2/images/i/file",
    "schema":"/v2/schemas/image","self":"/v2/images/i","created_at":"2026-01-01T00:00:00Z",
    "updated_at":"2026-01-01T00:00:00Z","tier":"web","locations":[]}"#;

#[tokio::test]
async fn an_image_is_read_as_glance_writes_it() {
    let (server, client) = server(200, IMAGE).await;
    let image = client.image_find("i").await.unwrap().unwrap();
    assert_eq!(image.size, Some(7));
    let own = BTreeMap::from([("tier".to_owned(), "web".to_owned())]);
    assert_eq!(image.properties(), own);
    let renamed = [ImageChange::replace("name", "b")];
    client.image_update("i", &renamed).await.unwrap();
    let seen = server.seen.lock().unwrap().clone();
    assert_eq!(
        seen.last().map(String::as_str),
        Some("PATCH /image/v2/images/i")
    );
}

#[tokio::test]
async fn data_is_sent_with_its_length_and_a_file_that_is_not_there_is_named() {
    let (_server, client) = server(200, "").await;
    let folder = std::env::temp_dir().join(format!("zun-client-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("image.tar");
    std::fs::write(&file, vec![7; 700_000]).unwrap();
    let sent = client.image_upload("i", &file, Duration::ZERO).await;
    std::fs::remove_dir_all(&folder).unwrap();
    sent.unwrap();
    let error = client.image_upload("i", &file, Duration::ZERO).await;
    let text = error.unwrap_err().to_string();
    assert!(
        text.contains("image.tar cannot be read: No such file"),
        "{text}"
    );
}

#[tokio::test]
async fn a_refusal_says_what_the_server_said() {
    let body = r#"{"message":"image i is used by container web","code":"409 Conflict","title":"Conflict"}"#;
    let (_server, client) = server(409, body).await;
    let error = client.image_delete("i").await.unwrap_err();
    assert!(error.is_conflict());
    let text = error.to_string();
    assert!(
        text.starts_with("cannot delete image i: image i is used by container web (HTTP 409"),
        "{text}"
    );
}

#[test]
fn changes_of_properties_are_escaped_and_told_apart() {
    let map = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>()
    };
    let changes = ImageChange::of_properties(
        &map(&[("a", "1"), ("b/~", "1"), ("c", "1")]),
        &map(&[("b/~", "2"), ("c", "1"), ("d", "1")]),
    );
    assert_eq!(
        serde_json::to_string(&changes).unwrap(),
        r#"[{"op":"remove","path":"/a"},{"op":"replace","path":"/b~1~0","value":"2"},{"op":"add","path":"/d","value":"1"}]"#
    );
}
