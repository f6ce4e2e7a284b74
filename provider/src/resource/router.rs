//! `zun_router`: what joins networks with each other and with the outside.

use std::collections::BTreeSet;

use tfplugin::schema::validator;
use tfplugin::{
    Attribute, Diagnostics, PlanRequest, PlanResponse, Schema, Type, UpdateRequest, Value,
    async_trait,
};
use zun_client::networking::{AskGateway, ChangeRouter, CreateRouter, Gateway, Router};
use zun_client::{Client, Error};

use super::networking::{
    Managed, apply, attributes, changed, changed_text, fixed_ip_fields, fixed_ips_value, given,
    refused, set_words, switched, text,
};
use crate::resource::value::{an_id, no_nulls};

/// What it accepts and returns.
pub(crate) fn schema() -> Schema {
    let schema = Schema::new().description(
        "What joins networks with each other, and with the outside. Packets pass between the subnets it has an interface on, as \
         far as security groups allow; without a router nothing passes from one network to another.",
    );
    let schema = switched(
        attributes(schema),
        "Whether anything passes through it; `true` when left out. Changed live.",
    );
    let fixed = |text: &str| Attribute::string().computed().description(text);
    schema
        .attribute(
            "external_network_id",
            Attribute::string()
                .optional()
                .validator(an_id("data.zun_network.outside.id"))
                .description(
                    "External network through which its networks reach the outside; they do not where none is given. Changed \
                     live.",
                ),
        )
        .attribute(
            "enable_snat",
            Attribute::bool()
                .optional()
                .computed()
                .use_state_for_unknown()
                .validator(validator::also_requires(["external_network_id"]))
                .description(
                    "What goes outside gets the router's address; `true` where there is an external network. Changed live.",
                ),
        )
        .attribute(
            "subnet_ids",
            Attribute::set(Type::String)
                .default(Value::Set(Vec::new()))
                .validator(no_nulls())
                .validator(validator::each(an_id("zun_subnet.front.id")))
                .description(
                    "Subnets that it has an interface on, all of them; a subnet has one router. Changed live.",
                ),
        )
        .attribute(
            "external_fixed_ip",
            Attribute::list_nested(fixed_ip_fields(
                fixed("Subnet of the external network."),
                fixed("Address."),
            ))
            .computed()
            .use_state_for_unknown()
            .description(
                "Its address of the outside, kept as long as it has that network; none where the deployment has no range of \
                 them, and the host's own is used.",
            ),
        )
}

/// What the server knows of a router and the subnets it is on.
fn shown(router: &Router, subnets: Vec<String>) -> Value {
    let mut state = Value::object::<&str>([]);
    set_words(&mut state, router, router.description.as_deref());
    let gateway = router.external_gateway_info.as_ref();
    let addresses = gateway.map(|gateway| gateway.external_fixed_ips.as_slice());
    state.set("admin_state_up", router.admin_state_up);
    state.set(
        "external_network_id",
        gateway.map(|gateway| gateway.network_id.as_str()),
    );
    state.set("enable_snat", gateway.map(snat));
    state.set("subnet_ids", subnets);
    state.set(
        "external_fixed_ip",
        fixed_ips_value(addresses.unwrap_or_default()),
    );
    state
}

fn snat(gateway: &Gateway) -> bool {
    gateway.enable_snat.unwrap_or(true)
}

/// Everything the server knows of a router, as it is now.
pub(crate) async fn shown_now(router: &Router, client: &Client) -> Result<Value, Error> {
    let subnets = client.router_subnets(&router.id).await?;
    let mut state = shown(router, subnets);
    state.set("status", &router.status);
    Ok(state)
}

#[async_trait]
impl Managed for Router {
    const TYPE: &'static str = "zun_router";

    fn schema() -> Schema {
        schema()
    }

