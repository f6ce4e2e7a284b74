//! Networks, subnets, ports, security groups, routers and floating IPs of the Networking API (Neutron's, version
//! 2.0).
//!
//! All of these are asked for alike: [`Noun`] says what differs, one file per noun has its fields.

mod floating_ip;
mod network;
mod port;
mod router;
mod security_group;
mod subnet;

pub use floating_ip::{ChangeFloatingIp, CreateFloatingIp, FloatingIp};
pub use network::{ChangeNetwork, CreateNetwork, Network};
pub use port::{AskFixedIp, ChangePort, CreatePort, FixedIp, Port};
pub use router::{AskGateway, ChangeRouter, CreateRouter, Gateway, Router};
pub use security_group::{
    ChangeRule, ChangeSecurityGroup, CreateRule, CreateSecurityGroup, Rule, SecurityGroup,
};
pub use subnet::{AllocationPool, ChangeSubnet, CreateSubnet, Subnet};

use std::collections::BTreeMap;

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::{Call, Client};
use crate::error::Error;

/// A kind of object of this API.
pub trait Noun: DeserializeOwned + Send + Sync + 'static {
    /// In words.
    const NOUN: &'static str;
    /// In bodies.
    const SINGULAR: &'static str;
    /// In paths.
    const PATH: &'static str;

    /// One to be made.
    type Create: Serialize + Send + Sync;
    /// What changes about one.
    type Change: Serialize + Default + PartialEq + Send + Sync;

    /// Its id.
    fn id(&self) -> &str;

    /// Its name, or what else people know it by.
    fn name(&self) -> Option<&str>;

    /// The project it belongs to; empty where the server does not say.
    fn project_id(&self) -> &str;

    /// Other projects may use it.
    fn is_for_all(&self) -> bool {
        false
    }

    /// The name that one to be made will have.
    fn name_of(body: &Self::Create) -> Option<&str>;
}

impl Client {
    /// Makes one. Never sent twice: names are not unique, and a second one would be made.
    pub async fn networking_create<T: Noun>(&self, body: &T::Create) -> Result<T, Error> {
        self.features().await?;
        let tried = match T::name_of(body) {
            Some(name) => format!("create {} {name}", T::NOUN),
            None => format!("create a {}", T::NOUN),
        };
        let call = Call::networking(tried, Method::POST, &[T::PATH]);
        self.one::<T>(call.body(&BTreeMap::from([(T::SINGULAR, body)])))
            .await
    }

    /// One by id; `None` when there is none, or none that the caller sees.
    pub async fn networking_find<T: Noun>(&self, id: &str) -> Result<Option<T>, Error> {
        self.features().await?;
        let tried = format!("read {} {id}", T::NOUN);
        let call = Call::networking(tried, Method::GET, &[T::PATH, id]);
        match self.one::<T>(call).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Those of the caller's project, and those that are for all, with these values of fields.
    pub async fn networking_list<T: Noun>(
        &self,
        fields: &[(&'static str, &str)],
    ) -> Result<Vec<T>, Error> {
        let project = &self.features().await?.project_id;
        let asked: Vec<String> = fields
            .iter()
            .map(|(field, value)| format!("{field} = {value}"))
            .collect();
        let tried = match asked.as_slice() {
            [] => format!("list {}s", T::NOUN),
            asked => format!("look for a {} with {}", T::NOUN, asked.join(", ")),
        };
        let call = Call::networking(tried, Method::GET, &[T::PATH]);
        let call = fields
            .iter()
            .fold(call, |call, (field, value)| call.query(field, *value));
        let mut found = self.call::<WrappedList<T>>(call).await?.inner;
        // An administrator's list holds those of every project. What belongs to nobody is the deployment's.
        found.retain(|one| {
            let of = one.project_id();
            of == project || of.chars().all(|digit| digit == '0') || one.is_for_all()
        });
        Ok(found)
    }

    /// Changes what is given, and nothing else.
    pub async fn networking_update<T: Noun>(
        &self,
        id: &str,
        change: &T::Change,
    ) -> Result<T, Error> {
        self.features().await?;
        let tried = format!("change {} {id}", T::NOUN);
        let call = Call::networking(tried, Method::PUT, &[T::PATH, id]);
        self.one::<T>(call.body(&BTreeMap::from([(T::SINGULAR, change)])))
            .await
    }

    /// Deletes one; whether there was one.
    pub async fn networking_delete<T: Noun>(&self, id: &str) -> Result<bool, Error> {
        self.features().await?;
        let tried = format!("delete {} {id}", T::NOUN);
        let call = Call::networking(tried, Method::DELETE, &[T::PATH, id]);
        match self.call_empty(call).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The subnets that a router has an interface on, sorted.
    pub async fn router_subnets(&self, router: &str) -> Result<Vec<String>, Error> {
        let ports: Vec<Port> = self
            .networking_list(&[
                ("device_id", router),
                ("device_owner", port::OWNER_ROUTER_INTERFACE),
            ])
            .await?;
        let fixed_ips = ports.into_iter().flat_map(|port| port.fixed_ips);
        let mut subnets: Vec<String> = fixed_ips.filter_map(|fixed| fixed.subnet_id).collect();
        subnets.sort_unstable();
        subnets.dedup();
        Ok(subnets)
    }

    /// Gives a router an interface on a subnet.
    pub async fn router_interface_add(&self, router: &str, subnet: &str) -> Result<(), Error> {
        let tried = format!("connect router {router} with subnet {subnet}");
        self.interface(tried, router, "add_router_interface", subnet)
            .await
    }

    /// Takes a router's interface on a subnet away; whether it had one.
    pub async fn router_interface_remove(&self, router: &str, subnet: &str) -> Result<bool, Error> {
        let tried = format!("take router {router} off subnet {subnet}");
        let removed = self.interface(tried, router, "remove_router_interface", subnet);
        match removed.await {
            Ok(()) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn interface(
        &self,
        tried: String,
        router: &str,
        verb: &str,
        subnet: &str,
    ) -> Result<(), Error> {
        self.features().await?;
        let call = Call::networking(tried, Method::PUT, &[Router::PATH, router, verb]);
        self.call_empty(call.body(&json!({ "subnet_id": subnet })))
            .await
    }

    /// The one object of an answer.
    async fn one<T: Noun>(&self, call: Call) -> Result<T, Error> {
        self.call::<Wrapped<T>>(call)
            .await
            .map(|wrapped| wrapped.inner)
    }
}

/// The one object of a body, whatever it is called there.
#[derive(Deserialize)]
struct Wrapped<T> {
    #[serde(
        alias = "network",
        alias = "subnet",
        alias = "port",
        alias = "security_group",
        alias = "security_group_rule",
        alias = "router",
        alias = "floatingip"
    )]
    inner: T,
}

/// The list of a body, beside which there may be links to more.
#[derive(Deserialize)]
struct WrappedList<T> {
    #[serde(
        alias = "networks",
        alias = "subnets",
        alias = "ports",
        alias = "security_groups",
        alias = "security_group_rules",
        alias = "routers",
        alias = "floatingips"
    )]
    inner: Vec<T>,
}

#[cfg(test)]
mod tests;
