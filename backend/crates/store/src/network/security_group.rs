//! Security groups with their rules.

use zun_domain::id::{PortId, ProjectId, SecurityGroupId, SecurityGroupRuleId};
use zun_domain::network::security_group::{Allows, DEFAULT_GROUP};
use zun_domain::network::{Remote, RuleProtocol, SecurityGroup, SecurityGroupRule};

use crate::error::{Error, Result};
use crate::sql::{Row, Statement, word};
use crate::tx::{Reader, Tx};

const TABLE: &str = "security_groups";
const RULES: &str = "security_group_rules";

/// The columns of a rule `r`, under names that those of a group leave free.
macro_rules! columns {
    () => {
        "r.id AS rule_id, r.group_id, r.project_id AS rule_project_id, r.description AS rule_description, \
         r.direction, r.ethertype, r.protocol, r.port_min, r.port_max, r.remote_prefix, r.remote_group_id, \
         r.created_at AS rule_created_at"
    };
}

/// Groups with their rules in one answer, one row for each pair of them.
macro_rules! with_rules {
    ($which:literal) => {
        concat!(
            "SELECT g.*, ",
            columns!(),
            " FROM (SELECT * FROM security_groups ",
            $which,
            ") g LEFT JOIN security_group_rules r ON r.group_id = g.id ORDER BY g.seq, r.seq"
        )
    };
}

fn groups(rows: &[Row]) -> Result<Vec<SecurityGroup>> {
    let mut all: Vec<SecurityGroup> = Vec::new();
    for row in rows {
        let id: SecurityGroupId = row.word("id")?;
        if all.last().is_none_or(|last| last.id != id) {
            all.push(group(id, row)?);
        }
        if let (Some(last), Some(rule_id)) = (all.last_mut(), row.word_opt("rule_id")?) {
            last.rules.push(rule(rule_id, row)?);
        }
    }
    Ok(all)
}

