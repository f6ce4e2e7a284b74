//! `/network/v2.0`: rules of security groups, as clients write them, and those that cannot be.

use serde_json::{Value, json};

use super::TestApp;
use super::network_group::{id, kind, pretty};

/// A rule's body, and what the answer holds of it: family, protocol, ports, prefix.
const RIGHT: &[(&str, &str)] = &[
    (r"{}", r#"["IPv4", null, null, null, null]"#),
    (
        r#"{"ethertype": "ipv6", "protocol": "any"}"#,
        r#"["IPv6", null, null, null, null]"#,
    ),
    (
        r#"{"protocol": 0, "remote_ip_prefix": "0.0.0.0/0"}"#,
        r#"["IPv4", null, null, null, "0.0.0.0/0"]"#,
    ),
    (
        r#"{"protocol": "TCP", "port_range_min": 80, "port_range_max": "443"}"#,
        r#"["IPv4", "tcp", 80, 443, null]"#,
    ),
    (
        r#"{"protocol": 17, "port_range_min": 1, "port_range_max": 65535}"#,
        r#"["IPv4", "17", 1, 65535, null]"#,
    ),
    (
        r#"{"protocol": "icmp", "port_range_min": 8}"#,
        r#"["IPv4", "icmp", 8, null, null]"#,
    ),
    (
        r#"{"protocol": "icmp", "port_range_min": 0, "port_range_max": 0}"#,
        r#"["IPv4", "icmp", 0, 0, null]"#,
    ),
    (
        r#"{"protocol": "ipv6-icmp", "ethertype": "IPv6"}"#,
        r#"["IPv6", "ipv6-icmp", null, null, null]"#,
    ),
    (
        r#"{"remote_ip_prefix": "192.0.2.7"}"#,
        r#"["IPv4", null, null, null, "192.0.2.7/32"]"#,
    ),
    (
        r#"{"ethertype": "IPv6", "remote_ip_prefix": "fd00::/8", "remote_group_id": null}"#,
        r#"["IPv6", null, null, null, "fd00::/8"]"#,
    ),
];

#[tokio::test]
async fn rules_as_clients_write_them() {
    let app = TestApp::start().await;
    let group = app.made("security_group", json!({"name": "web"})).await;
    for (body, expected) in RIGHT {
        let mut body: Value = serde_json::from_str(body).unwrap();
        body["security_group_id"] = group["id"].clone();
        body["direction"] = json!("ingress");
        let made = app.made("security_group_rule", body.clone()).await;
        let fields = [
            "ethertype",
            "protocol",
            "port_range_min",
            "port_range_max",
            "remote_ip_prefix",
        ];
        let found: Vec<&Value> = fields.iter().map(|field| &made[field]).collect();
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert_eq!(json!(found), expected, "{body}");
        let path = format!("security-group-rules/{}", id(&made));
        let shown = app.net("GET", &path, None).await.expect(200).json();
        assert_eq!(shown["security_group_rule"], made);
    }
    let body = json!({
        "security_group_id": group["id"],
        "direction": "egress",
        "remote_group_id": group["id"],
        "description": "among themselves",
    });
    let made = app.made("security_group_rule", body).await;
    insta::assert_snapshot!("security_group_rule", pretty(&made));
    let shown = app
        .net("GET", &format!("security-groups/{}", id(&group)), None)
        .await;
    let shown = shown.expect(200).json()["security_group"].clone();
    let count = shown["security_group_rules"].as_array().unwrap().len();
    assert_eq!(count, 2 + RIGHT.len() + 1);
    let listed = app.rules_in(&group);
    assert_eq!(json!(listed.await), shown["security_group_rules"]);
    let path = format!("security-group-rules/{}", id(&made));
    let body = json!({"security_group_rule": {"description": "x"}});
    let refused = app.net("PUT", &path, Some(body)).await.expect(405);
    assert!(
        refused.detail().contains("does not take PUT"),
        "{}",
        refused.text
    );
}

/// A rule's body but for its group, the status, and words of the refusal.
const WRONG: &[(&str, u16, &str)] = &[
    (r"{}", 400, "direction: is required"),
    (
        r#"{"direction": "in"}"#,
        400,
        "direction: \"in\" is not valid: ingress or egress",
    ),
    (
        r#"{"direction": "ingress", "ethertype": "IPX"}"#,
        400,
        "ethertype: \"IPX\" is not valid",
    ),
    (
        r#"{"direction": "ingress", "protocol": "tcpp"}"#,
        400,
        "protocol: \"tcpp\" is no protocol",
    ),
    (
        r#"{"direction": "ingress", "protocol": 256}"#,
        400,
        "protocol: \"256\" is no protocol",
    ),
    (
        r#"{"direction": "ingress", "protocol": true}"#,
        400,
        "protocol: must be a name",
    ),
    (
        r#"{"direction": "ingress", "protocol": "tcp", "port_range_min": 80}"#,
        400,
        "port_range_max: is required",
    ),
    (
        r#"{"direction": "ingress", "protocol": "tcp", "port_range_min": 2, "port_range_max": 1}"#,
        400,
        "port_range_max: 1 is below",
    ),
    (
        r#"{"direction": "ingress", "protocol": "tcp", "port_range_min": 1, "port_range_max": 65536}"#,
        400,
        "port_range_max: 65536 is not valid",
    ),
    (
        r#"{"direction": "ingress", "port_range_min": 1, "port_range_max": 2}"#,
        400,
        "port_range_min: 1 needs a protocol",
    ),
    (
        r#"{"direction": "ingress", "protocol": "gre", "port_range_min": 1, "port_range_max": 2}"#,
        400,
        "gre has no ports",
    ),
    (
        r#"{"direction": "ingress", "protocol": "icmp", "port_range_max": 2}"#,
        400,
        "port_range_min: is required, the ICMP type",
    ),
    (
        r#"{"direction": "ingress", "protocol": "icmp", "port_range_min": 256}"#,
        400,
        "256 is no ICMP type",
    ),
    (
        r#"{"direction": "ingress", "protocol": "icmpv6"}"#,
        400,
        "protocol: icmpv6 goes with ethertype IPv6",
    ),
    (
        r#"{"direction": "ingress", "remote_ip_prefix": "everybody"}"#,
        400,
        "remote_ip_prefix: \"everybody\" is not valid",
    ),
    (
        r#"{"direction": "ingress", "remote_ip_prefix": "10.0.0.1/24"}"#,
        400,
        "use 10.0.0.0/24, or 10.0.0.1/32",
    ),
    (
        r#"{"direction": "ingress", "remote_ip_prefix": "fd00::/8"}"#,
        400,
        "fd00::/8 is no IPv4 prefix",
    ),
    (
        r#"{"direction": "ingress", "remote_group_id": "web"}"#,
        400,
        "remote_group_id: \"web\" is not valid",
    ),
    (
        r#"{"direction": "ingress", "remote_group_id": "GROUP", "remote_ip_prefix": "10.0.0.0/8"}"#,
        400,
        "goes without remote_group_id",
    ),
    (
        r#"{"direction": "ingress", "remote_address_group_id": "GROUP"}"#,
        400,
        "there are no address groups",
    ),
    (
        r#"{"direction": "ingress", "remote_group_id": "NONE"}"#,
        404,
        "security group NONE could not be found",
    ),
    (
        r#"{"direction": "ingress", "colour": "red"}"#,
        400,
        "colour: ",
    ),
    (r#"{"direction": "egress"}"#, 409, "rule id is "),
    (
        r#"{"direction": "egress", "protocol": "any", "ethertype": "ipv6"}"#,
        409,
        "has this rule already",
    ),
];

#[tokio::test]
async fn rules_that_cannot_be() {
    const NONE: &str = "10000000-0000-4000-8000-00000000ffff";
    let app = TestApp::start().await;
    let group = app.made("security_group", json!({"name": "web"})).await;
    for (body, status, words) in WRONG {
        let fill = |text: &str| text.replace("NONE", NONE).replace("GROUP", id(&group));
        let mut body: Value = serde_json::from_str(&fill(body)).unwrap();
        body["security_group_id"] = group["id"].clone();
        let body = Some(json!({"security_group_rule": body}));
        let refused = app.net("POST", "security-group-rules", body.clone()).await;
        let refused = refused.expect(*status);
        assert!(
            refused.detail().contains(&fill(words)),
            "{body:?}: {}",
            refused.text
        );
        let expected = match status {
            404 => "SecurityGroupNotFound",
            409 => "SecurityGroupRuleExists",
            _ => continue,
        };
        assert_eq!(kind(&refused), expected);
    }
    let rules = app.rules_in(&group);
    assert_eq!(
        rules.await.len(),
        2,
        "what was refused leaves nothing behind"
    );
}

#[tokio::test]
async fn bodies_that_cannot_be() {
    let app = TestApp::start().await;
    for (body, words) in [
        (json!({}), "security_group_rule: is required"),
        (
            json!({"security_group_rule": {"direction": "egress"}}),
            "security_group_id: is required",
        ),
        (
            json!({"security_group_rules": {}}),
            "security_group_rules: must be a list",
        ),
        (
            json!({"security_group_rules": []}),
            "security_group_rules: has 0 rules",
        ),
        (
            json!({"security_group_rules": [{"direction": "up"}]}),
            "security_group_rules[0].direction: \"up\"",
        ),
    ] {
        let refused = app
            .net("POST", "security-group-rules", Some(body))
            .await
            .expect(400);
        assert!(refused.detail().contains(words), "{}", refused.text);
    }
    let body = json!({"security_group": {"name": "x", "stateful": false}});
    let refused = app
        .net("POST", "security-groups", Some(body))
        .await
        .expect(400);
    assert!(
        refused.detail().contains("stateful: false is not served"),
        "{}",
        refused.text
    );
    for method in ["GET", "DELETE"] {
        for rest in ["security-groups/web", "security-group-rules/web"] {
            let refused = app.net(method, rest, None).await.expect(404);
            assert!(
                refused.detail().contains("web could not be found"),
                "{}",
                refused.text
            );
        }
    }
}

#[tokio::test]
async fn several_rules_at_once_or_none() {
    let app = TestApp::start().await;
    let group = app.made("security_group", json!({"name": "web"})).await;
    let rule = |port: u16| {
        json!({
            "security_group_id": group["id"], "direction": "ingress", "protocol": "tcp",
            "port_range_min": port, "port_range_max": port,
        })
    };
    let post = async |rules: Vec<Value>| {
        let body = json!({"security_group_rules": rules});
        app.net("POST", "security-group-rules", Some(body)).await
    };
    let made = post(vec![rule(80), rule(443)]).await.expect(201).json();
    assert_eq!(made["security_group_rules"].as_array().unwrap().len(), 2);
    let refused = post(vec![rule(22), rule(8080), rule(22)]).await.expect(409);
    assert_eq!(kind(&refused), "SecurityGroupRuleExists");
    let rules = app.rules_in(&group);
    assert_eq!(rules.await.len(), 4, "none of the three was made");
}
