//! `zun_port`: an address on a network, made before a container has it, and kept after.
//!
//! Who has it is no attribute: containers take a port after its state is written, so each apply that makes both would
//! leave a difference behind. The data source shows it.

use tfplugin::schema::validator;
use tfplugin::{
    Action, Attribute, Diagnostics, PlanRequest, PlanResponse, Schema, Type, UpdateRequest, Value,
    async_trait,
};
use zun_client::networking::{AskFixedIp, ChangePort, CreatePort, FixedIp, Port};
use zun_client::{Client, Error};

use super::networking::{
    Managed, apply, attributes, changed, changed_text, fixed_ip_fields, fixed_ips_value, given,
    refused, set_words, switched, text, texts,
};
use crate::resource::value::{address, an_id, mac, no_nulls};

fn open(attribute: Attribute) -> Attribute {
    attribute.optional().computed()
}

fn fixed_ip() -> tfplugin::Fields {
    fixed_ip_fields(
        open(Attribute::string().validator(an_id("zun_subnet.front.id")))
            .description("Subnet; that of the address where none is given."),
        open(Attribute::string().validator(address()))
            .description("Address; a free one where none is given."),
    )
}

/// What it accepts and returns.
pub(crate) fn schema() -> Schema {
    let schema = Schema::new().description(
        "An address on a network. A container takes it through `networks = [{ port = zun_port.web.id }]`, and it stays, with \
         address, MAC and groups, when the container goes.",
    );
    let schema = switched(
        attributes(schema),
        "Whether anything passes through it; `true` when left out. Changed live.",
    );
    schema
        .attribute(
            "network_id",
            Attribute::string()
                .required()
                .requires_replace()
                .validator(an_id("zun_network.front.id"))
                .description("Network it is on."),
        )
        .attribute(
            "fixed_ip",
            open(Attribute::list_nested(fixed_ip()))
                .use_state_for_unknown()
                .validator(no_nulls())
                .validator(validator::elements(1..))
                .description(
                    "Its addresses. It has one of each subnet of the network, and what is not named here is in `all_fixed_ips` \
                     alone. Changed live, and only while no container has it.",
                ),
        )
        .attribute(
            "mac_address",
            open(Attribute::string().validator(mac()))
                .use_state_for_unknown()
                .requires_replace_if_configured()
                .description(
                    "Its MAC; made from the IPv4 address where none is given. One of your own works for the first entry of \
                     `networks` of a new container only.",
                ),
        )
        .attribute(
            "security_group_ids",
            open(Attribute::set(Type::String))
                .use_state_for_unknown()
                .validator(no_nulls())
                .validator(validator::each(an_id("zun_security_group.web.id")))
                .description(
                    "Its groups, their ids; the project's group `default` where none are given, and with `[]` nothing passes. \
                     The container's `security_groups` do not touch them. Changed live.",
                ),
        )
        .attribute(
            "all_fixed_ips",
            texts()
                .computed()
                .use_state_for_unknown()
                .description("All its addresses, that of IPv4 first."),
        )
}

/// What the server knows of a port and no container changes; of its addresses as many as in `kept`, in that order.
fn shown(port: &Port, kept: &Value) -> Value {
    let mut state = Value::object::<&str>([]);
    set_words(&mut state, port, port.description.as_deref());
    let written = kept.get("fixed_ip").ok().and_then(Value::as_elements);
    let written = written.filter(|entries| !entries.is_empty());
    let ordered = in_order(&port.fixed_ips, written.unwrap_or_default());
    let count = written.map_or(ordered.len(), <[Value]>::len);
    let all: Vec<&str> = port
        .fixed_ips
        .iter()
        .map(|ip| ip.ip_address.as_str())
        .collect();
    state.set("network_id", port.network_id.as_str());
    state.set("admin_state_up", port.admin_state_up);
    state.set("fixed_ip", fixed_ips_value(ordered.into_iter().take(count)));
    state.set("all_fixed_ips", all);
    state.set("mac_address", &port.mac_address);
    state.set("security_group_ids", port.security_groups.clone());
    state
}

/// Everything the server knows of a port, as it is now.
pub(crate) fn shown_now(port: &Port) -> Value {
    let mut state = shown(port, &Value::Null);
    let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    state.set("device_id", said(&port.device_id));
    state.set("device_owner", said(&port.device_owner));
    state.set("status", said(&port.status));
    state.set("host", said(&port.host));
    state
}

