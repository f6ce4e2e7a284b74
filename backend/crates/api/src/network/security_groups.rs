//! Security groups: made, listed, shown, described, deleted.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Map, Value, json};
use zun_domain::id::SecurityGroupId;
use zun_domain::network::SecurityGroup;
use zun_engine::Call;
use zun_engine::command::network::security_group::{CreateSecurityGroup, DescribeSecurityGroup};

use super::noun::Noun;
use super::{body, security_group_rules, view};
use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::{Args, Json as Body};

/// `POST /v2.0/security-groups`.
pub(crate) async fn create(
    State(app): State<App>,
    asked: Admitted,
    Body(body): Body<Map<String, Value>>,
) -> Answer<(StatusCode, Json<Value>)> {
    let mut args = body::inner(body, "security_group")?;
    stateful(&mut args)?;
    let ask = CreateSecurityGroup {
        project: body::owner(&mut args, &asked)?,
        name: body::name(&mut args)?.unwrap_or_default(),
        description: body::description(&mut args)?.unwrap_or_default(),
    };
    args.end()?;
    let group = app.engine.security_group_create(ask).await?;
    let body = json!({"security_group": view(&group)});
    Ok((StatusCode::CREATED, Json(body)))
}

/// Groups without state are not served: what answers a connection would have to be allowed by rules of its own.
fn stateful(args: &mut Args) -> Answer<()> {
    match args.ext_bool("stateful")? {
        None | Some(true) => Ok(()),
        Some(false) => Err(Problem::value(
            "stateful",
            "false is not served: security groups are stateful here; use true or leave it out",
        )),
    }
}

/// Them all, for the routes that every noun has.
pub(crate) enum SecurityGroups {}

impl Noun for SecurityGroups {
    const ADDRESS: &'static str = "security-groups";
    const ONE: &'static str = "security_group";
    const WHAT: &'static str = "security group";
    type Id = SecurityGroupId;

    async fn all(app: &App, call: &Call) -> Answer<Vec<Value>> {
        let found = app.engine.security_group_list(call).await?;
        Ok(found.iter().map(view).collect())
    }

    async fn one(app: &App, call: &Call, id: SecurityGroupId) -> Answer<Value> {
        Ok(view(&app.engine.security_group_get(call, id).await?))
    }

    async fn remove(app: &App, call: &Call, id: SecurityGroupId) -> Answer<()> {
        app.engine.security_group_delete(call, id).await?;
        Ok(())
    }
}

/// `PUT /v2.0/security-groups/{id}`.
pub(crate) async fn update(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    Body(body): Body<Map<String, Value>>,
) -> Answer<Json<Value>> {
    let id: SecurityGroupId = body::id("security group", &ident)?;
    let mut args = body::inner(body, "security_group")?;
    stateful(&mut args)?;
    let ask = DescribeSecurityGroup {
        name: body::name(&mut args)?,
        description: body::description(&mut args)?,
    };
    args.end()?;
    let call = body::sight(&asked);
    let group = app.engine.security_group_describe(&call, id, ask).await?;
    Ok(Json(json!({"security_group": view(&group)})))
}

/// A group with its rules.
fn view(group: &SecurityGroup) -> Value {
    let rules: Vec<Value> = group.rules.iter().map(security_group_rules::view).collect();
    let body = json!({
        "id": group.id.to_string(),
        "name": group.name,
        "description": group.description,
        "stateful": true,
        "shared": false,
        "security_group_rules": rules,
    });
    view::owned(body, group.project, group.created_at, group.updated_at)
}
