//! `zun_network`: a network of the project's own.

use tfplugin::schema::validator;
use tfplugin::{Attribute, Diagnostics, Schema, UpdateRequest, Value, async_trait};
use zun_client::networking::{ChangeNetwork, CreateNetwork, Network};
use zun_client::{Client, Error};

use super::networking::{
    Managed, apply, attributes, changed, changed_text, given, refused, set_words, switched, text,
};

/// What it accepts and returns.
pub(crate) fn schema() -> Schema {
    let schema = Schema::new().description(
        "A network of the project's own. What is on it reaches the outside, and other networks, through a `zun_router` only; \
         what may reach what is said by security groups. Containers are on it through `networks`, and find each other there by \
         their names. It needs a `zun_subnet` of IPv4 before anything can be on it, and is refused to go while something is.",
    );
    let schema = switched(
        attributes(schema),
        "Whether anything passes on it; `true` when left out. Changed live.",
    );
    schema.attribute(
        "mtu",
        Attribute::int()
            .optional()
            .computed()
            .use_state_for_unknown()
            .validator(validator::between(68.0..=65535.0))
            .description(
                "Bytes of a packet, at most; 1500 where nothing is given. Changed live, and only until something is on the network.",
            ),
    )
}

/// What the server knows of a network and no later resource changes.
fn shown(network: &Network) -> Value {
    let mut state = Value::object::<&str>([]);
    set_words(&mut state, network, network.description.as_deref());
    state.set("admin_state_up", network.admin_state_up);
    state.set("mtu", network.mtu);
    state
}

/// Everything the server knows of a network, as it is now.
pub(crate) fn shown_now(network: &Network) -> Value {
    let mut state = shown(network);
    let mut subnets = network.subnets.clone();
    subnets.sort_unstable();
    state.set("subnet_ids", subnets);
    state.set("external", network.external);
    state.set("status", &network.status);
    state
}

#[async_trait]
impl Managed for Network {
    const TYPE: &'static str = "zun_network";

    fn schema() -> Schema {
        schema()
    }

    async fn state(&self, _: &Client, _: &Value) -> Result<Value, Error> {
        Ok(shown(self))
    }

    async fn make(client: &Client, planned: &Value) -> Result<Self, Diagnostics> {
        let body = CreateNetwork {
            name: given(planned, "name")?,
            description: text(planned, "description"),
            admin_state_up: given(planned, "admin_state_up")?,
            mtu: given(planned, "mtu")?,
        };
        let made = client.networking_create(&body).await;
        Ok(made.map_err(|error| refused::<Self>(&error))?)
    }

    async fn change(client: &Client, id: &str, request: &UpdateRequest) -> Result<(), Diagnostics> {
        let change = ChangeNetwork {
            name: changed_text(request, "name"),
            description: changed_text(request, "description"),
            admin_state_up: changed(request, "admin_state_up")?,
            mtu: changed(request, "mtu")?,
        };
        apply::<Self>(client, id, &change).await
    }
}
