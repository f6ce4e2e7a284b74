//! Who owns and who asks: domains, projects, users, roles, as the identity API shows them.

use crate::id::{DomainId, ProjectId, UserId};

/// A namespace of users and projects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Identity.
    pub id: DomainId,
    /// Name, unique; `Default` from the first start.
    pub name: String,
}

/// The owner of quotas and rights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Identity.
    pub id: ProjectId,
    /// Its domain.
    pub domain: DomainId,
    /// Name, unique in its domain.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Nobody can use a disabled project.
    pub enabled: bool,
}

/// A person or a program that logs in. The password's hash never leaves the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Identity.
    pub id: UserId,
    /// Its domain.
    pub domain: DomainId,
    /// Name, unique in its domain.
    pub name: String,
    /// A disabled user cannot log in, and its tokens end.
    pub enabled: bool,
}

/// What a user may do in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Read only.
    Reader,
    /// Read and write in the project.
    Member,
    /// Everything, in every project.
    Admin,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 3] = [Self::Reader, Self::Member, Self::Admin];

    /// Its name on the identity API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}
