//! What can go wrong, by cause: the constraint that refused, the row that contradicts, the disk that is full.
//!
//! A message names what is wrong and, where there is one, the way out. Neither values of rows nor keys
//! nor passwords are in it.

use std::fmt;
use std::sync::Arc;

use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::migrate::MigrateError;

/// What lies under an error; its text is for logs.
pub type Cause = Box<dyn std::error::Error + Send + Sync + 'static>;

/// What every method of the store gives back.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such row.
    #[error("{what} {id} does not exist")]
    NotFound {
        /// The noun.
        what: &'static str,
        /// What was asked for.
        id: String,
    },
    /// The database refuses, because something else holds the place.
    #[error("{constraint}")]
    Conflict {
        /// Which rule.
        constraint: Constraint,
    },
    /// A row says something the program never wrote.
    #[error("table {table}, row {row} cannot be understood: {why}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row's id, as far as it can be told.
        row: String,
        /// What is wrong with it.
        why: String,
    },
    /// The disk of the database is full. Nothing was changed.
    #[error("the disk that holds the database is full; free some space there")]
    Full {
        /// The database's words.
        #[source]
        cause: Cause,
    },
    /// The database cannot be used now: locked, gone, read-only, or not to be reached.
    #[error("the database cannot be used now")]
    Unavailable {
        /// The database's words.
        #[source]
        cause: Cause,
    },
    /// An earlier statement of the transaction failed, so none of it counts.
    #[error("an earlier statement of the transaction failed, so nothing of it is kept")]
    Aborted,
    /// A newer program has written this database.
    #[error(
        "the database has schema {found}, but this program knows none after {known}; \
         start the newer program that wrote it, or restore a backup from before the upgrade"
    )]
    NewerSchema {
        /// The newest step the database has.
        found: i64,
        /// The newest step this program has.
        known: i64,
    },
    /// What is sealed in the database was sealed with another key.
    #[error(
        "the encryption key does not fit the database: environment values in it were encrypted \
         with another key; restore the key file that was backed up with this database"
    )]
    WrongKey,
    /// The address of the database makes no sense.
    #[error(
        "the database's address {why}; write sqlite:///absolute/path or postgres://user@host/name"
    )]
    Address {
        /// What is wrong with it, as a clause.
        why: String,
    },
    /// Anything else the database said.
    #[error("the database refused a statement")]
    Internal(#[source] Cause),
}

/// The rule that refused a change.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Constraint {
    /// An operation on the same subject has not ended.
    OperationUnfinished,
    /// The operation has ended; nothing more can be noted of it.
    OperationFinished,
    /// The address belongs to another port, floating IP or router.
    AddressTaken,
    /// Another port of the network has that MAC.
    MacTaken,
    /// The port of the host belongs to another container.
    HostPortTaken,
    /// Another network has that subnet.
    SubnetTaken,
    /// The network has a subnet of that family.
    FamilyTaken,
    /// There is one already of what there is one at most: a project's default network or group, the network
    /// outside; the table.
    OnlyOne(String),
    /// The name is given to another one in the same namespace; the table.
    NameTaken(String),
    /// A row with this id is there already; the table.
    Exists(String),
    /// Something that is referred to is missing, or something to be deleted is still referred to.
    Reference,
    /// Someone else changed the record meanwhile.
    Generation {
        /// The generation the change was decided on.
        expected: i64,
        /// The one in the store.
        stored: i64,
    },
    /// A rule without a name of its own here; as the database calls it.
    Other(String),
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OperationUnfinished => f.write_str("an operation on it has not ended"),
            Self::OperationFinished => f.write_str("the operation has already ended"),
            Self::AddressTaken => f.write_str("the address is taken"),
            Self::MacTaken => f.write_str("the MAC is taken"),
            Self::HostPortTaken => f.write_str("the port of the host is taken"),
            Self::SubnetTaken => f.write_str("the subnet is taken"),
            Self::FamilyTaken => f.write_str("the network has a subnet of that family"),
            Self::OnlyOne(table) => write!(f, "there is one already (table {table})"),
            Self::NameTaken(table) => write!(f, "the name is taken (table {table})"),
            Self::Exists(table) => write!(f, "the id is taken (table {table})"),
            Self::Reference => f.write_str(
                "something it refers to does not exist, or something still refers to it",
            ),
            Self::Generation { expected, stored } => write!(
                f,
                "it was changed meanwhile: generation {stored} instead of {expected}"
            ),
            Self::Other(name) => write!(f, "the rule {name} does not hold"),
        }
    }
}

