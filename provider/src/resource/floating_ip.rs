//! `zun_floating_ip`: an address of the outside that stands for one of a port.

use tfplugin::schema::validator;
use tfplugin::{
    Attribute, Diagnostic, Diagnostics, PlanRequest, PlanResponse, Schema, UpdateRequest, Value,
    async_trait,
};
use zun_client::networking::{ChangeFloatingIp, CreateFloatingIp, FloatingIp, Network, Noun};
use zun_client::{Client, Error};

use super::networking::{
    Managed, apply, changed, changed_text, described, given, owned, refused, set_owned, text,
};
use crate::report::failed;
use crate::resource::value::{an_id, v4};

/// What it accepts and returns.
pub(crate) fn schema() -> Schema {
    let schema = Schema::new().description(
        "An address of the outside that stands for one of a port: what is sent there arrives at the port, as far as its groups \
         allow, and what the port sends to the outside comes from there. The port's network needs a `zun_router` with that \
         external network, on which `depends_on` lets it wait, or is the project's default one. The port's own container does not reach \
         itself by it.",
    );
    let chosen = |attribute: Attribute| {
        let attribute = attribute.optional().computed().use_state_for_unknown();
        attribute.requires_replace_if_configured()
    };
    described(owned(schema))
        .attribute(
            "pool",
            chosen(Attribute::string().validator(validator::length(1..=255))).description(
                "External network that the address is taken from, its name; the only one where none is given.",
            ),
        )
        .attribute(
            "address",
            chosen(Attribute::string().validator(v4()))
                .description("The address; a free one where none is given."),
        )
        .attribute(
            "port_id",
            Attribute::string()
                .optional()
                .validator(an_id("zun_port.web.id"))
                .description(
                    "Port it stands for: that of a `zun_port`, or of a container, `zun_container.web.addresses[0].port`. \
                     Changed live.",
                ),
        )
        .attribute(
            "fixed_ip",
            Attribute::string()
                .optional()
                .computed()
                .use_state_for_unknown()
                .validator(v4())
                .validator(validator::also_requires(["port_id"]))
                .description(
                    "Which of the port's addresses; that of IPv4 where none is given. Changed live.",
                ),
        )
}

/// What the server knows of a floating IP, and the name of its network.
fn shown(floating: &FloatingIp, pool: Option<String>) -> Value {
    let mut state = Value::object::<&str>([]);
    set_owned(&mut state, floating, floating.description.as_deref());
    state.set("pool", pool);
    state.set("address", floating.floating_ip_address.as_str());
    state.set("port_id", &floating.port_id);
    state.set("fixed_ip", &floating.fixed_ip_address);
    state
}

/// Everything the server knows of a floating IP, as it is now.
pub(crate) async fn shown_now(floating: &FloatingIp, client: &Client) -> Result<Value, Error> {
    let pool = pool_of(floating, client).await?;
    let mut state = shown(floating, pool);
    state.set("router_id", &floating.router_id);
    state.set("status", &floating.status);
    Ok(state)
}

/// The name of the network it comes from; the id where it has no name.
async fn pool_of(floating: &FloatingIp, client: &Client) -> Result<Option<String>, Error> {
    let id = &floating.floating_network_id;
    let network: Option<Network> = client.networking_find(id).await?;
    let named = network.and_then(|network| network.name.filter(|name| !name.is_empty()));
    Ok(named.or_else(|| Some(id.clone())))
}

/// The external network of this name, or the only one.
async fn network_of(client: &Client, pool: Option<&str>) -> Result<String, Diagnostic> {
    let found: Vec<Network> = client
        .networking_list(&[("router:external", "true")])
        .await
        .map_err(|error| failed(&error))?;
    let named = |network: &&Network| {
        pool.is_none_or(|pool| network.name() == Some(pool) || network.id == pool)
    };
    let fitting: Vec<&Network> = found.iter().filter(named).collect();
    if let [network] = fitting.as_slice() {
        return Ok(network.id.clone());
    }
    let names: Vec<String> = found
        .iter()
        .map(|network| format!("{:?}", network.name().unwrap_or(&network.id)))
        .collect();
    let there = match names.as_slice() {
        [] => "The deployment has no external network.".to_owned(),
        names => format!("External networks are {}.", names.join(", ")),
    };
    let text = match (pool, fitting.len()) {
        (Some(pool), 0) => format!("No external network is named {pool:?}. {there}"),
        (Some(pool), count) => format!("{count} external networks are named {pool:?}."),
        (None, _) => format!("Say with pool which one the address is taken from. {there}"),
    };
    Err(Diagnostic::error("No external network to take an address from", text).at("pool"))
}

#[async_trait]
impl Managed for FloatingIp {
    const TYPE: &'static str = "zun_floating_ip";
    const COMMAND: &'static str = "floating ip";
    const CALLED: Option<&'static str> = Some("floating_ip_address");

    fn schema() -> Schema {
        schema()
    }

    /// Without a port there is no address of it; that of another port is not known.
    fn settle(request: &PlanRequest, response: &mut PlanResponse) {
        if !request.config.get("fixed_ip").is_ok_and(Value::is_null) {
            return;
        }
        let port = response.planned_state.get("port_id");
        match port.cloned().unwrap_or(Value::Null) {
            Value::Null => response.set("fixed_ip", Value::Null),
            port if request.prior_state.get("port_id") == Ok(&port) => {}
            _ => response.mark_unknown("fixed_ip"),
        }
    }

    async fn state(&self, client: &Client, _: &Value) -> Result<Value, Error> {
        Ok(shown(self, pool_of(self, client).await?))
    }

    async fn make(client: &Client, planned: &Value) -> Result<Self, Diagnostics> {
        let pool: Option<String> = given(planned, "pool")?;
        let body = CreateFloatingIp {
            floating_network_id: network_of(client, pool.as_deref()).await?,
            floating_ip_address: given(planned, "address")?,
            port_id: given(planned, "port_id")?,
            fixed_ip_address: given(planned, "fixed_ip")?,
            description: text(planned, "description"),
        };
        let made = client.networking_create(&body).await;
        Ok(made.map_err(|error| refused::<Self>(&error))?)
    }

    async fn change(client: &Client, id: &str, request: &UpdateRequest) -> Result<(), Diagnostics> {
        let moved = request.changes("port_id") || request.changes("fixed_ip");
        let port: Option<String> = given(&request.planned_state, "port_id")?;
        let fixed_ip = if port.is_some() {
            changed(request, "fixed_ip")?
        } else {
            None
        };
        let change = ChangeFloatingIp {
            description: changed_text(request, "description"),
            port_id: moved.then_some(port),
            fixed_ip_address: fixed_ip,
        };
        apply::<Self>(client, id, &change).await
    }
}
