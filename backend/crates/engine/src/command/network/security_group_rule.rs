//! Rules of security groups: made and deleted, in force when the answer comes. A rule never changes.

use zun_domain::id::{SecurityGroupId, SecurityGroupRuleId};
use zun_domain::network::security_group::Allows;
use zun_domain::network::{Remote, SecurityGroup, SecurityGroupRule};
use zun_store::Tx;

use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, NetworkRule, Result};

/// A rule to be made.
#[derive(Debug, Clone)]
pub struct CreateSecurityGroupRule {
    /// Its group.
    pub group: SecurityGroupId,
    /// Description; may be empty.
    pub description: String,
    /// What it allows.
    pub allows: Allows,
}

impl Engine {
    /// Makes rules: all of them or, where one is refused, none.
    pub async fn security_group_rules_create(
        &self,
        call: &Call,
        asks: Vec<CreateSecurityGroupRule>,
    ) -> Result<Vec<SecurityGroupRule>> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut made = Vec::new();
        for ask in asks {
            if let Some((field, message)) = ask.allows.contradiction() {
                return Err(Error::invalid(field, message));
            }
            // Read anew each time, so that one of them that is there twice is seen.
            let group = call.security_group(&tx, ask.group).await?;
            check_remote(&tx, &group, &ask.allows).await?;
            check_new(&group, &ask.allows)?;
            let rule = self.rule_of(&group, ask.description, ask.allows);
            tx.security_group_rule_insert(&rule).await?;
            made.push(rule);
        }
        tx.commit().await?;
        self.guard().await;
        Ok(made)
    }

    /// Deletes a rule.
    pub async fn security_group_rule_delete(
        &self,
        call: &Call,
        id: SecurityGroupRuleId,
    ) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let rule = call.security_group_rule(&tx, id).await?;
        tx.security_group_rule_delete(rule.id).await?;
        tx.commit().await?;
        self.guard().await;
        Ok(())
    }
}

/// The group that a rule names is one of the same project.
async fn check_remote(tx: &Tx, group: &SecurityGroup, allows: &Allows) -> Result<()> {
    let Remote::Group(remote) = allows.remote else {
        return Ok(());
    };
    let found = tx.security_group_find(remote).await?;
    let own = found.filter(|found| found.project == group.project);
    own.map(|_| ())
        .ok_or_else(|| Error::not_found("security group", remote))
}

fn check_new(group: &SecurityGroup, allows: &Allows) -> Result<()> {
    match group.rules.iter().find(|rule| rule.allows.same_as(allows)) {
        None => Ok(()),
        Some(rule) => Err(NetworkRule::SecurityGroupRuleExists.because(format!(
            "security group {} has this rule already; rule id is {}",
            group.id, rule.id
        ))),
    }
}
