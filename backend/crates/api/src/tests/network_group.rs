//! `/network/v2.0`: security groups and their rules, and that they are in force when the answer comes.

use serde_json::{Value, json};
use zun_domain::network::security_group::Allows;

use super::{Reply, TestApp, Who};

impl TestApp {
    /// One request of the member's below `/network/v2.0`.
    pub(super) async fn net(&self, method: &str, rest: &str, body: Option<Value>) -> Reply {
        let path = format!("/network/v2.0/{rest}");
        self.ask(Who::Member, method, &path, body).await
    }

    /// Makes something of the member's: the noun of its body, which its list is named after.
    pub(super) async fn made(&self, noun: &str, body: Value) -> Value {
        let rest = format!("{}s", noun.replace('_', "-"));
        let reply = self.net("POST", &rest, Some(json!({noun: body}))).await;
        reply.expect(201).json()[noun].clone()
    }

    pub(super) async fn listed(&self, rest: &str) -> Vec<Value> {
        let body = self.net("GET", rest, None).await.expect(200).json();
        let all = body.as_object().unwrap().values().next().unwrap();
        all.as_array().unwrap().clone()
    }

    /// The default group of the member's project.
    async fn default_group(&self) -> Value {
        self.listed("security-groups?name=default").await[0].clone()
    }

    /// The rules of a group, listed.
    pub(super) async fn rules_in(&self, group: &Value) -> Vec<Value> {
        let rest = format!("security-group-rules?security_group_id={}", id(group));
        self.listed(&rest).await
    }

    /// What a group allows on the host at this moment; `None` where no port is in it.
    fn allowed(&self, group: &Value) -> Option<Vec<Allows>> {
        let rules = self.host.rules().unwrap();
        let id = group.as_str().unwrap().parse().unwrap();
        let group = rules.groups.get(&id)?;
        Some(group.rules.iter().cloned().collect())
    }

    /// A running container of the member's in these groups.
    async fn grouped(&self, name: &str, groups: &[&str]) -> String {
        let spec = json!({"image": "nginx", "security_groups": groups});
        let body = json!({"name": name, "spec": spec});
        let accepted = self.post(Who::Member, "/zund/v1/containers", body).await;
        let accepted = accepted.expect(202).json();
        let ended = self.ended(Who::Member, &accepted).await;
        assert_eq!(ended["state"], "succeeded", "{ended}");
        accepted["container"]["uuid"].as_str().unwrap().to_owned()
    }
}

