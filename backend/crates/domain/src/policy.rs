//! `may(caller, action)`: the one place where rights are decided. Ownership of an object is not a right
//! but a lookup: an object of another project is not found.

use crate::id::{ProjectId, UserId};
use crate::project::Role;

/// Who asks, as the token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// The user's name, for logs.
    pub user_name: String,
    /// The project the token is scoped to.
    pub project: ProjectId,
    /// Roles in that project.
    pub roles: Vec<Role>,
}

impl Caller {
    /// Holds the admin role.
    pub fn is_admin(&self) -> bool {
        self.roles.contains(&Role::Admin)
    }
}

/// What is asked, by the names of Zun's policy rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Read an object of the own project.
    Read(&'static str),
    /// Change an object of the own project.
    Write(&'static str),
    /// Something only administrators do.
    Admin(&'static str),
    /// Something nobody may do unless the configuration names the project.
    Named(&'static str),
}

impl Action {
    /// The rule's name, as messages show it: `container:create`.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Read(rule) | Self::Write(rule) | Self::Admin(rule) | Self::Named(rule) => rule,
        }
    }
}

/// The caller lacks the right. Shown as 403 `policy-not-authorized`, naming the rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy does not allow {rule} to be performed: it takes {takes}")]
pub struct Denied {
    /// The rule.
    pub rule: &'static str,
    /// Who may.
    pub takes: &'static str,
}

/// Projects that the configuration allows what is otherwise allowed to nobody.
#[derive(Debug, Clone, Default)]
pub struct Exceptions {
    /// Projects that may run privileged containers and add capabilities.
    pub privileged: Vec<ProjectId>,
}

/// Whether `caller` may do `action` in its own project.
pub fn may(caller: &Caller, action: Action, exceptions: &Exceptions) -> Result<(), Denied> {
    let (allowed, takes) = match action {
        Action::Read(_) => (!caller.roles.is_empty(), "a role in the project"),
        Action::Write(_) => (
            caller
                .roles
                .iter()
                .any(|role| matches!(role, Role::Member | Role::Admin)),
            "the role member or admin in the project",
        ),
        Action::Admin(_) => (caller.is_admin(), "the role admin"),
        Action::Named(_) => (
            exceptions.privileged.contains(&caller.project),
            "the project to be named in policy.privileged_projects",
        ),
    };
    if allowed {
        Ok(())
    } else {
        Err(Denied {
            rule: action.rule(),
            takes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn every_role_against_every_kind_of_action() {
        let project = ProjectId(Uuid::from_u128(7));
        let actions = [
            Action::Read("r"),
            Action::Write("w"),
            Action::Admin("a"),
            Action::Named("n"),
        ];
        let row = |roles: &[Role], exceptions: &Exceptions| -> String {
            let caller = Caller {
                user: UserId(Uuid::nil()),
                user_name: "u".to_owned(),
                project,
                roles: roles.to_vec(),
            };
            actions
                .iter()
                .map(|a| {
                    if may(&caller, *a, exceptions).is_ok() {
                        'y'
                    } else {
                        '.'
                    }
                })
                .collect()
        };
        let none = Exceptions::default();
        let named = Exceptions {
            privileged: vec![project],
        };
        assert_eq!(row(&[], &none), "....");
        assert_eq!(row(&[Role::Reader], &none), "y...");
        assert_eq!(row(&[Role::Member], &none), "yy..");
        assert_eq!(row(&[Role::Admin], &none), "yyy.");
        assert_eq!(row(&[Role::Member], &named), "yy.y");
    }
}