    /// What depends on the external network follows it.
    fn settle(request: &PlanRequest, response: &mut PlanResponse) {
        const OUTSIDE: &str = "external_network_id";
        let before = request.prior_state.get(OUTSIDE).unwrap_or(&Value::Null);
        let after = response.planned_state.get(OUTSIDE);
        let after = after.cloned().unwrap_or(Value::Null);
        let same = *before == after;
        if request.config.get("enable_snat").is_ok_and(Value::is_null) {
            match &after {
                Value::Null => response.set("enable_snat", Value::Null),
                Value::Unknown(_) => response.mark_unknown("enable_snat"),
                _ if same => {}
                _ => response.set("enable_snat", true),
            }
        }
        match &after {
            Value::Null => response.set("external_fixed_ip", Value::List(Vec::new())),
            _ if same => {}
            _ => response.mark_unknown("external_fixed_ip"),
        }
    }

    async fn state(&self, client: &Client, _: &Value) -> Result<Value, Error> {
        let subnets = client.router_subnets(&self.id).await?;
        Ok(shown(self, subnets))
    }

    async fn make(client: &Client, planned: &Value) -> Result<Self, Diagnostics> {
        let body = CreateRouter {
            name: given(planned, "name")?,
            description: text(planned, "description"),
            admin_state_up: given(planned, "admin_state_up")?,
            external_gateway_info: gateway(planned)?,
        };
        let made = client.networking_create(&body).await;
        Ok(made.map_err(|error| refused::<Self>(&error))?)
    }

    async fn complete(&self, client: &Client, planned: &Value) -> Result<bool, Diagnostics> {
        let subnets = subnets(planned)?;
        for subnet in &subnets {
            add(client, &self.id, subnet).await?;
        }
        Ok(!subnets.is_empty())
    }

    /// Interfaces are added before the gateway changes and taken away after, so that what needs both has both.
    async fn change(client: &Client, id: &str, request: &UpdateRequest) -> Result<(), Diagnostics> {
        let (before, after) = (
            client
                .router_subnets(id)
                .await
                .map_err(|error| refused::<Self>(&error))?,
            subnets(&request.planned_state)?,
        );
        let before: BTreeSet<String> = before.into_iter().collect();
        for subnet in after.difference(&before) {
            add(client, id, subnet).await?;
        }
        let rerouted = request.changes("external_network_id") || request.changes("enable_snat");
        let external_gateway_info = if rerouted {
            Some(gateway(&request.planned_state)?)
        } else {
            None
        };
        let change = ChangeRouter {
            name: changed_text(request, "name"),
            description: changed_text(request, "description"),
            admin_state_up: changed(request, "admin_state_up")?,
            external_gateway_info,
        };
        apply::<Self>(client, id, &change).await?;
        for subnet in before.difference(&after) {
            remove(client, id, subnet)
                .await
                .map_err(|error| refused::<Self>(&error))?;
        }
        Ok(())
    }

    /// A router with interfaces does not go, so they go first.
    async fn delete(client: &Client, id: &str) -> Result<(), Error> {
        for subnet in client.router_subnets(id).await? {
            remove(client, id, &subnet).await?;
        }
        client.networking_delete::<Self>(id).await.map(|_| ())
    }
}

fn subnets(planned: &Value) -> Result<BTreeSet<String>, Diagnostics> {
    let subnets: Option<Vec<String>> = given(planned, "subnet_ids")?;
    Ok(subnets.unwrap_or_default().into_iter().collect())
}

fn gateway(planned: &Value) -> Result<Option<AskGateway>, Diagnostics> {
    let network: Option<String> = given(planned, "external_network_id")?;
    let enable_snat = given(planned, "enable_snat")?;
    Ok(network.map(|network_id| AskGateway {
        network_id,
        enable_snat,
    }))
}

async fn add(client: &Client, router: &str, subnet: &str) -> Result<(), Diagnostics> {
    let added = client.router_interface_add(router, subnet).await;
    added.map_err(|error| refused::<Router>(&error).into())
}

async fn remove(client: &Client, router: &str, subnet: &str) -> Result<(), Error> {
    client
        .router_interface_remove(router, subnet)
        .await
        .map(|_| ())
}
