//! Claims: what each container takes of its project's quota and of its host. One row per container, taken in
//! the transaction that inserts the container, gone with its row.

use std::collections::HashMap;

use zun_domain::id::{ContainerId, HostId, ProjectId};
use zun_domain::quota::Usage;
use zun_domain::unit::{Amounts, DiskGib, MemoryMib, Millicpu};

use crate::error::Result;
use crate::sql::{Row, Statement};
use crate::tx::{Reader, Tx};

const TABLE: &str = "claims";

/// `SELECT` of the sums; PostgreSQL would make them decimals.
macro_rules! sums {
    ($first:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $first,
            "COUNT(*) AS containers, CAST(COALESCE(SUM(cpu_milli), 0) AS BIGINT) AS cpu_milli, \
             CAST(COALESCE(SUM(memory_mib), 0) AS BIGINT) AS memory_mib, \
             CAST(COALESCE(SUM(disk_gib), 0) AS BIGINT) AS disk_gib FROM claims",
            $rest
        )
    };
}

fn amounts(row: &Row) -> Result<Amounts> {
    Ok(Amounts {
        cpu: Millicpu(row.count("cpu_milli")?),
        memory: MemoryMib(row.count("memory_mib")?),
        disk: DiskGib(row.count("disk_gib")?),
    })
}

fn usage(row: &Row) -> Result<Usage> {
    Ok(Usage {
        containers: row.count("containers")?,
        amounts: amounts(row)?,
    })
}

impl Reader {
    /// What the project uses: the sum of its claims.
    pub async fn usage_of(&self, project: ProjectId) -> Result<Usage> {
        let select = Statement::new(TABLE, sums!("", " WHERE project_id = $1"));
        let row = self.row(select.bind(project)).await?;
        row.map_or(Ok(Usage::default()), |row| usage(&row))
    }

    /// What is claimed on each host that has a claim, and by how many containers.
    pub async fn allocations(&self) -> Result<HashMap<HostId, (Amounts, u64)>> {
        let select = Statement::new(TABLE, sums!("host_id, ", " GROUP BY host_id"));
        let rows = self.rows(select).await?;
        rows.iter()
            .map(|row| {
                Ok((
                    row.word("host_id")?,
                    (amounts(row)?, row.count("containers")?),
                ))
            })
            .collect()
    }

    /// The sum of all claims.
    pub async fn claims_total(&self) -> Result<Usage> {
        let row = self.row(Statement::new(TABLE, sums!("", ""))).await?;
        row.map_or(Ok(Usage::default()), |row| usage(&row))
    }

    /// The claim of one container.
    pub async fn claim_find(&self, container: ContainerId) -> Result<Option<Amounts>> {
        let select = Statement::new(
            TABLE,
            "SELECT container_id AS id, cpu_milli, memory_mib, disk_gib FROM claims WHERE container_id = $1",
        );
        let row = self.row(select.bind(container)).await?;
        row.as_ref().map(amounts).transpose()
    }
}

impl Tx {
    /// Claims `amounts` for the container, in place of what it claimed before. Whether they fit is decided by
    /// the caller, after [`Tx::admission_lock`].
    pub async fn claim_set(
        &mut self,
        container: ContainerId,
        project: ProjectId,
        host: HostId,
        amounts: Amounts,
    ) -> Result<()> {
        let upsert = Statement::new(
            TABLE,
            "INSERT INTO claims (container_id, project_id, host_id, cpu_milli, memory_mib, disk_gib) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (container_id) DO UPDATE SET \
             project_id = excluded.project_id, host_id = excluded.host_id, \
             cpu_milli = excluded.cpu_milli, memory_mib = excluded.memory_mib, \
             disk_gib = excluded.disk_gib",
        )
        .bind(container)
        .bind(project)
        .bind(host)
        .bind(amounts.cpu.0)
        .bind(amounts.memory.0)
        .bind(amounts.disk.0);
        self.execute(upsert).await?;
        Ok(())
    }
}
