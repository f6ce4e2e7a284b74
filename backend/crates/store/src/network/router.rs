//! Routers, with their interfaces on subnets.

use zun_domain::id::{ProjectId, RouterId, SubnetId};
use zun_domain::network::router::Interface;
use zun_domain::network::{Gateway, Router};

use crate::error::{Error, Result};
use crate::sql::{Row, Statement};
use crate::tx::{Reader, Tx};

const TABLE: &str = "routers";
const INTERFACES: &str = "router_interfaces";
const WHAT: &str = "router";

/// Routers with their interfaces in one answer, one row for each pair of them.
macro_rules! with_interfaces {
    ($which:literal) => {
        concat!(
            "SELECT r.*, i.subnet_id, i.network_id, i.port_id FROM (SELECT * FROM routers ",
            $which,
            ") r LEFT JOIN router_interfaces i ON i.router_id = r.id ORDER BY r.seq, i.seq"
        )
    };
}

fn routers(rows: &[Row]) -> Result<Vec<Router>> {
    let mut all: Vec<Router> = Vec::new();
    for row in rows {
        let id: RouterId = row.word("id")?;
        if all.last().is_none_or(|last| last.id != id) {
            all.push(router(id, row)?);
        }
        if let (Some(last), Some(subnet)) = (all.last_mut(), row.word_opt("subnet_id")?) {
            last.interfaces.push(Interface {
                subnet,
                network: row.word("network_id")?,
                port: row.word("port_id")?,
            });
        }
    }
    Ok(all)
}

fn router(id: RouterId, row: &Row) -> Result<Router> {
    let gateway = match row.word_opt("gateway_network_id")? {
        None => None,
        Some(network) => Some(Gateway {
            network,
            enable_snat: row.get("gateway_enable_snat")?,
            address: row.word_opt("gateway_address")?,
        }),
    };
    Ok(Router {
        id,
        project: row.word("project_id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        admin_state_up: row.get("admin_state_up")?,
        gateway,
        interfaces: Vec::new(),
        created_at: row.word("created_at")?,
        updated_at: row.word_opt("updated_at")?,
    })
}

impl Reader {
    /// The router, if there is one.
    pub async fn router_find(&self, id: RouterId) -> Result<Option<Router>> {
        let select = Statement::new(TABLE, with_interfaces!("WHERE id = $1"));
        Ok(routers(&self.rows(select.bind(id)).await?)?.pop())
    }

    /// Every router in order of insertion; of every project where none is given.
    pub async fn router_list(&self, project: Option<ProjectId>) -> Result<Vec<Router>> {
        let select = Statement::new(
            TABLE,
            with_interfaces!("WHERE $1 IS NULL OR project_id = $1"),
        );
        routers(&self.rows(select.bind(project)).await?)
    }
}

impl Tx {
    /// Inserts a router. Its interfaces are not written here: each is a [`Tx::router_interface_insert`].
    pub async fn router_insert(&mut self, router: &Router) -> Result<()> {
        let insert = Statement::new(
            TABLE,
            "INSERT INTO routers (id, project_id, created_at, name, description, admin_state_up, \
             gateway_network_id, gateway_enable_snat, gateway_address, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(router.id)
        .bind(router.project)
        .bind(router.created_at);
        self.execute(bind_changeable(insert, router)).await?;
        Ok(())
    }

    /// Writes everything that can change but the interfaces. A taken address of the outside is
    /// [`crate::Constraint::AddressTaken`].
    pub async fn router_update(&mut self, router: &Router) -> Result<()> {
        let update = Statement::new(
            TABLE,
            "UPDATE routers SET name = $2, description = $3, admin_state_up = $4, gateway_network_id = $5, \
             gateway_enable_snat = $6, gateway_address = $7, updated_at = $8 WHERE id = $1",
        )
        .bind(router.id);
        self.router_touched(bind_changeable(update, router), WHAT, router.id)
            .await
    }

    /// Deletes the router. While it has an interface it is [`crate::Constraint::Reference`].
    pub async fn router_delete(&mut self, id: RouterId) -> Result<()> {
        let delete = Statement::new(TABLE, "DELETE FROM routers WHERE id = $1");
        self.router_touched(delete.bind(id), WHAT, id).await
    }

    /// Connects the router to a subnet, through a port that is there.
    pub async fn router_interface_insert(
        &mut self,
        router: RouterId,
        interface: &Interface,
    ) -> Result<()> {
        let insert = Statement::new(
            INTERFACES,
            "INSERT INTO router_interfaces (router_id, subnet_id, network_id, port_id) \
             VALUES ($1, $2, $3, $4)",
        )
        .bind(router)
        .bind(interface.subnet)
        .bind(interface.network)
        .bind(interface.port);
        self.execute(insert).await?;
        Ok(())
    }

    /// Disconnects the router from a subnet. Its port there stays.
    pub async fn router_interface_delete(
        &mut self,
        router: RouterId,
        subnet: SubnetId,
    ) -> Result<()> {
        let delete = Statement::new(
            INTERFACES,
            "DELETE FROM router_interfaces WHERE router_id = $1 AND subnet_id = $2",
        );
        let delete = delete.bind(router).bind(subnet);
        self.router_touched(delete, "interface on subnet", subnet)
            .await
    }

    async fn router_touched(
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

/// Binds the seven columns that can change, in the order of insert and update.
fn bind_changeable(statement: Statement, router: &Router) -> Statement {
    let gateway = router.gateway;
    let address = gateway.and_then(|gateway| gateway.address);
    statement
        .bind(router.name.as_str())
        .bind(router.description.as_str())
        .bind(router.admin_state_up)
        .bind(gateway.map(|gateway| gateway.network))
        .bind(gateway.is_some_and(|gateway| gateway.enable_snat))
        .bind(address.map(|address| address.to_string()))
        .bind(router.updated_at)
}
