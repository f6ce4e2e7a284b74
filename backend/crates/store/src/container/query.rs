//! Pages of containers: filters, order, and what comes after a marker.
//!
//! The order is always completed by the order of insertion, and a page begins after the marker's place
//! in it, so that pages neither repeat nor skip a container whose place has not changed.

use zun_domain::container::{Status, TaskState};
use zun_domain::id::{ContainerId, ProjectId, UserId};
use zun_domain::unit::MemoryMib;

use super::{TABLE, entries};
use crate::error::Result;
use crate::sql::{Row, Statement, Value};

/// What a list is sorted by. Where a value is missing it comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortKey {
    /// Order of insertion: `id`.
    #[default]
    Id,
    /// The uuid.
    Uuid,
    /// The name.
    Name,
    /// The image as written.
    Image,
    /// The status word.
    Status,
    /// The name of the host.
    Host,
    /// Memory.
    Memory,
    /// When it was accepted.
    CreatedAt,
    /// Last change of the record.
    UpdatedAt,
    /// The project's id.
    ProjectId,
    /// The user's id.
    UserId,
}

impl SortKey {
    /// Every key, for messages and tests.
    pub const ALL: [Self; 11] = [
        Self::Id,
        Self::Uuid,
        Self::Name,
        Self::Image,
        Self::Status,
        Self::Host,
        Self::Memory,
        Self::CreatedAt,
        Self::UpdatedAt,
        Self::ProjectId,
        Self::UserId,
    ];

    /// The word on the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Uuid => "uuid",
            Self::Name => "name",
            Self::Image => "image",
            Self::Status => "status",
            Self::Host => "host",
            Self::Memory => "memory",
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::ProjectId => "project_id",
            Self::UserId => "user_id",
        }
    }

    /// The key of that word.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// What to sort by; never NULL, which would be neither before nor after a marker.
    fn expression(self) -> &'static str {
        match self {
            Self::Id => "seq",
            Self::Uuid => "id",
            Self::Name => "name",
            Self::Image => "image",
            Self::Status => "status",
            Self::Host => "host_name",
            Self::Memory => "COALESCE(memory_mib, -1)",
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "COALESCE(updated_at, '')",
            Self::ProjectId => "project_id",
            Self::UserId => "user_id",
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Self::Id | Self::Memory)
    }
}

/// Which containers, in which order, from where. Every filter given must hold.
#[derive(Debug, Clone)]
pub struct ContainerQuery {
    /// Of this project; of all where none is given.
    pub project: Option<ProjectId>,
    /// With this name.
    pub name: Option<String>,
    /// With this image, as written.
    pub image: Option<String>,
    /// Created by this user.
    pub user: Option<UserId>,
    /// On the host of this name.
    pub host: Option<String>,
    /// With this memory.
    pub memory: Option<MemoryMib>,
    /// In one of these; in any where none is given. (One word of Zun's can stand for two of ours.)
    pub statuses: Vec<Status>,
    /// To which this is being done.
    pub task: Option<TaskState>,
    /// Which are, or are not, deleted after their end.
    pub auto_remove: Option<bool>,
    /// Only those that stand alone: what users see as containers. Else those of capsules, too.
    pub alone: bool,
    /// Out of these.
    pub ids: Option<Vec<ContainerId>>,
    /// Sorted by this.
    pub sort_key: SortKey,
    /// The other way round.
    pub descending: bool,
    /// At most so many.
    pub limit: u32,
    /// After this one, which must be one of the project's.
    pub marker: Option<ContainerId>,
}

impl Default for ContainerQuery {
    /// The first thousand of all, in order of insertion.
    fn default() -> Self {
        Self {
            project: None,
            name: None,
            image: None,
            user: None,
            host: None,
            memory: None,
            statuses: Vec::new(),
            task: None,
            auto_remove: None,
            alone: false,
            ids: None,
            sort_key: SortKey::Id,
            descending: false,
            limit: 1000,
            marker: None,
        }
    }
}

/// A place in the order.
pub(super) struct After {
    value: Value,
    seq: i64,
}