impl Constraint {
    /// The rule by the name PostgreSQL gives it: table, columns, `key` or `pkey`.
    fn named(name: &str) -> Self {
        match name {
            "operations_subject_id_key" => Self::OperationUnfinished,
            "fixed_ips_network_id_ip_key"
            | "floating_ips_address_key"
            | "routers_gateway_address_key" => Self::AddressTaken,
            "ports_network_id_mac_key" => Self::MacTaken,
            "host_ports_pkey" | "host_ports_host_id_protocol_external_ip_key" => {
                Self::HostPortTaken
            }
            "subnets_cidr_key" => Self::SubnetTaken,
            "subnets_network_id_version_key" => Self::FamilyTaken,
            "networks_project_id_key" | "networks_kind_key" => Self::OnlyOne("networks".to_owned()),
            "security_groups_project_id_key" => Self::OnlyOne("security_groups".to_owned()),
            _ => Self::by_columns(name),
        }
    }

    fn by_columns(name: &str) -> Self {
        const SCOPES: [&str; 4] = ["_name_key", "_domain_id", "_project_id", "_user_id"];
        if let Some(rest) = name.strip_suffix("_name_key") {
            let table = SCOPES.iter().fold(rest, |table, scope| {
                table.strip_suffix(scope).unwrap_or(table)
            });
            return Self::NameTaken(table.to_owned());
        }
        ["_id_key", "_pkey", "_key_key", "_hash_key"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix))
            .map_or_else(
                || Self::Other(name.to_owned()),
                |table| Self::Exists(table.to_owned()),
            )
    }
}

impl Error {
    pub(crate) fn not_found(what: &'static str, id: impl fmt::Display) -> Self {
        Self::NotFound {
            what,
            id: id.to_string(),
        }
    }

    pub(crate) fn conflict(constraint: Constraint) -> Self {
        Self::Conflict { constraint }
    }

    /// Trying again may help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Unavailable { .. })
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Arc::new(error).into()
    }
}

/// One error can be the answer to several: those that shared a commit.
impl From<Arc<sqlx::Error>> for Error {
    fn from(error: Arc<sqlx::Error>) -> Self {
        use sqlx::Error as E;
        let class = match error.as_ref() {
            E::Database(database) => class_of(database.as_ref()),
            E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => {
                Class::Unavailable
            }
            E::Configuration(cause) => {
                return Self::Address {
                    why: format!("cannot be read: {cause}"),
                };
            }
            _ => Class::Internal,
        };
        match class {
            Class::Conflict(constraint) => Self::Conflict { constraint },
            Class::Full => Self::Full {
                cause: Box::new(error),
            },
            Class::Unavailable => Self::Unavailable {
                cause: Box::new(error),
            },
            Class::Corrupt => Self::Corrupt {
                table: "of the whole file",
                row: "unknown".to_owned(),
                why: error.to_string(),
            },
            Class::Internal => Self::Internal(Box::new(error)),
        }
    }
}

impl From<MigrateError> for Error {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(cause) | MigrateError::ExecuteMigration(cause, _) => cause.into(),
            MigrateError::VersionMismatch(version) => Self::Corrupt {
                table: "_sqlx_migrations",
                row: version.to_string(),
                why: "this step of the schema is not the one this program has".to_owned(),
            },
            other => Self::Internal(Box::new(other)),
        }
    }
}

enum Class {
    Conflict(Constraint),
    Full,
    Unavailable,
    Corrupt,
    Internal,
}

fn class_of(error: &dyn DatabaseError) -> Class {
    match error.kind() {
        ErrorKind::UniqueViolation => return Class::Conflict(unique(error)),
        ErrorKind::ForeignKeyViolation => return Class::Conflict(Constraint::Reference),
        _ => {}
    }
    let code = error.code().unwrap_or_default();
    if error
        .try_downcast_ref::<sqlx::sqlite::SqliteError>()
        .is_some()
    {
        // The low byte is the class, the rest says more: https://www.sqlite.org/rescode.html
        match code.parse::<i32>().unwrap_or_default() & 0xff {
            13 => Class::Full,
            5 | 6 | 8 | 10 | 14 => Class::Unavailable,
            11 | 26 => Class::Corrupt,
            _ => Class::Internal,
        }
    } else {
        match code.as_ref() {
            "53100" => Class::Full,
            // read only, deadlock, lost race, lock not to be had, too many connections, shutting down
            "25006" | "40001" | "40P01" | "55P03" | "53300" | "57P01" | "57P02" | "57P03" => {
                Class::Unavailable
            }
            _ if code.starts_with("08") => Class::Unavailable,
            "XX001" | "XX002" => Class::Corrupt,
            _ => Class::Internal,
        }
    }
}

/// PostgreSQL names the constraint. SQLite lists its columns, from which the same name is made.
fn unique(error: &dyn DatabaseError) -> Constraint {
    if let Some(name) = error.constraint() {
        return Constraint::named(name);
    }
    let listed = error.message().rsplit(": ").next().unwrap_or_default();
    let mut parts = listed.split(", ").map(|column| column.split_once('.'));
    let Some(Some((table, first))) = parts.next() else {
        return Constraint::Other(listed.to_owned());
    };
    let columns = parts.flatten().fold(first.to_owned(), |all, (_, column)| {
        format!("{all}_{column}")
    });
    Constraint::named(&format!("{table}_{columns}_key"))
}