/// The addresses in the order in which they are written; what is not written follows.
fn in_order<'a>(found: &'a [FixedIp], written: &[Value]) -> Vec<&'a FixedIp> {
    let mut rest: Vec<&FixedIp> = found.iter().collect();
    let mut ordered = Vec::new();
    for entry in written {
        let text = |name: &str| entry.get(name).ok().and_then(Value::as_str);
        let fits = |fixed: &&FixedIp| {
            text("ip_address").is_none_or(|address| address == fixed.ip_address)
                && text("subnet_id").is_none_or(|subnet| Some(subnet) == fixed.subnet_id.as_deref())
        };
        if let Some(place) = rest.iter().position(fits) {
            ordered.push(rest.remove(place));
        }
    }
    ordered.extend(rest);
    ordered
}

/// Keeps what was chosen for an entry whose configuration is still met by it, and leaves open what was not.
fn keep_addresses(request: &PlanRequest, response: &mut PlanResponse) {
    let (Ok(config), Ok(prior)) = (
        request.config.get("fixed_ip"),
        request.prior_state.get("fixed_ip"),
    ) else {
        return;
    };
    let (Some(config), Some(prior)) = (config.as_elements(), prior.as_elements()) else {
        return;
    };
    let planned = config.iter().enumerate().map(|(index, entry)| {
        let met = |before: &&Value| {
            ["subnet_id", "ip_address"].iter().all(|name| {
                let asked = entry.get(name).unwrap_or(&Value::Null);
                asked.is_null() || before.get(name) == Ok(asked)
            })
        };
        match prior.get(index).filter(met) {
            Some(before) => before.clone(),
            None => Value::object(["subnet_id", "ip_address"].map(|name| {
                let asked = entry.get(name).cloned().unwrap_or(Value::Null);
                (
                    name,
                    if asked.is_null() {
                        Value::UNKNOWN
                    } else {
                        asked
                    },
                )
            })),
        }
    });
    let planned = Value::List(planned.collect());
    response.set("fixed_ip", planned);
}

#[async_trait]
impl Managed for Port {
    const TYPE: &'static str = "zun_port";

    fn schema() -> Schema {
        schema()
    }

    /// The MAC is made from the address, so it follows it.
    fn settle(request: &PlanRequest, response: &mut PlanResponse) {
        if request.action == Action::Create {
            return;
        }
        keep_addresses(request, response);
        let changes =
            |name: &str| request.prior_state.get(name) != response.planned_state.get(name);
        let readdressed = changes("fixed_ip");
        let own_mac = request
            .config
            .get("mac_address")
            .is_ok_and(|mac| !mac.is_null());
        if readdressed {
            response.mark_unknown("all_fixed_ips");
            if !own_mac {
                response.mark_unknown("mac_address");
            }
        }
    }

    async fn state(&self, _: &Client, kept: &Value) -> Result<Value, Error> {
        Ok(shown(self, kept))
    }

    async fn make(client: &Client, planned: &Value) -> Result<Self, Diagnostics> {
        let body = CreatePort {
            network_id: text(planned, "network_id"),
            name: given(planned, "name")?,
            description: text(planned, "description"),
            admin_state_up: given(planned, "admin_state_up")?,
            mac_address: given(planned, "mac_address")?,
            fixed_ips: fixed_ips(planned)?,
            security_groups: given(planned, "security_group_ids")?,
        };
        let made = client.networking_create(&body).await;
        Ok(made.map_err(|error| refused::<Self>(&error))?)
    }

    async fn change(client: &Client, id: &str, request: &UpdateRequest) -> Result<(), Diagnostics> {
        let fixed_ips = if request.changes("fixed_ip") {
            fixed_ips(&request.planned_state)?
        } else {
            None
        };
        let change = ChangePort {
            name: changed_text(request, "name"),
            description: changed_text(request, "description"),
            admin_state_up: changed(request, "admin_state_up")?,
            fixed_ips,
            security_groups: changed(request, "security_group_ids")?,
        };
        apply::<Self>(client, id, &change).await
    }
}

/// The planned addresses; `None` where the server decides.
fn fixed_ips(planned: &Value) -> Result<Option<Vec<AskFixedIp>>, Diagnostics> {
    let written = planned.get("fixed_ip").ok().and_then(Value::as_elements);
    let Some(written) = written else {
        return Ok(None);
    };
    let asked = written.iter().map(|entry| {
        Ok(AskFixedIp {
            subnet_id: given(entry, "subnet_id")?,
            ip_address: given(entry, "ip_address")?,
        })
    });
    asked.collect::<Result<Vec<_>, Diagnostics>>().map(Some)
}