/// The name under which Neutron's clients know a refusal.
pub(super) fn kind(reply: &Reply) -> String {
    reply.json()["NeutronError"]["type"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// A body as a snapshot holds it.
pub(super) fn pretty(body: &Value) -> String {
    serde_json::to_string_pretty(body).unwrap()
}

/// The id of something.
pub(super) fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

#[tokio::test]
async fn a_group_from_its_first_day_to_its_last() {
    let app = TestApp::start().await;
    let body = json!({"name": "web", "description": "front", "stateful": true});
    let made = app.made("security_group", body).await;
    insta::assert_snapshot!("security_group", pretty(&made));
    let path = format!("security-groups/{}", id(&made));
    let shown = app.net("GET", &path, None).await.expect(200).json();
    assert_eq!(shown["security_group"], made);
    app.clock.advance(60);
    let body = json!({"security_group": {"name": "www", "description": ""}});
    let changed = app.net("PUT", &path, Some(body)).await.expect(200).json();
    let changed = &changed["security_group"];
    assert_eq!([&changed["name"], &changed["description"]], ["www", ""]);
    assert_ne!(changed["updated_at"], made["updated_at"]);
    assert_eq!(
        changed["security_group_rules"],
        made["security_group_rules"]
    );
    let body = json!({"security_group": {}});
    let same = app.net("PUT", &path, Some(body)).await.expect(200).json();
    assert_eq!(same["security_group"]["name"], "www");
    let names: Vec<Value> = app.listed("security-groups").await;
    let names: Vec<&str> = names
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["default", "www"]);
    app.net("DELETE", &path, None).await.expect(204);
    let gone = app.net("GET", &path, None).await.expect(404);
    assert_eq!(kind(&gone), "SecurityGroupNotFound");
    let nameless = app.made("security_group", json!({})).await;
    assert_eq!([&nameless["name"], &nameless["description"]], ["", ""]);
}

#[tokio::test]
async fn the_default_group_is_there_and_stays() {
    let app = TestApp::start().await;
    let rules = app.listed("security-group-rules").await;
    assert_eq!(rules.len(), 4, "the first look makes it");
    let group = app.default_group().await;
    insta::assert_snapshot!("default_security_group", pretty(&group));
    let path = format!("security-groups/{}", id(&group));
    let refused = app.net("DELETE", &path, None).await.expect(409);
    assert_eq!(kind(&refused), "SecurityGroupCannotRemoveDefault");
    assert!(
        refused.detail().contains("its rules can be"),
        "{}",
        refused.text
    );
    let body = json!({"security_group": {"name": "other"}});
    let refused = app.net("PUT", &path, Some(body)).await.expect(409);
    assert_eq!(kind(&refused), "SecurityGroupCannotUpdateDefault");
    assert!(refused.detail().starts_with("name: "), "{}", refused.text);
    let body = json!({"security_group": {"name": "default", "description": "ours"}});
    let changed = app.net("PUT", &path, Some(body)).await.expect(200).json();
    assert_eq!(changed["security_group"]["description"], "ours");
    let body = json!({"security_group": {"name": "default"}});
    let refused = app.net("POST", "security-groups", Some(body.clone())).await;
    let refused = refused.expect(409);
    assert_eq!(kind(&refused), "SecurityGroupDefaultAlreadyExists");
    assert!(
        refused.detail().contains("use another name"),
        "{}",
        refused.text
    );
    let other = app.made("security_group", json!({"name": "web"})).await;
    let path = format!("security-groups/{}", id(&other));
    let refused = app.net("PUT", &path, Some(body)).await.expect(409);
    assert_eq!(kind(&refused), "SecurityGroupDefaultAlreadyExists");
    for rule in &rules {
        let path = format!("security-group-rules/{}", id(rule));
        app.net("DELETE", &path, None).await.expect(204);
    }
    assert_eq!(app.default_group().await["security_group_rules"], json!([]));
}

#[tokio::test]
async fn groups_in_use_stay() {
    let app = TestApp::start().await;
    let group = app.made("security_group", json!({"name": "web"})).await;
    let container = app.grouped("one", &["web"]).await;
    let path = format!("security-groups/{}", id(&group));
    let refused = app.net("DELETE", &path, None).await.expect(409);
    assert_eq!(kind(&refused), "SecurityGroupInUse");
    assert!(
        refused.detail().contains("is in use by port "),
        "{}",
        refused.text
    );
    let delete = format!("/zund/v1/containers/{container}?stop=true");
    let accepted = app.ask(Who::Member, "DELETE", &delete, None).await;
    app.ended(Who::Member, &accepted.expect(202).json()).await;
    app.net("DELETE", &path, None).await.expect(204);
}

#[tokio::test]
async fn a_rule_is_in_force_when_the_answer_comes() {
    let app = TestApp::start().await;
    let group = app.made("security_group", json!({"name": "web"})).await;
    let other = app.made("security_group", json!({"name": "clients"})).await;
    assert_eq!(app.allowed(&group["id"]), None, "nothing is in it");
    app.grouped("one", &["web"]).await;
    assert_eq!(app.allowed(&group["id"]).unwrap().len(), 2);
    let body = json!({
        "security_group_id": group["id"], "direction": "ingress", "protocol": "tcp",
        "port_range_min": 80, "port_range_max": 80,
    });
    let rule = app.made("security_group_rule", body.clone()).await;
    let in_force = app.allowed(&group["id"]).unwrap();
    assert!(
        in_force.iter().any(|allows| allows.port_min == Some(80)),
        "{in_force:?}"
    );
    let path = format!("security-group-rules/{}", id(&rule));
    app.net("DELETE", &path, None).await.expect(204);
    assert_eq!(app.allowed(&group["id"]).unwrap().len(), 2);
    app.net("DELETE", &path, None).await.expect(404);
    let mut named = body;
    named["remote_group_id"] = other["id"].clone();
    app.made("security_group_rule", named).await;
    assert_eq!(app.allowed(&group["id"]).unwrap().len(), 3);
    let path = format!("security-groups/{}", id(&other));
    app.net("DELETE", &path, None).await.expect(204);
    assert_eq!(
        app.allowed(&group["id"]).unwrap().len(),
        2,
        "the rule went with the group it names"
    );
    assert_eq!(app.allowed(&other["id"]), None);
}

#[tokio::test]
async fn exposed_ports_are_opened_and_go_with_their_container() {
    let app = TestApp::start().await;
    let body = json!({"image": "nginx", "exposed_ports": {"80": {}, "53/udp": {}}});
    let made = app.post(Who::Member, "/v1/containers", body).await;
    let uuid = made.expect(202).json()["uuid"].as_str().unwrap().to_owned();
    let named = format!("security-groups?name=exposed-ports-{uuid}");
    let group = app.listed(&named).await[0].clone();
    let ingress = |rule: &&Value| rule["direction"] == "ingress";
    let rules = group["security_group_rules"].as_array().unwrap();
    let opened: Vec<_> = rules
        .iter()
        .filter(ingress)
        .map(|rule| {
            let what = [
                &rule["ethertype"],
                &rule["protocol"],
                &rule["port_range_min"],
            ];
            what.map(ToString::to_string).join(" ")
        })
        .collect();
    let expected = [
        r#""IPv4" "tcp" 80"#,
        r#""IPv6" "tcp" 80"#,
        r#""IPv4" "udp" 53"#,
        r#""IPv6" "udp" 53"#,
    ];
    assert_eq!(opened, expected);
    let delete = format!("/zund/v1/containers/{uuid}?stop=true");
    let accepted = app.ask(Who::Member, "DELETE", &delete, None).await;
    app.ended(Who::Member, &accepted.expect(202).json()).await;
    assert_eq!(app.listed(&named).await, Vec::<Value>::new());
}
