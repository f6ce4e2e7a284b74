//! Rules of security groups: made one by one or several at once, listed, shown, deleted. None of them changes.

use std::net::IpAddr;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use ipnet::IpNet;
use serde_json::{Map, Value, json};
use zun_domain::id::{SecurityGroupId, SecurityGroupRuleId};
use zun_domain::network::security_group::Allows;
use zun_domain::network::{Direction, EtherType, Remote, RuleProtocol, SecurityGroupRule};
use zun_engine::Call;
use zun_engine::command::network::security_group_rule::CreateSecurityGroupRule;

use super::noun::Noun;
use super::{body, view};
use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body};

const ONE: &str = "security_group_rule";
const MANY: &str = "security_group_rules";

/// Most rules of one request.
const MOST: usize = 1000;

/// `POST /v2.0/security-group-rules`.
pub(crate) async fn create(
    State(app): State<App>,
    asked: Admitted,
    Body(mut body): Body<Map<String, Value>>,
) -> Answer<(StatusCode, Json<Value>)> {
    let Some(many) = body.remove(MANY) else {
        let ask = rule(body::inner(body, ONE)?, &asked)?;
        let made = make(&app, &asked, vec![ask]).await?;
        let body = json!({ONE: made.first().map(view)});
        return Ok((StatusCode::CREATED, Json(body)));
    };
    let Value::Array(many) = many else {
        return Err(Problem::value(MANY, "must be a list of rules"));
    };
    if many.is_empty() || many.len() > MOST {
        return Err(Problem::value(
            MANY,
            format!("has {} rules: 1 to {MOST} are accepted", many.len()),
        ));
    }
    let asks = many.into_iter().enumerate().map(|(index, value)| {
        let within = format!("{MANY}[{index}]");
        let args = Args::nested(&within, value)?;
        rule(args, &asked).map_err(|problem| problem.within(&within))
    });
    let made = make(&app, &asked, asks.collect::<Answer<_>>()?).await?;
    let views: Vec<Value> = made.iter().map(view).collect();
    Ok((StatusCode::CREATED, Json(json!({MANY: views}))))
}

async fn make(
    app: &App,
    asked: &Admitted,
    asks: Vec<CreateSecurityGroupRule>,
) -> Answer<Vec<SecurityGroupRule>> {
    let call = body::sight(asked);
    Ok(app.engine.security_group_rules_create(&call, asks).await?)
}

fn rule(mut args: Args, asked: &Admitted) -> Answer<CreateSecurityGroupRule> {
    body::owner(&mut args, asked)?;
    if args.holds("remote_address_group_id") {
        return Err(Problem::value(
            "remote_address_group_id",
            "is not served: there are no address groups; use remote_ip_prefix or remote_group_id",
        ));
    }
    args.take("remote_address_group_id");
    let direction = direction(&mut args)?;
    let ethertype = ethertype(&mut args)?;
    let port = |port: i64| u16::try_from(port).unwrap_or(u16::MAX);
    let ask = CreateSecurityGroupRule {
        group: body::required(&mut args, "security_group_id")?,
        description: body::description(&mut args)?.unwrap_or_default(),
        allows: Allows {
            direction,
            ethertype,
            protocol: protocol(&mut args)?,
            port_min: args.integer("port_range_min", 0, 65535)?.map(port),
            port_max: args.integer("port_range_max", 0, 65535)?.map(port),
            remote: remote(&mut args)?,
        },
    };
    args.end()?;
    Ok(ask)
}

fn direction(args: &mut Args) -> Answer<Direction> {
    match args.text("direction")?.as_deref() {
        Some("ingress") => Ok(Direction::Ingress),
        Some("egress") => Ok(Direction::Egress),
        Some(other) => Err(body::wrong("direction", other, "ingress or egress")),
        None => Err(Problem::value(
            "direction",
            "is required: ingress or egress",
        )),
    }
}

fn ethertype(args: &mut Args) -> Answer<EtherType> {
    let Some(text) = args.text("ethertype")? else {
        return Ok(EtherType::V4);
    };
    match text.to_ascii_lowercase().as_str() {
        "ipv4" => Ok(EtherType::V4),
        "ipv6" => Ok(EtherType::V6),
        _ => Err(body::wrong("ethertype", &text, "IPv4 or IPv6")),
    }
}

/// A name or a number, as text or not. `any` and 0 are every protocol, as in Neutron.
fn protocol(args: &mut Args) -> Answer<Option<RuleProtocol>> {
    let text = match args.take("protocol") {
        None => return Ok(None),
        Some(Value::String(text)) => text,
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => {
            return Err(Problem::value(
                "protocol",
                "must be a name such as \"tcp\", a number from 0 to 255, or null for every protocol",
            ));
        }
    };
    if text.eq_ignore_ascii_case("any") || text == "0" {
        return Ok(None);
    }
    let parsed: Result<RuleProtocol, String> = text.parse();
    parsed
        .map(Some)
        .map_err(|message| Problem::value("protocol", message))
}

/// The other side: a prefix, or a group, or anybody.
fn remote(args: &mut Args) -> Answer<Remote> {
    let group: Option<SecurityGroupId> = body::optional(args, "remote_group_id")?;
    let Some(text) = args.text("remote_ip_prefix")? else {
        return Ok(group.map_or(Remote::Any, Remote::Group));
    };
    if group.is_some() {
        return Err(Problem::value(
            "remote_ip_prefix",
            "goes without remote_group_id: a rule has one of them",
        ));
    }
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    let prefix = text.parse::<IpNet>().or_else(|_| address());
    let prefix = prefix.map_err(|_| {
        body::wrong(
            "remote_ip_prefix",
            &text,
            "a prefix such as 10.0.0.0/24 or 2001:db8::/64",
        )
    })?;
    Ok(Remote::Prefix(prefix))
}

/// Them all, for the routes that every noun has.
pub(crate) enum SecurityGroupRules {}

impl Noun for SecurityGroupRules {
    const ADDRESS: &'static str = "security-group-rules";
    const ONE: &'static str = ONE;
    const WHAT: &'static str = "security group rule";
    type Id = SecurityGroupRuleId;

    async fn all(app: &App, call: &Call) -> Answer<Vec<Value>> {
        let found = app.engine.security_group_rule_list(call).await?;
        Ok(found.iter().map(view).collect())
    }

    async fn one(app: &App, call: &Call, id: SecurityGroupRuleId) -> Answer<Value> {
        Ok(view(&app.engine.security_group_rule_get(call, id).await?))
    }

    async fn remove(app: &App, call: &Call, id: SecurityGroupRuleId) -> Answer<()> {
        app.engine.security_group_rule_delete(call, id).await?;
        Ok(())
    }
}

/// A rule.
pub(super) fn view(rule: &SecurityGroupRule) -> Value {
    let allows = &rule.allows;
    let (prefix, group) = match allows.remote {
        Remote::Any => (None, None),
        Remote::Prefix(prefix) => (Some(prefix.to_string()), None),
        Remote::Group(group) => (None, Some(group.to_string())),
    };
    let body = json!({
        "id": rule.id.to_string(),
        "security_group_id": rule.group.to_string(),
        "description": rule.description,
        "direction": allows.direction,
        "ethertype": allows.ethertype,
        "protocol": allows.protocol,
        "port_range_min": allows.port_min,
        "port_range_max": allows.port_max,
        "remote_ip_prefix": prefix,
        "normalized_cidr": prefix,
        "remote_group_id": group,
        "remote_address_group_id": null,
    });
    view::owned(body, rule.project, rule.created_at, None)
}
