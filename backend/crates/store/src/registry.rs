//! Registries, their passwords sealed, and which containers refer to them.

use zun_domain::id::{ContainerId, ProjectId, RegistryId};
use zun_domain::registry::{Password, Registry};

use crate::error::{Error, Result};
use crate::sql::{Row, Statement};
use crate::tx::{Reader, Tx};
use crate::vault::{Place, Vault};

const TABLE: &str = "registries";
const WHAT: &str = "registry";

fn place(id: &str) -> Place<'_> {
    Place {
        table: TABLE,
        column: "password",
        row: id,
    }
}

fn sealed(vault: &Vault, registry: &Registry) -> Result<Option<Vec<u8>>> {
    let (id, password) = (registry.id.to_string(), registry.password.as_ref());
    let sealed = password.map(|password| vault.seal(password.expose().as_bytes(), &place(&id)));
    sealed.transpose()
}

impl Reader {
    fn registry(&self, row: &Row) -> Result<Registry> {
        let id: RegistryId = row.word("id")?;
        let password: Option<Vec<u8>> = row.get("password")?;
        let open = |sealed: Vec<u8>| {
            let text = self.vault.open_text(&sealed, &place(&id.to_string()))?;
            Password::try_from(text).map_err(|error| row.corrupt(error))
        };
        Ok(Registry {
            id,
            project: row.word("project_id")?,
            user: row.word("user_id")?,
            name: row.get("name")?,
            domain: row.word("domain")?,
            username: row.get("username")?,
            password: password.map(open).transpose()?,
            created_at: row.word("created_at")?,
            updated_at: row.word_opt("updated_at")?,
        })
    }

    async fn registries(&self, select: Statement) -> Result<Vec<Registry>> {
        let rows = self.rows(select).await?;
        rows.iter().map(|row| self.registry(row)).collect()
    }

    /// The registry, if there is one.
    pub async fn registry_find(&self, id: RegistryId) -> Result<Option<Registry>> {
        let select = Statement::new(TABLE, "SELECT * FROM registries WHERE id = $1");
        Ok(self.registries(select.bind(id)).await?.pop())
    }

    /// The registry.
    pub async fn registry_get(&self, id: RegistryId) -> Result<Registry> {
        self.registry_find(id)
            .await?
            .ok_or_else(|| Error::not_found(WHAT, id))
    }

    /// Every registry in order of insertion; of every project where none is given.
    pub async fn registry_list(&self, project: Option<ProjectId>) -> Result<Vec<Registry>> {
        let select = Statement::new(
            TABLE,
            "SELECT * FROM registries WHERE ($1 IS NULL OR project_id = $1) ORDER BY seq",
        );
        self.registries(select.bind(project)).await
    }

    /// Every registry of that name, in order of insertion; of every project where none is given.
    pub async fn registries_named(
        &self,
        project: Option<ProjectId>,
        name: &str,
    ) -> Result<Vec<Registry>> {
        let select = Statement::new(
            TABLE,
            "SELECT * FROM registries WHERE ($1 IS NULL OR project_id = $1) AND name = $2 ORDER BY seq",
        );
        self.registries(select.bind(project).bind(name)).await
    }

    /// The containers whose wish, in force or about to be, refers to it.
    pub async fn containers_of_registry(&self, id: RegistryId) -> Result<Vec<ContainerId>> {
        let select = Statement::new(
            "container_registries",
            "SELECT container_id FROM container_registries WHERE registry_id = $1 ORDER BY seq",
        );
        let rows = self.rows(select.bind(id)).await?;
        rows.iter().map(|row| row.word("container_id")).collect()
    }
}

impl Tx {
    /// Inserts the record.
    pub async fn registry_insert(&mut self, registry: &Registry) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO registries (id, project_id, user_id, created_at, name, domain, username, password, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(registry.id)
        .bind(registry.project)
        .bind(registry.user)
        .bind(registry.created_at);
        let sealed = sealed(&self.vault, registry)?;
        self.execute(bind_changeable(insert, registry, sealed))
            .await?;
        Ok(())
    }

    /// Writes what may change.
    pub async fn registry_update(&mut self, registry: &Registry) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE registries SET name = $2, domain = $3, username = $4, password = $5, updated_at = $6 WHERE id = $1",
        )
        .bind(registry.id);
        let sealed = sealed(&self.vault, registry)?;
        let update = bind_changeable(update, registry, sealed);
        self.registry_touched(update, registry.id).await
    }

    /// Deletes the record. While a container refers to it it is [`crate::Constraint::Reference`].
    pub async fn registry_delete(&mut self, id: RegistryId) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM registries WHERE id = $1");
        self.registry_touched(delete.bind(id), id).await
    }

    /// Notes that the container's wish refers to these registries and to no other.
    pub async fn container_registries_set(
        &mut self,
        container: ContainerId,
        registries: &[RegistryId],
    ) -> Result<()> {
        const REFERENCES: &str = "container_registries";
        let select = Statement::new(
            REFERENCES,
            "SELECT registry_id FROM container_registries WHERE container_id = $1",
        );
        let rows = self.rows(select.bind(container)).await?;
        let before: Vec<RegistryId> = rows
            .iter()
            .map(|row| row.word("registry_id"))
            .collect::<Result<_>>()?;
        for gone in before.iter().filter(|id| !registries.contains(id)) {
            let delete = Statement::new(
                REFERENCES,
                "DELETE FROM container_registries WHERE container_id = $1 AND registry_id = $2",
            );
            self.execute(delete.bind(container).bind(*gone)).await?;
        }
        for new in registries.iter().filter(|id| !before.contains(id)) {
            let insert = Statement::new(
                REFERENCES,
                "INSERT INTO container_registries (container_id, registry_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            );
            self.execute(insert.bind(container).bind(*new)).await?;
        }
        Ok(())
    }

    async fn registry_touched(&mut self, change: Statement, id: RegistryId) -> Result<()> {
        if self.touched(change).await? {
            Ok(())
        } else {
            Err(Error::not_found(WHAT, id))
        }
    }
}

/// Binds the five columns that insert and update have in common, in the order of both.
fn bind_changeable(
    statement: Statement,
    registry: &Registry,
    sealed: Option<Vec<u8>>,
) -> Statement {
    statement
        .bind(registry.name.as_deref())
        .bind(registry.domain.as_str())
        .bind(registry.username.as_deref())
        .bind(sealed)
        .bind(registry.updated_at)
}
