//! `zun_security_group`: what may reach a container, and what it may reach.

use tfplugin::schema::validator;
use tfplugin::{
    Action, Attribute, Diagnostics, PlanRequest, PlanResponse, Schema, UpdateRequest, Validator,
    Value, async_trait,
};
use zun_client::networking::{ChangeSecurityGroup, CreateSecurityGroup, Rule, SecurityGroup};
use zun_client::{Client, Error};
use zun_domain::network::security_group::DEFAULT_GROUP;

use super::networking::life::IMPORTED;
use super::networking::{Managed, apply, changed_text, described, owned, refused, set_owned, text};
use super::security_group_rule;

const DELETE_DEFAULT_RULES: &str = "delete_default_rules";

/// What it accepts and returns.
pub(crate) fn schema() -> Schema {
    let schema = Schema::new().description(
        "What may reach a container that is in the group, and what it may reach. Everything that no `zun_security_group_rule` of \
         any of its groups allows is dropped, in both directions; what answers a connection that was allowed passes. A new group \
         allows everything out, and nothing in. It is refused to go while something is in it.",
    );
    described(owned(schema))
        .attribute(
            "name",
            Attribute::string()
                .required()
                .validator(validator::length(1..=255))
                .validator(not_default())
                .description("Name; it need not be unique. Changed live."),
        )
        .attribute(
            DELETE_DEFAULT_RULES,
            Attribute::bool().optional().description(
                "Begin without the rules that every new group has, which allow everything out.",
            ),
        )
}

fn not_default() -> Validator {
    Validator::new(|value| match value.as_str() {
        Some(DEFAULT_GROUP) => Err(format!(
            "{DEFAULT_GROUP:?} is the group that each project has from the start: choose another name, or look it up with \
             data \"zun_security_group\"."
        )),
        _ => Ok(()),
    })
}

/// What the server knows of a group and no rule changes.
fn shown(group: &SecurityGroup) -> Value {
    let mut state = Value::object::<&str>([]);
    set_owned(&mut state, group, group.description.as_deref());
    state.set("name", group.name.clone().unwrap_or_default());
    state
}

/// Everything the server knows of a group, as it is now.
pub(crate) fn shown_now(group: &SecurityGroup) -> Value {
    let mut state = shown(group);
    let rules = group.security_group_rules.iter();
    state.set(
        "rules",
        Value::List(rules.map(security_group_rule::shown).collect()),
    );
    state
}

#[async_trait]
impl Managed for SecurityGroup {
    const TYPE: &'static str = "zun_security_group";

    fn schema() -> Schema {
        schema()
    }

    /// The rules were taken away when the group was made, or not. After an import that is not known, and only noted.
    fn settle(request: &PlanRequest, response: &mut PlanResponse) {
        let of = |value: &Value| {
            let found = value
                .get(DELETE_DEFAULT_RULES)
                .ok()
                .and_then(Value::as_bool);
            found.unwrap_or_default()
        };
        let open = response
            .planned_state
            .get(DELETE_DEFAULT_RULES)
            .is_ok_and(Value::is_unknown);
        let differs = open || of(&request.prior_state) != of(&response.planned_state);
        let noted = response.private.get(IMPORTED).is_some()
            && request
                .prior_state
                .get(DELETE_DEFAULT_RULES)
                .is_ok_and(Value::is_null);
        if request.action == Action::Update && differs && !noted {
            response.require_replace(DELETE_DEFAULT_RULES);
        }
    }

    async fn state(&self, _: &Client, kept: &Value) -> Result<Value, Error> {
        let mut state = shown(self);
        let kept = kept.get(DELETE_DEFAULT_RULES).unwrap_or(&Value::Null);
        state.set(DELETE_DEFAULT_RULES, kept);
        Ok(state)
    }

    async fn make(client: &Client, planned: &Value) -> Result<Self, Diagnostics> {
        let body = CreateSecurityGroup {
            name: text(planned, "name"),
            description: text(planned, "description"),
        };
        let made = client.networking_create(&body).await;
        Ok(made.map_err(|error| refused::<Self>(&error))?)
    }

    async fn complete(&self, client: &Client, planned: &Value) -> Result<bool, Diagnostics> {
        let asked = planned
            .get(DELETE_DEFAULT_RULES)
            .ok()
            .and_then(Value::as_bool);
        if asked == Some(true) {
            for rule in &self.security_group_rules {
                let deleted = client.networking_delete::<Rule>(&rule.id).await;
                deleted.map_err(|error| refused::<Self>(&error))?;
            }
        }
        Ok(false)
    }

    async fn change(client: &Client, id: &str, request: &UpdateRequest) -> Result<(), Diagnostics> {
        let change = ChangeSecurityGroup {
            name: changed_text(request, "name"),
            description: changed_text(request, "description"),
        };
        apply::<Self>(client, id, &change).await
    }
}
