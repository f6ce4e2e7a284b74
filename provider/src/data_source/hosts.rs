//! `data "zun_hosts"`: the machines that run containers. Administrators only.

use tfplugin::{
    Attribute, Context, DataResponse, DataSource, Diagnostics, Fields, Schema, Type, Value,
    async_trait,
};
use zun_client::Host;

use crate::report::failed;
use crate::session::Session;

/// The data source.
pub(super) struct HostsData;

fn fields() -> Fields {
    let text = |text: &str| Attribute::string().computed().description(text);
    let number = |text: &str| Attribute::number().computed().description(text);
    Fields::new()
        .attribute("id", text("The uuid."))
        .attribute("hostname", text("Its name."))
        .attribute("cpus", number("Cores."))
        .attribute("cpu_used", number("Cores that containers have."))
        .attribute("memory", number("Memory, in MiB."))
        .attribute(
            "memory_used",
            number("Memory that containers have, in MiB."),
        )
        .attribute("disk", number("Disk, in GiB."))
        .attribute("disk_used", number("Disk that containers have, in GiB."))
        .attribute("containers", number("Containers on it."))
        .attribute("architecture", text("Such as `x86_64`."))
        .attribute("os_type", text("Such as `linux`."))
        .attribute("os", text("Its operating system."))
        .attribute("kernel_version", text("Version of its kernel."))
        .attribute(
            "labels",
            Attribute::map(Type::String)
                .computed()
                .description("Its labels."),
        )
        .attribute(
            "runtimes",
            Attribute::list(Type::String)
                .computed()
                .description("Its OCI runtimes."),
        )
}

fn value_of(host: &Host) -> Value {
    let mut value = Value::object([("id", Value::string(&host.uuid))]);
    value.set("hostname", host.hostname.as_str());
    value.set("cpus", host.cpus);
    value.set("cpu_used", host.cpu_used);
    value.set("memory", host.mem_total);
    value.set("memory_used", host.mem_used);
    value.set("disk", host.disk_total);
    value.set("disk_used", host.disk_used);
    value.set("containers", host.total_containers);
    value.set("architecture", &host.architecture);
    value.set("os_type", &host.os_type);
    value.set("os", &host.os);
    value.set("kernel_version", &host.kernel_version);
    value.set("labels", &host.labels);
    value.set("runtimes", &host.runtimes);
    value
}

#[async_trait]
impl DataSource<Session> for HostsData {
    fn type_name(&self) -> &'static str {
        "zun_hosts"
    }

    fn schema(&self) -> Schema {
        Schema::new()
            .description("The hosts that run containers. Needs the rights of an administrator.")
            .attribute(
                "hosts",
                Attribute::list_nested(fields())
                    .computed()
                    .description("The hosts."),
            )
    }

    async fn read(
        &self,
        context: &Context<Session>,
        _: Value,
        response: &mut DataResponse,
    ) -> Result<(), Diagnostics> {
        let session = context.client()?;
        let hosts = session.client.host_list().await;
        let hosts = hosts.map_err(|error| failed(&error))?;
        let mut hosts: Vec<&Host> = hosts.iter().collect();
        hosts.sort_by(|a, b| a.hostname.cmp(&b.hostname));
        let values = hosts.into_iter().map(value_of).collect();
        response.set("hosts", Value::List(values));
        Ok(())
    }
}
