//! Who there is: domains, projects, users, what role a user has where, and what users log in with.
//! Passwords and secrets are kept as the hashes the caller made, tokens as a hash only.

mod credential;
mod domain;
mod project;
mod role;
mod token;
mod user;

use zun_domain::project::Role;

use crate::error::Result;
use crate::sql::Row;

pub use credential::ApplicationCredential;
pub use role::RoleAssignment;
pub use token::TokenRow;

/// Roles as one text, `reader,member`.
fn roles_text(roles: &[Role]) -> String {
    let names: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    names.join(",")
}

fn roles(row: &Row, column: &str) -> Result<Vec<Role>> {
    let text: String = row.get(column)?;
    text.split(',')
        .filter(|name| !name.is_empty())
        .map(|name| role(row, name))
        .collect()
}

fn role(row: &Row, name: &str) -> Result<Role> {
    Role::named(name).ok_or_else(|| row.corrupt(format_args!("there is no role {name:?}")))
}