fn group(id: SecurityGroupId, row: &Row) -> Result<SecurityGroup> {
    Ok(SecurityGroup {
        id,
        project: row.word("project_id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        rules: Vec::new(),
        created_at: row.word("created_at")?,
        updated_at: row.word_opt("updated_at")?,
    })
}

fn rule(id: SecurityGroupRuleId, row: &Row) -> Result<SecurityGroupRule> {
    let prefix = row.word_opt("remote_prefix")?.map(Remote::Prefix);
    let remote_group = row.word_opt("remote_group_id")?.map(Remote::Group);
    Ok(SecurityGroupRule {
        id,
        group: row.word("group_id")?,
        project: row.word("rule_project_id")?,
        description: row.get("rule_description")?,
        allows: Allows {
            direction: row.word("direction")?,
            ethertype: row.word("ethertype")?,
            protocol: row.word_opt("protocol")?,
            port_min: row.count_opt("port_min")?,
            port_max: row.count_opt("port_max")?,
            remote: prefix.or(remote_group).unwrap_or(Remote::Any),
        },
        created_at: row.word("rule_created_at")?,
    })
}

impl Reader {
    async fn security_groups(&self, select: Statement) -> Result<Vec<SecurityGroup>> {
        groups(&self.rows(select).await?)
    }

    /// The group, if there is one.
    pub async fn security_group_find(&self, id: SecurityGroupId) -> Result<Option<SecurityGroup>> {
        let select = Statement::new(TABLE, with_rules!("WHERE id = $1"));
        Ok(self.security_groups(select.bind(id)).await?.pop())
    }

    /// The project's default group.
    pub async fn security_group_find_default(
        &self,
        project: ProjectId,
    ) -> Result<Option<SecurityGroup>> {
        let mut found = self.security_groups_named(project, DEFAULT_GROUP).await?;
        Ok(found.pop())
    }

    /// Every group of that name that the project owns, in order of insertion.
    pub async fn security_groups_named(
        &self,
        project: ProjectId,
        name: &str,
    ) -> Result<Vec<SecurityGroup>> {
        let select = Statement::new(TABLE, with_rules!("WHERE project_id = $1 AND name = $2"));
        self.security_groups(select.bind(project).bind(name)).await
    }

    /// Every group in order of insertion; of every project where none is given.
    pub async fn security_group_list(
        &self,
        project: Option<ProjectId>,
    ) -> Result<Vec<SecurityGroup>> {
        let select = Statement::new(TABLE, with_rules!("WHERE $1 IS NULL OR project_id = $1"));
        self.security_groups(select.bind(project)).await
    }

    /// The rule, if there is one.
    pub async fn security_group_rule_find(
        &self,
        id: SecurityGroupRuleId,
    ) -> Result<Option<SecurityGroupRule>> {
        let select = Statement::new(
            RULES,
            concat!(
                "SELECT r.id, ",
                columns!(),
                " FROM security_group_rules r WHERE r.id = $1"
            ),
        );
        let row = self.row(select.bind(id)).await?;
        row.map(|row| rule(id, &row)).transpose()
    }

    /// The ports in a group, in order of insertion.
    pub async fn ports_in_group(&self, group: SecurityGroupId) -> Result<Vec<PortId>> {
        let select = Statement::new(
            "port_security_groups",
            "SELECT p.id FROM port_security_groups g JOIN ports p ON p.id = g.port_id \
             WHERE g.group_id = $1 ORDER BY p.seq",
        );
        let rows = self.rows(select.bind(group)).await?;
        rows.iter().map(|row| row.word("id")).collect()
    }
}

impl Tx {
    /// Inserts a group with its rules. A second one called `default` is [`crate::Constraint::OnlyOne`].
    pub async fn security_group_insert(&mut self, group: &SecurityGroup) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO security_groups (id, project_id, name, description, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(group.id)
        .bind(group.project)
        .bind(group.name.as_str())
        .bind(group.description.as_str())
        .bind(group.created_at)
        .bind(group.updated_at);
        self.execute(insert).await?;
        for rule in &group.rules {
            self.security_group_rule_insert(rule).await?;
        }
        Ok(())
    }

    /// Writes name and description; rules have writes of their own.
    pub async fn security_group_update(&mut self, group: &SecurityGroup) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE security_groups SET name = $2, description = $3, updated_at = $4 WHERE id = $1",
        )
        .bind(group.id)
        .bind(group.name.as_str())
        .bind(group.description.as_str())
        .bind(group.updated_at);
        self.group_touched(update, "security group", group.id).await
    }

    /// Deletes the group with its rules, and those rules of other groups that name it. While a port is in it, it is
    /// [`crate::Constraint::Reference`].
    pub async fn security_group_delete(&mut self, id: SecurityGroupId) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM security_groups WHERE id = $1");
        self.group_touched(delete.bind(id), "security group", id)
            .await
    }

    /// Inserts a rule of a group that is there.
    pub async fn security_group_rule_insert(&mut self, rule: &SecurityGroupRule) -> Result<()> {
        let allows = &rule.allows;
        let (prefix, group) = match allows.remote {
            Remote::Any => (None, None),
            Remote::Prefix(prefix) => (Some(prefix.to_string()), None),
            Remote::Group(group) => (None, Some(group)),
        };
        let insert = Statement::new(
            RULES,
            "INSERT INTO security_group_rules (id, group_id, project_id, description, direction, ethertype, \
             protocol, port_min, port_max, remote_prefix, remote_group_id, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(rule.id)
        .bind(rule.group)
        .bind(rule.project)
        .bind(rule.description.as_str())
        .bind(word(&allows.direction)?)
        .bind(word(&allows.ethertype)?)
        .bind(allows.protocol.as_ref().map(RuleProtocol::as_str))
        .bind(allows.port_min)
        .bind(allows.port_max)
        .bind(prefix)
        .bind(group)
        .bind(rule.created_at);
        self.execute(insert).await?;
        Ok(())
    }

    /// Deletes the rule.
    pub async fn security_group_rule_delete(&mut self, id: SecurityGroupRuleId) -> Result<()> {
        let delete = Statement::new(RULES, "DELETE FROM security_group_rules WHERE id = $1");
        self.group_touched(delete.bind(id), "security group rule", id)
            .await
    }

    async fn group_touched(
        &mut self,
        change: Statement,
        what: &'static str,
        id: impl std::fmt::Display,
    ) -> Result<()> {
        if self.touched(change).await? {
            Ok(())
        } else {
            Err(Error::not_found(what, id))
        }
    }
}
