//! The attributes `networks` and `security_groups`.

use tfplugin::schema::validator;
use tfplugin::{Attribute, Fields, Schema, Type};

use crate::resource::value::{no_nulls, v4, v6};

/// Adds them.
pub(super) fn attributes(schema: Schema) -> Schema {
    let ident = || Attribute::string().validator(validator::length(1..=255));
    let entry = Fields::new()
        .attribute("network", ident().optional()
            .description("Network to be on, its id or name, such as `zun_network.front.id`: a port is made there, and goes with the container."))
        .attribute("port", ident().optional()
            .description("Port to take, its id or name, such as `zun_port.web.id`, in place of `network`; it stays when the container goes."))
        .attribute("fixed_ip", Attribute::string().optional().validator(v4())
            .description("IPv4 address of the port that is made; a free one, chosen once, where none is given."))
        .attribute("fixed_ip_v6", Attribute::string().optional().validator(v6())
            .description("Its IPv6 address, likewise, where the network has a subnet of it."))
        .attribute("preserve_on_delete", Attribute::bool().optional()
            .description("Keep the port that is made, free, when the container leaves the network or goes."));
    schema
        .attribute("networks", Attribute::list_nested(entry).optional()
            .validator(no_nulls())
            .description("Networks to be on, in order; the project's default one where none are given. Each is joined and left while the container runs."))
        .attribute("security_groups", Attribute::set(Type::String).optional()
            .validator(no_nulls())
            .validator(validator::each(validator::length(1..=255)))
            .description("Security groups, by id or name, of the ports that are made for it; the project's group `default` where none are given, and then each of `ports` is open to everybody. A port that is taken keeps its own."))
}
