//! The data sources of the networking API: one object as it is now, found by id or by everything that is asked of it.

use std::marker::PhantomData;

use tfplugin::schema::Rule as OneIsSet;
use tfplugin::{
    Attribute, Context, DataResponse, DataSource, Diagnostic, Diagnostics, Schema, Type, Value,
    async_trait,
};
use zun_client::networking::{FloatingIp, Network, Port, Router, SecurityGroup, Subnet};
use zun_client::{Client, Error};

use crate::report::failed;
use crate::resource::networking::{Managed, by_id, only};
use crate::resource::{floating_ip, network, port, router, security_group, subnet};
use crate::session::Session;

#[cfg(test)]
mod tests;

/// A noun that can be looked up: the part in which the data sources differ.
#[async_trait]
pub(super) trait Looked: Managed {
    /// What the page says first.
    const TEXT: &'static str;
    /// The attributes that can be asked about beside `id`, and the field of the API of each; where that is empty, what
    /// is found is looked through here.
    const ASKED: &'static [(&'static str, &'static str)];

    /// What is shown beside the attributes of the resource.
    fn more() -> Vec<(&'static str, Attribute)>;

    /// Everything the server knows of it.
    async fn shown(&self, client: &Client) -> Result<Value, Error>;
}

/// The data source of a noun.
pub(super) struct DataOf<T>(PhantomData<T>);

impl<T> DataOf<T> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

/// Attributes of resources that no server holds.
const NOT_HELD: [&str; 1] = ["delete_default_rules"];

/// The text of an attribute where it is another one than the resource's.
fn words<'a>(name: &str, attribute: &'a Attribute) -> &'a str {
    match name {
        "id" => "The uuid.",
        "name" => "Name.",
        "description" => "What it is for.",
        "admin_state_up" => "Whether anything passes.",
        "mtu" => "Bytes of a packet, at most.",
        "cidr" => "Its prefix.",
        "ip_version" => "4 or 6.",
        "prefix_length" => "Length of its prefix.",
        "subnetpool_id" => "Subnet pool that the prefix was cut from.",
        "gateway_ip" => "Address of the gateway.",
        "allocation_pools" => "Where addresses are allocated from.",
        "dns_nameservers" => "Name servers of its containers.",
        "fixed_ip" if attribute.nested().is_some() => "Its addresses.",
        "fixed_ip" => "Which of the port's addresses.",
        "mac_address" => "Its MAC.",
        "security_group_ids" => "Its groups, their ids.",
        "external_network_id" => "External network through which it reaches the outside.",
        "enable_snat" => "What goes outside gets the router's address.",
        "subnet_ids" => "Subnets that it has an interface on.",
        "external_fixed_ip" => "Its address of the outside.",
        "pool" => "External network that the address is taken from, its name.",
        "address" => "The address.",
        "port_id" => "Port it stands for.",
        _ => attribute.markdown(),
    }
}

#[async_trait]
impl<T: Looked> DataSource<Session> for DataOf<T> {
    fn type_name(&self) -> &'static str {
        T::TYPE
    }

    fn schema(&self) -> Schema {
        let can_be_asked =
            |name: &str| name == "id" || T::ASKED.iter().any(|(attribute, _)| *attribute == name);
        let asked = |name: &str, attribute: Attribute| {
            if can_be_asked(name) {
                attribute.optional()
            } else {
                attribute
            }
        };
        let names: Vec<&str> = T::ASKED.iter().map(|(name, _)| *name).collect();
        let begin = Schema::new()
            .description(T::TEXT)
            .rule(OneIsSet::at_least_one_of(["id"].into_iter().chain(names)));
        let resource = <T as Managed>::schema();
        let attributes = resource.fields().attributes().iter();
        let schema = attributes
            .filter(|(name, _)| !NOT_HELD.contains(&name.as_str()))
            .fold(begin, |schema, (name, attribute)| {
                let copy = Attribute::of(attribute.value_type()).computed();
                let copy = copy.description(words(name, attribute));
                schema.attribute(name, asked(name, copy))
            });
        T::more()
            .into_iter()
            .fold(schema, |schema, (name, attribute)| {
                schema.attribute(name, asked(name, attribute.computed()))
            })
    }

    async fn read(
        &self,
        context: &Context<Session>,
        config: Value,
        response: &mut DataResponse,
    ) -> Result<(), Diagnostics> {
        let client = &context.client()?.client;
        let found = look_up::<T>(client, &config).await?;
        let shown = found.shown(client).await;
        response.set_state(shown.map_err(|error| failed(&error))?);
        Ok(())
    }
}