impl After {
    /// The place of the row that [`marker`] found.
    pub(super) fn read(key: SortKey, row: &Row) -> Result<Self> {
        let value = if key.is_number() {
            row.get::<i64>("sort_value")?.into()
        } else {
            row.get::<String>("sort_value")?.into()
        };
        Ok(Self {
            value,
            seq: row.get("seq")?,
        })
    }
}

/// Finds the place of the marker. Another project's container is no marker.
pub(super) fn marker(query: &ContainerQuery, marker: ContainerId) -> Statement {
    let mut select = Statement::new(TABLE, "SELECT id, seq, ");
    select
        .push(query.sort_key.expression())
        .push(" AS sort_value FROM containers WHERE id = ")
        .push_value(marker);
    if let Some(project) = query.project {
        select.push(" AND project_id = ").push_value(project);
    }
    select
}

/// One page, each container with its operation and its addresses.
pub(super) fn page(query: &ContainerQuery, after: Option<&After>) -> Statement {
    let mut select = Statement::new(TABLE, concat!(entries!(begin), "SELECT containers.*, "));
    rows_of_page(&mut select, query, after);
    let direction = direction(query);
    select
        .push(entries!(end))
        .push(" ORDER BY c.sort_value")
        .push(direction)
        .push(", c.seq")
        .push(direction)
        .push(", p.position, p.seq, f.seq");
    select
}

/// The ids on that page in one text, in the same order.
pub(super) fn page_ids(query: &ContainerQuery, after: Option<&After>) -> Statement {
    let direction = direction(query);
    let mut select = Statement::new(
        TABLE,
        "SELECT COALESCE(string_agg(c.id, ' ' ORDER BY c.sort_value",
    );
    select
        .push(direction)
        .push(", c.seq")
        .push(direction)
        .push("), '') AS ids FROM (SELECT id, seq, ");
    rows_of_page(&mut select, query, after);
    select.push(") c");
    select
}

fn direction(query: &ContainerQuery) -> &'static str {
    if query.descending { " DESC" } else { "" }
}

/// What is sorted by, and which rows: the rest of a `SELECT` whose other columns are written.
fn rows_of_page(select: &mut Statement, query: &ContainerQuery, after: Option<&After>) {
    select
        .push(query.sort_key.expression())
        .push(" AS sort_value FROM containers WHERE TRUE");
    filter(select, query);
    if let Some(after) = after {
        select.push(" AND (").push(query.sort_key.expression());
        select.push(if query.descending {
            ", seq) < ("
        } else {
            ", seq) > ("
        });
        select
            .push_value(after.value.clone())
            .push(", ")
            .push_value(after.seq);
        select.push(")");
    }
    let direction = direction(query);
    select
        .push(" ORDER BY sort_value")
        .push(direction)
        .push(", seq")
        .push(direction)
        .push(" LIMIT ")
        .push_value(query.limit);
}

fn filter(select: &mut Statement, query: &ContainerQuery) {
    let mut equal = |column: &'static str, value: Option<Value>| {
        if let Some(value) = value {
            select.push(column).push_value(value);
        }
    };
    equal(" AND project_id = ", query.project.map(Value::from));
    equal(" AND name = ", query.name.as_deref().map(Value::from));
    equal(" AND image = ", query.image.as_deref().map(Value::from));
    equal(" AND user_id = ", query.user.map(Value::from));
    equal(" AND host_name = ", query.host.as_deref().map(Value::from));
    equal(
        " AND memory_mib = ",
        query.memory.map(|memory| memory.0.into()),
    );
    equal(" AND task = ", query.task.map(|task| task.as_str().into()));
    equal(" AND auto_remove = ", query.auto_remove.map(Value::from));
    if !query.statuses.is_empty() {
        let words = query.statuses.iter().map(ToString::to_string);
        select.push(" AND status IN ").push_list(words);
    }
    if query.alone {
        select.push(" AND capsule_id IS NULL");
    }
    if let Some(ids) = &query.ids {
        select.push(" AND id IN ").push_list(ids.iter().copied());
    }
}
