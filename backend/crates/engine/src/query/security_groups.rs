//! Security groups and their rules that a caller can see.

use zun_domain::id::{SecurityGroupId, SecurityGroupRuleId};
use zun_domain::network::{SecurityGroup, SecurityGroupRule};
use zun_store::Reader;

use crate::call::Call;
use crate::context::Engine;
use crate::error::{Error, Result};

impl Call {
    /// A security group that can be seen.
    pub(crate) async fn security_group(
        &self,
        reader: &Reader,
        id: SecurityGroupId,
    ) -> Result<SecurityGroup> {
        let found = reader.security_group_find(id).await?;
        found
            .filter(|group| self.sees(group.project))
            .ok_or_else(|| Error::not_found("security group", id))
    }

    /// A rule that can be seen.
    pub(crate) async fn security_group_rule(
        &self,
        reader: &Reader,
        id: SecurityGroupRuleId,
    ) -> Result<SecurityGroupRule> {
        let found = reader.security_group_rule_find(id).await?;
        found
            .filter(|rule| self.sees(rule.project))
            .ok_or_else(|| Error::not_found("security group rule", id))
    }
}

impl Engine {
    /// A security group that the caller can see.
    pub async fn security_group_get(
        &self,
        call: &Call,
        id: SecurityGroupId,
    ) -> Result<SecurityGroup> {
        call.security_group(&self.store, id).await
    }

    /// Security groups that the caller can see. The default one of the caller's project is among them from
    /// the first look on.
    pub async fn security_group_list(&self, call: &Call) -> Result<Vec<SecurityGroup>> {
        let own = call.caller.project;
        if self.store.security_group_find_default(own).await?.is_none() {
            let mut tx = self.store.begin().await?;
            tx.admission_lock().await?;
            self.default_group(&mut tx, own).await?;
            tx.commit().await?;
        }
        Ok(self.store.security_group_list(call.visible()).await?)
    }

    /// A rule that the caller can see.
    pub async fn security_group_rule_get(
        &self,
        call: &Call,
        id: SecurityGroupRuleId,
    ) -> Result<SecurityGroupRule> {
        call.security_group_rule(&self.store, id).await
    }

    /// Rules of the groups that the caller can see.
    pub async fn security_group_rule_list(&self, call: &Call) -> Result<Vec<SecurityGroupRule>> {
        let groups = self.security_group_list(call).await?;
        Ok(groups.into_iter().flat_map(|group| group.rules).collect())
    }
}
