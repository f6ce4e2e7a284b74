//! What a hand changes through the API shows on the right attribute, and one apply mends it.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use zun_acceptance::api::Api;
use zun_acceptance::tofu::{Plan, Workspace};

/// An object that a hand changed, and how a plan shows it.
struct Touched {
    address: &'static str,
    action: &'static str,
    /// The attribute, and what it reads; nothing of what is made anew.
    seen: Option<(&'static str, Value)>,
}

fn touched(address: &'static str, attribute: &'static str, found: Value) -> Touched {
    Touched {
        address,
        action: "update",
        seen: Some((attribute, found)),
    }
}

fn gone(address: &'static str) -> Touched {
    Touched {
        address,
        action: "create",
        seen: None,
    }
}

/// What a hand does to one of each noun.
fn by_hand(
    api: &Api,
    path: &dyn Fn(&str, &str) -> Result<String>,
    (router, bare): (&str, &str),
    (joined, outside): (&Value, &Value),
) -> Result<()> {
    api.put(
        &path("networks", "zun_network.name")?,
        &json!({ "network": { "name": "by hand", "admin_state_up": false } }),
    )?;
    api.put(
        &path("subnets", "zun_subnet.name")?,
        &json!({ "subnet": { "dns_nameservers": ["192.0.2.9"] } }),
    )?;
    api.put(
        &path("ports", "zun_port.security_group_ids")?,
        &json!({ "port": { "security_groups": [] } }),
    )?;
    api.put(
        &path("ports", "zun_port.three")?,
        &json!({ "port": { "admin_state_up": false } }),
    )?;
    api.put(
        &path("security-groups", "zun_security_group.name")?,
        &json!({ "security_group": { "description": "by hand" } }),
    )?;
    api.delete(&path(
        "security-group-rules",
        "zun_security_group_rule.protocol",
    )?)?;
    api.put(&format!("{bare}/add_router_interface"), joined)?;
    let opened = json!({ "network_id": outside, "enable_snat": true });
    api.put(
        router,
        &json!({ "router": { "external_gateway_info": opened } }),
    )?;
    api.put(
        &path("floatingips", "zun_floating_ip.fixed_ip")?,
        &json!({ "floatingip": { "port_id": null } }),
    )?;
    api.delete(&path("floatingips", "zun_floating_ip.description")?)?;
    Ok(())
}

/// One of each noun.
pub(super) fn drifted(workspace: &Workspace, api: &Api) -> Result<()> {
    let state = workspace.all_attributes()?;
    let id = |address: &str| {
        let values = state.get(address);
        let id = values.and_then(|values| values["id"].as_str());
        id.with_context(|| format!("{address} has no id"))
    };
    let path =
        |noun: &str, address: &str| anyhow::Ok(format!("/network/v2.0/{noun}/{}", id(address)?));
    let router = path("routers", "zun_router.enable_snat")?;
    let bare = path("routers", "zun_router.name")?;
    let joined = json!({ "subnet_id": id("zun_subnet.joined[0]")? });

    let outside = &state["data.zun_network.outside"]["id"];
    by_hand(api, &path, (&router, &bare), (&joined, outside))?;
    let plan = workspace.plan()?;
    let all = [
        touched("zun_network.name", "admin_state_up", json!(false)),
        touched("zun_subnet.name", "dns_nameservers", json!(["192.0.2.9"])),
        touched("zun_port.three", "admin_state_up", json!(false)),
        touched("zun_security_group.name", "description", json!("by hand")),
        gone("zun_security_group_rule.protocol"),
        touched(
            "zun_router.name",
            "subnet_ids",
            json!([joined["subnet_id"]]),
        ),
        touched("zun_floating_ip.fixed_ip", "port_id", Value::Null),
        gone("zun_floating_ip.description"),
    ];
    crate::all(all.iter().map(|one| judge(&plan, one))).with_context(|| plan.text.clone())?;
    // The attributes that are left to the server are what the server says.
    for address in ["zun_port.security_group_ids", "zun_router.enable_snat"] {
        let actions = plan.actions(address);
        ensure!(actions == ["no-op"], "{address}: {actions:?}");
    }
    let planned = plan.changed().into_iter();
    let planned: Vec<&str> = planned.filter(|one| !one.starts_with("data.")).collect();
    ensure!(
        planned.len() == all.len(),
        "more than what was touched is planned: {planned:?}\n{}",
        plan.text
    );
    workspace.apply()?;
    workspace.must_be_settled()?;
    Ok(())
}

fn judge(plan: &Plan, touched: &Touched) -> Result<()> {
    let address = touched.address;
    let actions = plan.actions(address);
    ensure!(
        actions == [touched.action],
        "{address}: planned as {actions:?}"
    );
    let Some((attribute, found)) = &touched.seen else {
        return Ok(());
    };
    let change = plan.change(address).context("no change")?;
    let before = &change["before"][attribute];
    ensure!(
        before == found,
        "{address}: {attribute} shows as {before}, and should as {found}"
    );
    ensure!(
        change["after"][attribute] != *found,
        "{address}: {attribute} stays {found}"
    );
    Ok(())
}
