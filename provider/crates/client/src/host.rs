//! Hosts, as the container API `/v1` shows them to administrators.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;

use crate::client::{Call, Client};
use crate::error::Error;

/// A machine that runs containers. Memory in MiB, disk in GiB.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Host {
    /// Identity.
    pub uuid: String,
    /// Its name.
    pub hostname: String,
    /// Memory.
    pub mem_total: i64,
    /// Memory that containers have.
    pub mem_used: i64,
    /// Cores.
    pub cpus: i64,
    /// Cores that containers have.
    pub cpu_used: f64,
    /// Disk.
    pub disk_total: i64,
    /// Disk that containers have.
    pub disk_used: i64,
    /// Containers on it.
    #[serde(default)]
    pub total_containers: Option<i64>,
    /// Such as `x86_64`.
    #[serde(default)]
    pub architecture: Option<String>,
    /// Such as `linux`.
    #[serde(default)]
    pub os_type: Option<String>,
    /// Such as `Debian GNU/Linux 12`.
    #[serde(default)]
    pub os: Option<String>,
    /// Version of the kernel.
    #[serde(default)]
    pub kernel_version: Option<String>,
    /// Labels.
    #[serde(default)]
    pub labels: Option<BTreeMap<String, String>>,
    /// OCI runtimes.
    #[serde(default)]
    pub runtimes: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct HostPage {
    hosts: Vec<Host>,
    #[serde(default)]
    next: Option<String>,
}

/// The microversion that shows all of [`Host`].
const MICROVERSION: &str = "container 1.40";

impl Client {
    /// Every host. Administrators only.
    pub async fn host_list(&self) -> Result<Vec<Host>, Error> {
        let mut all: Vec<Host> = Vec::new();
        loop {
            let mut call = Call::container_api("list hosts", Method::GET, &["hosts"])
                .header("openstack-api-version", MICROVERSION);
            if let Some(last) = all.last() {
                call = call.query("marker", &last.uuid);
            }
            let page: HostPage = self.call(call).await?;
            let more = page.next.is_some() && !page.hosts.is_empty();
            all.extend(page.hosts);
            if !more {
                return Ok(all);
            }
        }
    }
}