/// The one that a configuration asks for.
async fn look_up<T: Looked>(client: &Client, config: &Value) -> Result<T, Diagnostics> {
    let asked: Vec<(&str, &Value)> = T::ASKED
        .iter()
        .filter_map(|(name, _)| Some((*name, config.get(name).ok()?)))
        .filter(|(_, value)| !value.is_null())
        .collect();
    let id: Option<String> = config.read("id")?;
    let found: Vec<T> = if let Some(id) = &id {
        by_id(client, id).await?.into_iter().collect()
    } else {
        let texts: Vec<(&'static str, String)> = T::ASKED
            .iter()
            .filter(|(_, field)| !field.is_empty())
            .filter_map(|(name, field)| Some((*field, plain(config.get(name).ok()?)?)))
            .collect();
        let fields: Vec<(&'static str, &str)> = texts
            .iter()
            .map(|(field, text)| (*field, text.as_str()))
            .collect();
        let listed = client.networking_list::<T>(&fields).await;
        listed.map_err(|error| failed(&error))?
    };
    let mut fitting = Vec::new();
    for one in found {
        let shown = one.shown(client).await.map_err(|error| failed(&error))?;
        if asked
            .iter()
            .all(|(name, value)| shown.get(name) == Ok(*value))
        {
            fitting.push(one);
        }
    }
    let id = id.map(|id| format!("the id {id:?}"));
    let others = asked
        .iter()
        .filter_map(|(name, value)| Some(format!("the {name} {}", quoted(value)?)));
    let words: Vec<String> = id.into_iter().chain(others).collect();
    only(fitting, &words.join(" and ")).map_err(|problem: Diagnostic| problem.into())
}

/// A value as a query has it.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A value as people read it.
fn quoted(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(format!("{text:?}")),
        value => plain(value),
    }
}

fn said(text: &str) -> Attribute {
    Attribute::string().description(text)
}

#[async_trait]
impl Looked for Network {
    const TEXT: &'static str = "A network of the project, or the external one, as it is now. The project's own first network is \
         named `default`.";
    const ASKED: &'static [(&'static str, &'static str)] =
        &[("name", "name"), ("external", "router:external")];

    fn more() -> Vec<(&'static str, Attribute)> {
        vec![
            (
                "external",
                Attribute::bool().description("It is the outside: routers have their gateway there, and floating IPs come from it."),
            ),
            (
                "subnet_ids",
                Attribute::list(Type::String).description("Its subnets, their ids."),
            ),
            ("status", said("`ACTIVE` or `DOWN`.")),
        ]
    }

    async fn shown(&self, _: &Client) -> Result<Value, Error> {
        Ok(network::shown_now(self))
    }
}

#[async_trait]
impl Looked for Subnet {
    const TEXT: &'static str = "A subnet of the project, as it is now.";
    const ASKED: &'static [(&'static str, &'static str)] = &[
        ("name", "name"),
        ("network_id", "network_id"),
        ("cidr", "cidr"),
        ("ip_version", "ip_version"),
        ("gateway_ip", "gateway_ip"),
        ("subnetpool_id", "subnetpool_id"),
    ];

    fn more() -> Vec<(&'static str, Attribute)> {
        Vec::new()
    }

    async fn shown(&self, _: &Client) -> Result<Value, Error> {
        Ok(subnet::shown(self))
    }
}

#[async_trait]
impl Looked for Port {
    const TEXT: &'static str = "A port of the project, as it is now: one of `zun_port`, or one that was made with its container.";
    const ASKED: &'static [(&'static str, &'static str)] = &[
        ("name", "name"),
        ("network_id", "network_id"),
        ("device_id", "device_id"),
        ("device_owner", "device_owner"),
        ("mac_address", "mac_address"),
    ];

    fn more() -> Vec<(&'static str, Attribute)> {
        vec![
            (
                "device_id",
                said("What has it: the id of a container or of a router."),
            ),
            (
                "device_owner",
                said(
                    "What kind of thing that is: `compute:kuryr` is a container, `network:router_interface` a router.",
                ),
            ),
            (
                "status",
                said("`ACTIVE` where something that runs has it, `DOWN` elsewhere."),
            ),
            (
                "host",
                said("Host of the container that has it; for administrators only."),
            ),
        ]
    }

    async fn shown(&self, _: &Client) -> Result<Value, Error> {
        Ok(port::shown_now(self))
    }
}

#[async_trait]
impl Looked for SecurityGroup {
    const TEXT: &'static str = "A security group of the project with its rules, as they are now. The group that the project has from \
         the start is named `default`.";
    const ASKED: &'static [(&'static str, &'static str)] = &[("name", "name")];

    fn more() -> Vec<(&'static str, Attribute)> {
        let rule = <zun_client::networking::Rule as Managed>::schema();
        let fields = rule.fields().attributes().iter().fold(
            tfplugin::Fields::new(),
            |fields, (name, attribute)| {
                let copy = Attribute::of(attribute.value_type()).computed();
                fields.attribute(name, copy.description(attribute.markdown()))
            },
        );
        vec![(
            "rules",
            Attribute::list_nested(fields).description("Its rules."),
        )]
    }

    async fn shown(&self, _: &Client) -> Result<Value, Error> {
        Ok(security_group::shown_now(self))
    }
}

#[async_trait]
impl Looked for Router {
    const TEXT: &'static str = "A router of the project, as it is now.";
    const ASKED: &'static [(&'static str, &'static str)] =
        &[("name", "name"), ("external_network_id", "")];

    fn more() -> Vec<(&'static str, Attribute)> {
        vec![("status", said("`ACTIVE` or `DOWN`."))]
    }

    async fn shown(&self, client: &Client) -> Result<Value, Error> {
        router::shown_now(self, client).await
    }
}

#[async_trait]
impl Looked for FloatingIp {
    const TEXT: &'static str = "A floating IP of the project, as it is now.";
    const ASKED: &'static [(&'static str, &'static str)] = &[
        ("address", "floating_ip_address"),
        ("port_id", "port_id"),
        ("fixed_ip", "fixed_ip_address"),
        ("pool", ""),
    ];

    fn more() -> Vec<(&'static str, Attribute)> {
        vec![
            ("router_id", said("Router that leads to the port.")),
            (
                "status",
                said("`ACTIVE` where it stands for a port, `DOWN` elsewhere."),
            ),
        ]
    }

    async fn shown(&self, client: &Client) -> Result<Value, Error> {
        floating_ip::shown_now(self, client).await
    }
}
