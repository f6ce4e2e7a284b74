//! Security groups: made, described, deleted. What they allow is `security_group_rule`'s.

use std::collections::BTreeSet;

use zun_domain::container::Protocol;
use zun_domain::id::{ContainerId, ProjectId, SecurityGroupId, SecurityGroupRuleId};
use zun_domain::network::security_group::{Allows, DEFAULT_GROUP};
use zun_domain::network::{Direction, EtherType, Remote, SecurityGroup, SecurityGroupRule};
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

/// The name of the group that holds a container's exposed ports.
pub(crate) fn exposing_name(container: ContainerId) -> String {
    format!("exposed-ports-{container}")
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
            let others = match ports.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            return Err(NetworkRule::SecurityGroupInUse.because(format!(
                "security group {id} is in use by port {port}{others}; take it from what is in it first"
            )));
        }
        tx.security_group_delete(id).await?;
        tx.commit().await?;
        self.guard_soon().await;
        Ok(())
    }
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

    /// A group of a container's own that opens these ports of it to everybody.
    pub(crate) async fn exposing_group(
        &self,
        tx: &mut Tx,
        project: ProjectId,
        container: ContainerId,
        exposed: &BTreeSet<(Protocol, u16)>,
    ) -> Result<SecurityGroupId> {
        let name = exposing_name(container);
        let description = format!("exposed ports of container {container}, and gone with it");
        let mut group = self.bare_group(project, name, description);
        let opened = exposed.iter().flat_map(|(protocol, port)| {
            [EtherType::V4, EtherType::V6].map(|family| Allows {
                protocol: protocol.to_string().parse().ok(),
                port_min: Some(*port),
                port_max: Some(*port),
                ..Allows::everything(Direction::Ingress, family, Remote::Any)
            })
        });
        let allowed = Allows::of_new_group().into_iter().chain(opened);
        group.rules = self.rules_of(&group, allowed);
        tx.security_group_insert(&group).await?;
        Ok(group.id)
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
