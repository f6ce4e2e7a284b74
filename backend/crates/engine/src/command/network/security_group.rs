//! Security groups: made, described, deleted. What they allow is `security_group_rule`'s.

use zun_domain::id::{ProjectId, SecurityGroupId, SecurityGroupRuleId};
use zun_domain::network::security_group::{Allows, DEFAULT_GROUP};
use zun_domain::network::{Remote, SecurityGroup, SecurityGroupRule};
use zun_store::Tx;

use crate::call::Call;
use crate::context::{Engine, Inner};
use crate::error::{NetworkRule, Result};

/// A security group to be made.
#[derive(Debug, Clone)]
pub struct CreateSecurityGroup {
    /// Its owner.
    pub project: ProjectId,
    /// Name; not unique, may be empty.
    pub name: String,
    /// Description; may be empty.
    pub description: String,
}

/// What changes about a group. `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct DescribeSecurityGroup {
    /// New name.
    pub name: Option<String>,
    /// New description.
    pub description: Option<String>,
}

/// What the default group of a project is described as.
const DEFAULT_DESCRIPTION: &str = "Default security group";

impl Engine {
    /// Makes a group that allows everything out of its ports, and nothing in.
    pub async fn security_group_create(&self, ask: CreateSecurityGroup) -> Result<SecurityGroup> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        self.default_group(&mut tx, ask.project).await?;
        if ask.name == DEFAULT_GROUP {
            return Err(NetworkRule::SecurityGroupDefaultAlreadyExists.because(format!(
                "name: the default security group of project {} exists already, and no other is named {DEFAULT_GROUP:?}; \
                 use another name",
                ask.project.0.simple()
            )));
        }
        let mut group = self.bare_group(ask.project, ask.name, ask.description);
        group.rules = self.rules_of(&group, Allows::of_new_group());
        tx.security_group_insert(&group).await?;
        tx.commit().await?;
        Ok(group)
    }

    /// Changes what is said about it. The default group keeps its name.
    pub async fn security_group_describe(
        &self,
        call: &Call,
        id: SecurityGroupId,
        ask: DescribeSecurityGroup,
    ) -> Result<SecurityGroup> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let mut group = call.security_group(&tx, id).await?;
        if let Some(name) = ask.name.filter(|name| *name != group.name) {
            if group.is_default() {
                return Err(NetworkRule::SecurityGroupCannotUpdateDefault.because(format!(
                    "name: the default security group {id} keeps its name; its description and its rules can be changed"
                )));
            }
            if name == DEFAULT_GROUP {
                return Err(NetworkRule::SecurityGroupDefaultAlreadyExists.because(format!(
                    "name: {DEFAULT_GROUP:?} is the name of the project's default security group, and no other has it; \
                     use another name"
                )));
            }
            group.name = name;
        }
        if let Some(description) = ask.description {
            group.description = description;
        }
        group.updated_at = Some(self.clock.now());
        tx.security_group_update(&group).await?;
        tx.commit().await?;
        Ok(group)
    }

    /// Deletes a group that no port is in. Rules of other groups that name it go with it, as in Neutron.
    pub async fn security_group_delete(&self, call: &Call, id: SecurityGroupId) -> Result<()> {
        let mut tx = self.store.begin().await?;
        tx.admission_lock().await?;
        let group = call.security_group(&tx, id).await?;
        if group.is_default() {
            return Err(NetworkRule::SecurityGroupCannotRemoveDefault.because(format!(
                "the default security group {id} cannot be deleted: every project has one; its rules can be"
            )));
        }
        let ports = tx.ports_in_group(id).await?;
        if let Some(port) = ports.first() {
            return Err(NetworkRule::SecurityGroupInUse.because(format!(
                "security group {id} is in use: {} ports are in it, one of them {port}; take it from them first",
                ports.len()
            )));
        }
        for rule in rules_naming(&tx, &group).await? {
            tx.security_group_rule_delete(rule).await?;
        }
        tx.security_group_delete(id).await?;
        tx.commit().await?;
        self.guard().await;
        Ok(())
    }
}

/// The rules of the project's other groups that name this one.
async fn rules_naming(tx: &Tx, group: &SecurityGroup) -> Result<Vec<SecurityGroupRuleId>> {
    let groups = tx.security_group_list(Some(group.project)).await?;
    let others = groups.iter().filter(|other| other.id != group.id);
    let naming = others
        .flat_map(|other| &other.rules)
        .filter(|rule| rule.allows.remote == Remote::Group(group.id));
    Ok(naming.map(|rule| rule.id).collect())
}

impl Inner {
    /// The project's default group, made when it is first asked for.
    pub(crate) async fn default_group(
        &self,
        tx: &mut Tx,
        project: ProjectId,
    ) -> Result<SecurityGroup> {
        if let Some(group) = tx.security_group_find_default(project).await? {
            return Ok(group);
        }
        let (name, description) = (DEFAULT_GROUP.to_owned(), DEFAULT_DESCRIPTION.to_owned());
        let mut group = self.bare_group(project, name, description);
        group.rules = self.rules_of(&group, Allows::of_default_group(group.id));
        tx.security_group_insert(&group).await?;
        Ok(group)
    }

    fn bare_group(&self, project: ProjectId, name: String, description: String) -> SecurityGroup {
        SecurityGroup {
            id: SecurityGroupId(self.ids.uuid()),
            project,
            name,
            description,
            rules: Vec::new(),
            created_at: self.clock.now(),
            updated_at: None,
        }
    }

    fn rules_of(
        &self,
        group: &SecurityGroup,
        allowed: impl IntoIterator<Item = Allows>,
    ) -> Vec<SecurityGroupRule> {
        let allowed = allowed.into_iter();
        allowed
            .map(|allows| self.rule_of(group, String::new(), allows))
            .collect()
    }

    /// A new rule of a group.
    pub(super) fn rule_of(
        &self,
        group: &SecurityGroup,
        description: String,
        allows: Allows,
    ) -> SecurityGroupRule {
        SecurityGroupRule {
            id: SecurityGroupRuleId(self.ids.uuid()),
            group: group.id,
            project: group.project,
            description,
            allows,
            created_at: self.clock.now(),
        }
    }
}
