//! `zun_security_group_rule`: one thing that a group allows.

use ipnet::IpNet;
use tfplugin::schema::{validator, validator::conflicts_with};
use tfplugin::{Attribute, Diagnostics, Schema, UpdateRequest, Validator, Value, async_trait};
use zun_client::networking::{CreateRule, Rule};
use zun_client::{Client, Error};
use zun_domain::network::security_group::Allows;
use zun_domain::network::{Direction, EtherType, Remote, RuleProtocol};

use super::networking::{Managed, description, given, owned, refused, set_owned, text};
use crate::json::{parse, to_json};
use crate::resource::value::{an_id, prefix};

/// What it accepts and returns.
pub(crate) fn schema() -> Schema {
    let schema = Schema::new().description(
        "One thing that a security group allows. Each edit makes another rule in its place; what is in the group follows while \
         it runs. A group that has the same rule already refuses it, also where that is one of those every new group has.",
    );
    let number = || {
        Attribute::int()
            .optional()
            .validator(validator::between(0.0..=65535.0))
    };
    let chosen = |attribute: Attribute, text: &str| attribute.requires_replace().description(text);
    owned(schema)
        .attribute("security_group_id", chosen(
            Attribute::string().required().validator(an_id("zun_security_group.web.id")),
            "Group it belongs to.",
        ))
        .attribute("direction", chosen(
            Attribute::string().required().validator(validator::one_of(["ingress", "egress"])),
            "`ingress`: what may reach what is in the group; `egress`: what that may reach.",
        ))
        .attribute("ethertype", chosen(
            Attribute::string().default("IPv4").validator(validator::one_of(["IPv4", "IPv6"])),
            "`IPv4` (default) or `IPv6`.",
        ))
        .attribute("protocol", chosen(
            Attribute::string().optional().validator(protocol()),
            "`tcp`, `udp`, `icmp`, `icmpv6`, `sctp`, another name or a number of a protocol; every protocol where none is given.",
        ))
        .attribute("port_range_min", chosen(
            number(),
            "First port, with `port_range_max`; of ICMP its type. Every port where neither is given.",
        ))
        .attribute("port_range_max", chosen(number(), "Last port; of ICMP its code."))
        .attribute("remote_ip_prefix", chosen(
            Attribute::string().optional().validator(prefix()).validator(conflicts_with(["remote_group_id"])),
            "The other side: addresses, such as `10.0.0.0/8`. Everybody where neither this nor `remote_group_id` is given.",
        ))
        .attribute("remote_group_id", chosen(
            Attribute::string().optional().validator(an_id("zun_security_group.web.id")),
            "The other side: whatever is in that group.",
        ))
        .attribute("description", chosen(description(), "What it is for; empty when left out."))
}

/// A protocol in lower case. Every protocol is what is left out.
fn protocol() -> Validator {
    Validator::new(|value| {
        let Some(text) = value.as_str() else {
            return Ok(());
        };
        if text == "0" || text.eq_ignore_ascii_case("any") {
            return Err(format!(
                "Leave the protocol out for a rule about every protocol; it is {text:?}."
            ));
        }
        match text.parse::<RuleProtocol>() {
            Ok(protocol) if protocol.as_str() == text => Ok(()),
            Ok(protocol) => Err(format!(
                "Write the protocol as {:?}; it is {text:?}.",
                protocol.as_str()
            )),
            Err(message) => Err(format!("{message}.")),
        }
    })
}

/// What the server knows of a rule.
pub(crate) fn shown(rule: &Rule) -> Value {
    let mut state = Value::object::<&str>([]);
    set_owned(&mut state, rule, rule.description.as_deref());
    state.set("security_group_id", rule.security_group_id.as_str());
    state.set("direction", rule.direction.as_str());
    state.set("ethertype", rule.ethertype.as_str());
    state.set("protocol", &rule.protocol);
    state.set("port_range_min", rule.port_range_min);
    state.set("port_range_max", rule.port_range_max);
    state.set("remote_ip_prefix", &rule.remote_ip_prefix);
    state.set("remote_group_id", &rule.remote_group_id);
    state
}

/// The rule of a configuration; `None` while a part of it is not known, or not valid by itself.
fn allows(config: &Value) -> Option<Allows> {
    const PARTS: [&str; 6] = [
        "direction",
        "ethertype",
        "protocol",
        "port_range_min",
        "port_range_max",
        "remote_ip_prefix",
    ];
    if PARTS
        .iter()
        .any(|name| !config.get(name).is_ok_and(Value::is_wholly_known))
    {
        return None;
    }
    let of = |name: &str| to_json(config.get(name).unwrap_or(&Value::Null));
    let ethertype: Option<EtherType> = parse(of("ethertype")).ok()?;
    let prefix: Option<IpNet> = parse(of("remote_ip_prefix")).ok()?;
    Some(Allows {
        direction: parse::<Direction>(of("direction")).ok()?,
        ethertype: ethertype.unwrap_or(EtherType::V4),
        protocol: parse(of("protocol")).ok()?,
        port_min: parse(of("port_range_min")).ok()?,
        port_max: parse(of("port_range_max")).ok()?,
        remote: prefix.map_or(Remote::Any, Remote::Prefix),
    })
}

#[async_trait]
impl Managed for Rule {
    const TYPE: &'static str = "zun_security_group_rule";
    const CALLED: Option<&'static str> = None;

    fn schema() -> Schema {
        schema()
    }

    /// The server's own check, so that a plan says what an apply would.
    fn validate(config: &Value, diagnostics: &mut Diagnostics) {
        if let Some((name, message)) = allows(config).and_then(|allows| allows.contradiction()) {
            diagnostics.error_at(name, "Invalid combination", format!("{name}: {message}."));
        }
    }

    async fn state(&self, _: &Client, _: &Value) -> Result<Value, Error> {
        Ok(shown(self))
    }

    async fn make(client: &Client, planned: &Value) -> Result<Self, Diagnostics> {
        let body = CreateRule {
            security_group_id: text(planned, "security_group_id"),
            direction: text(planned, "direction"),
            ethertype: text(planned, "ethertype"),
            protocol: given(planned, "protocol")?,
            port_range_min: given(planned, "port_range_min")?,
            port_range_max: given(planned, "port_range_max")?,
            remote_ip_prefix: given(planned, "remote_ip_prefix")?,
            remote_group_id: given(planned, "remote_group_id")?,
            description: text(planned, "description"),
        };
        let made = client.networking_create(&body).await;
        Ok(made.map_err(|error| refused::<Self>(&error))?)
    }

    /// Nothing of a rule changes: each edit makes another.
    async fn change(_: &Client, _: &str, _: &UpdateRequest) -> Result<(), Diagnostics> {
        Ok(())
    }
}
