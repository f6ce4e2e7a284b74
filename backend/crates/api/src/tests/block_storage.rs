//! `/volume/v3`: versions, and what everything looks like.

use serde_json::{Value, json};

use super::{TestApp, Who};

impl TestApp {
    /// The address of something of block storage in the member's project.
    pub(super) fn block(&self, rest: &str) -> String {
        format!("/volume/v3/{}/{rest}", self.shop.0.simple())
    }

    /// The project of somebody's token.
    pub(super) async fn project_of(&self, who: Who) -> String {
        let projects = self
            .get(who, "/identity/v3/auth/projects")
            .await
            .expect(200);
        projects.json()["projects"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Waits until nothing is at work on it; how its last operation ended.
    pub(super) async fn settled(&self, subject: &str) -> Value {
        let page = self
            .get(Who::Member, "/zund/v1/operations")
            .await
            .expect(200)
            .json();
        let all = page["operations"].as_array().unwrap();
        let last = all.iter().find(|one| one["subject"] == subject).unwrap();
        self.ended(Who::Member, &json!({"operation": last})).await
    }

    /// A volume of the member's, made to its end.
    pub(super) async fn volume(&self, body: Value) -> String {
        let made = self
            .post(Who::Member, &self.block("volumes"), json!({"volume": body}))
            .await;
        let id = made.expect(202).json()["volume"]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(self.settled(&id).await["state"], "succeeded");
        id
    }

    pub(super) async fn volume_shown(&self, id: &str) -> Value {
        let path = self.block(&format!("volumes/{id}"));
        self.get(Who::Member, &path).await.expect(200).json()["volume"].clone()
    }

    /// A snapshot of the member's, taken to its end.
    pub(super) async fn snapshot(&self, body: Value) -> String {
        let path = self.block("snapshots");
        let made = self
            .post(Who::Member, &path, json!({"snapshot": body}))
            .await
            .expect(202);
        let id = made.json()["snapshot"]["id"].as_str().unwrap().to_owned();
        assert_eq!(self.settled(&id).await["state"], "succeeded");
        id
    }

    /// A running container of the member's that has this volume at `/data`.
    pub(super) async fn holder(&self, name: &str, volume: &str) -> String {
        let mounts = json!([{"source": volume, "destination": "/data"}]);
        let body = json!({"name": name, "spec": {"image": "nginx", "mounts": mounts}});
        let accepted = self
            .post(Who::Member, "/zund/v1/containers", body)
            .await
            .expect(202)
            .json();
        let ended = self.ended(Who::Member, &accepted).await;
        assert_eq!(ended["state"], "succeeded", "{ended}");
        accepted["container"]["uuid"].as_str().unwrap().to_owned()
    }

    /// A body with the ids in it replaced by words.
    fn plain(&self, body: &Value, names: &[(&str, &str)]) -> String {
        let mut text = serde_json::to_string_pretty(body).unwrap();
        let project = self.shop.0.simple().to_string();
        for (id, word) in names
            .iter()
            .copied()
            .chain([(project.as_str(), "project"), (&self.member, "member")])
        {
            text = text.replace(id, &format!("<{word}>"));
        }
        text
    }
}

#[tokio::test]
async fn versions_and_catalog() {
    let app = TestApp::start().await;
    let choices = app.get(Who::Nobody, "/volume/").await.expect(300).json();
    let version = app.get(Who::Nobody, "/volume/v3/").await.expect(200).json();
    assert_eq!(choices, version);
    insta::assert_json_snapshot!(version);
    let login = app
        .log_in("mel", super::PASSWORD, "shop")
        .await
        .expect(201)
        .json();
    let catalog = app
        .get(Who::Member, "/identity/v3/auth/catalog")
        .await
        .expect(200)
        .json();
    assert_eq!(catalog["catalog"], login["token"]["catalog"]);
    for kind in ["block-storage", "volumev3"] {
        let all = catalog["catalog"].as_array().unwrap();
        let entry = all.iter().find(|entry| entry["type"] == kind).unwrap();
        assert_eq!(entry["name"], "cinder");
        let url = format!("http://zun.test:9517{}", app.block(""));
        assert_eq!(entry["endpoints"][0]["url"], url.trim_end_matches('/'));
    }
}

#[tokio::test]
async fn microversions_are_read_and_answered() {
    let app = TestApp::start().await;
    let ask = async |version: &str| {
        app.ask_in(version, Who::Member, "GET", &app.block("types"), None)
            .await
    };
    for (version, chosen) in [
        ("", "volume 3.0"),
        ("volume 3.42", "volume 3.42"),
        ("volume 3.latest", "volume 3.71"),
        ("container 1.40", "volume 3.0"),
    ] {
        let reply = ask(version).await.expect(200);
        assert_eq!(reply.header("openstack-api-version"), chosen, "{version}");
        assert_eq!(reply.header("vary"), "OpenStack-API-Version");
    }
    let late = ask("volume 3.99").await.expect(406);
    assert!(
        late.detail().contains("3.x from 3.0 to 3.71"),
        "{}",
        late.text
    );
    let wrong = ask("volume three").await.expect(400);
    assert!(wrong.detail().contains("\"three\""), "{}", wrong.text);
}

#[tokio::test]
async fn a_volume_as_clients_read_it() {
    let app = TestApp::start().await;
    let body =
        json!({"name": "data", "description": "the shop's", "size": "2", "metadata": {"a": "b"}});
    let made = app
        .post(Who::Member, &app.block("volumes"), json!({"volume": body}))
        .await;
    let made = made.expect(202).json();
    assert_eq!(made["volume"]["status"], "creating");
    let id = made["volume"]["id"].as_str().unwrap().to_owned();
    assert_eq!(app.settled(&id).await["state"], "succeeded");
    let container = app.holder("db", &id).await;
    let shown = app.volume_shown(&id).await;
    let pair = uuid::Uuid::parse_str(&id).unwrap().as_u128()
        ^ uuid::Uuid::parse_str(&container).unwrap().as_u128();
    let pair = uuid::Uuid::from_u128(pair).to_string();
    let names = [
        (id.as_str(), "volume"),
        (&container, "container"),
        (&pair, "attachment"),
    ];
    insta::assert_snapshot!("volume", app.plain(&shown, &names));
    let listed = app
        .get(Who::Reader, &app.block("volumes/detail"))
        .await
        .expect(200)
        .json();
    assert_eq!(listed, json!({"volumes": [shown]}));
    let short = app
        .get(Who::Reader, &app.block("volumes"))
        .await
        .expect(200)
        .json();
    insta::assert_snapshot!("volume_summary", app.plain(&short, &names));
    let blank = app.volume(json!({"size": 1})).await;
    let blank = app.volume_shown(&blank).await;
    assert_eq!(
        [&blank["name"], &blank["description"]],
        [&Value::Null, &Value::Null]
    );
    assert_eq!(blank["status"], "available");
}

#[tokio::test]
async fn a_snapshot_as_clients_read_it() {
    let app = TestApp::start().await;
    let volume = app.volume(json!({"name": "data", "size": 3})).await;
    app.holder("db", &volume).await;
    let body =
        json!({"name": "before", "volume_id": volume, "force": "True", "metadata": {"a": "b"}});
    let id = app.snapshot(body).await;
    let shown = app
        .get(Who::Reader, &app.block(&format!("snapshots/{id}")))
        .await
        .expect(200)
        .json();
    let names = [(id.as_str(), "snapshot"), (&volume, "volume")];
    insta::assert_snapshot!("snapshot", app.plain(&shown, &names));
    let listed = app
        .get(Who::Reader, &app.block("snapshots/detail"))
        .await
        .expect(200)
        .json();
    assert_eq!(listed, json!({"snapshots": [shown["snapshot"]]}));
    let short = app
        .get(Who::Reader, &app.block("snapshots"))
        .await
        .expect(200)
        .json();
    insta::assert_snapshot!("snapshot_summary", app.plain(&short, &names));
    let restored = app.volume(json!({"snapshot_id": id})).await;
    let restored = app.volume_shown(&restored).await;
    assert_eq!(
        restored["size"], 3,
        "the size of the snapshot where none is given"
    );
    assert_eq!(restored["snapshot_id"], *id);
    let copy = app.volume(json!({"source_volid": volume, "size": 4})).await;
    assert_eq!(app.volume_shown(&copy).await["source_volid"], *volume);
}

#[tokio::test]
async fn types_limits_and_zones() {
    let app = TestApp::start().await;
    let get = async |rest: &str| app.get(Who::Reader, &app.block(rest)).await;
    let types = get("types").await.expect(200).json();
    insta::assert_json_snapshot!("types", types);
    for (index, name) in ["single", "multiattach"].into_iter().enumerate() {
        let one = &types["volume_types"][index];
        let id = one["id"].as_str().unwrap();
        for ident in [name, id] {
            let shown = get(&format!("types/{ident}")).await.expect(200).json();
            assert_eq!(shown["volume_type"], *one);
        }
    }
    assert_eq!(
        get("types/default").await.expect(200).json()["volume_type"]["name"],
        "single"
    );
    let unknown = get("types/fast").await.expect(404);
    assert!(
        unknown
            .detail()
            .contains("there are single and multiattach"),
        "{}",
        unknown.text
    );
    for (query, count) in [
        ("is_public=None", 2),
        ("is_public=True", 2),
        ("is_public=false", 0),
    ] {
        let found = get(&format!("types?{query}")).await.expect(200).json();
        assert_eq!(
            found["volume_types"].as_array().unwrap().len(),
            count,
            "{query}"
        );
    }
    let volume = app.volume(json!({"size": 2})).await;
    app.snapshot(json!({"volume_id": volume})).await;
    let limits = get("limits").await.expect(200).json();
    let absolute = &limits["limits"]["absolute"];
    assert_eq!(absolute["totalVolumesUsed"], 1);
    assert_eq!(absolute["totalSnapshotsUsed"], 1);
    assert_eq!(absolute["totalGigabytesUsed"], 4);
    assert_eq!(absolute["maxTotalVolumes"], -1);
    let zones = get("os-availability-zone").await.expect(200).json();
    assert_eq!(
        zones,
        json!({"availabilityZoneInfo": [{"zoneName": "nova", "zoneState": {"available": true}}]})
    );
    let body = json!({"host": "host-1", "binary": "zun-compute"});
    app.put(Who::Admin, "/v1/services/disable", body)
        .await
        .expect(200);
    let zones = get("os-availability-zone").await.expect(200).json();
    assert_eq!(
        zones["availabilityZoneInfo"][0]["zoneState"]["available"],
        false
    );
}

#[tokio::test]
async fn types_of_new_volumes() {
    let app = TestApp::start().await;
    let types = app
        .get(Who::Member, &app.block("types"))
        .await
        .expect(200)
        .json();
    let id = &types["volume_types"][1]["id"];
    for (body, kind) in [
        (json!({"size": 1, "volume_type": null}), "single"),
        (
            json!({"size": 1, "volume_type": "multiattach"}),
            "multiattach",
        ),
        (json!({"size": 1, "volume_type": id}), "multiattach"),
        (json!({"size": 1, "multiattach": true}), "multiattach"),
        (
            json!({"size": 1, "multiattach": false, "volume_type": "multiattach"}),
            "multiattach",
        ),
    ] {
        let shown = app.volume(body.clone()).await;
        let shown = app.volume_shown(&shown).await;
        assert_eq!(shown["volume_type"], kind, "{body}");
        assert_eq!(shown["multiattach"], kind == "multiattach");
    }
}
