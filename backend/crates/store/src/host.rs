//! Hosts: what they have, whether they answer, and what an administrator said of them.

use zun_domain::host::{Host, HostPlace};
use zun_domain::id::HostId;

use crate::error::{Error, Result};
use crate::sql::{Row, Statement, json};
use crate::tx::{Reader, Tx};

const TABLE: &str = "hosts";
const WHAT: &str = "host";

fn host(row: &Row) -> Result<Host> {
    Ok(Host {
        place: HostPlace {
            id: row.word("id")?,
            name: row.word("name")?,
            zone: row.get("zone")?,
        },
        facts: row.json("facts")?,
        reachability: row.json("reachability")?,
        disabled: row.get("disabled")?,
        forced_down: row.get("forced_down")?,
        seen_at: row.word("seen_at")?,
        created_at: row.word("created_at")?,
    })
}

impl Reader {
    /// Every host, by name.
    pub async fn host_list(&self) -> Result<Vec<Host>> {
        let select = Statement::new(TABLE, "SELECT * FROM hosts ORDER BY name");
        self.rows(select).await?.iter().map(host).collect()
    }

    /// The host, if there is one.
    pub async fn host_find(&self, id: HostId) -> Result<Option<Host>> {
        let select = Statement::new(TABLE, "SELECT * FROM hosts WHERE id = $1");
        let row = self.row(select.bind(id)).await?;
        row.as_ref().map(host).transpose()
    }
}

impl Tx {
    /// Inserts the host, or notes anew what it has and whether it answers. What an administrator said
    /// (`disabled`, `forced_down`) and `created_at` are taken from `host` only when it is new.
    pub async fn host_upsert(&mut self, host: &Host) -> Result<()> {
        let upsert = Statement::new(
            TABLE,
            "INSERT INTO hosts (id, name, zone, facts, reachability, disabled, forced_down, seen_at, \
             created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE SET \
             name = excluded.name, zone = excluded.zone, facts = excluded.facts, \
             reachability = excluded.reachability, seen_at = excluded.seen_at",
        )
        .bind(host.place.id)
        .bind(host.place.name.as_str())
        .bind(host.place.zone.as_str())
        .bind(json(&host.facts)?)
        .bind(json(&host.reachability)?)
        .bind(host.disabled.as_deref())
        .bind(host.forced_down)
        .bind(host.seen_at)
        .bind(host.created_at);
        self.execute(upsert).await?;
        Ok(())
    }

    /// Takes the host out of scheduling for a reason, or with `None` back in.
    pub async fn host_set_disabled(&mut self, id: HostId, reason: Option<&str>) -> Result<()> {
        let update = Statement::new(TABLE, "UPDATE hosts SET disabled = $2 WHERE id = $1");
        self.host_touched(update.bind(id).bind(reason), id).await
    }

    /// Declares the host down, or no longer so.
    pub async fn host_set_forced_down(&mut self, id: HostId, down: bool) -> Result<()> {
        let update = Statement::new(TABLE, "UPDATE hosts SET forced_down = $2 WHERE id = $1");
        self.host_touched(update.bind(id).bind(down), id).await
    }

    /// Deletes the host. One that has containers is kept: [`crate::Constraint::Reference`].
    pub async fn host_delete(&mut self, id: HostId) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM hosts WHERE id = $1");
        self.host_touched(delete.bind(id), id).await
    }

    async fn host_touched(&mut self, change: Statement, id: HostId) -> Result<()> {
        if self.touched(change).await? {
            Ok(())
        } else {
            Err(Error::not_found(WHAT, id))
        }
    }
}
