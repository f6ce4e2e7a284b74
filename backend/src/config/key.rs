//! One entry per setting: its names, what it means, what it takes, and how it is read and shown.

use std::fmt;

use zun_engine::settings::DiskMode;

use super::{Config, parse};

/// What containers run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runtime {
    /// The Docker Engine of this machine.
    Docker,
    /// Nothing: containers are only pretended, to try the API.
    Fake,
}

/// What decides which packets pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Firewall {
    /// The kernel's packet filter.
    Nftables,
    /// Nothing: everything passes.
    None,
}

/// What keeps the data of volumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VolumeDriverName {
    /// Images behind loop devices.
    Local,
    /// Plain directories.
    Directory,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// Lines for people.
    Text,
    /// An object per line.
    Json,
}

/// One setting.
pub(crate) struct Key {
    /// In the file; a dot is a table.
    pub(crate) name: &'static str,
    /// In the environment.
    pub(crate) env: &'static str,
    /// On the command line, without the dashes.
    pub(crate) flag: &'static str,
    /// What stands for the value in the help.
    pub(crate) value: &'static str,
    /// What it means.
    pub(crate) help: &'static str,
    /// What it takes, as a clause.
    pub(crate) accepted: &'static str,
    /// May hold a password.
    pub(crate) secret: bool,
    /// Reads a text into the configuration; `None` is a refusal.
    pub(crate) set: fn(&mut Config, &str) -> Option<()>,
    /// The value as TOML; `None` where it is not set.
    pub(crate) get: fn(&Config) -> Option<String>,
}

impl Key {
    /// The sentence for a value that is refused. What may be a password is not repeated.
    pub(crate) fn refusal(&self, text: &str) -> String {
        if self.secret {
            return format!(
                "the value of {} is not valid: it takes {}",
                self.name, self.accepted
            );
        }
        let shown: String = text.chars().take(80).collect();
        format!(
            "{} {shown:?} is not valid: it takes {}",
            self.name, self.accepted
        )
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the value of a setting may be absent, this one never is"
)]
fn quoted(value: impl fmt::Display) -> Option<String> {
    Some(toml::Value::String(value.to_string()).to_string())
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the value of a setting may be absent, this one never is"
)]
fn bare(value: impl fmt::Display) -> Option<String> {
    Some(value.to_string())
}

macro_rules! keys {
    ($($name:literal $env:literal $flag:literal $value:literal, $help:literal, $accepted:literal,
        $secret:literal, |$config:ident, $text:ident| $set:expr, $get:expr;)*) => {
        &[$(Key {
            name: $name,
            env: $env,
            flag: $flag,
            value: $value,
            help: $help,
            accepted: $accepted,
            secret: $secret,
            set: |$config, $text| { $set; Some(()) },
            get: |$config| $get,
        }),*]
    };
}

/// Every setting, in the order in which they are shown: those without a table first.
pub(crate) const KEYS: &[Key] = keys! {
    "listen" "ZUND_LISTEN" "listen" "ADDRESS:PORT",
        "Where to listen; port 0 takes a free one", "an address and a port, such as 127.0.0.1:9517", false,
        |c, t| c.listen = t.trim().parse().ok()?, quoted(c.listen);
    "public_url" "ZUND_PUBLIC_URL" "public-url" "URL",
        "How clients reach this server, where that is not where it listens", "a URL such as https://zun.example:9517", false,
        |c, t| c.public_url = Some(parse::url(t)?), c.public_url.as_ref().and_then(quoted);
    "data_dir" "ZUND_DATA_DIR" "data-dir" "DIR",
        "Where everything is kept that has to last", "a path", false,
        |c, t| c.data_dir = parse::any_path(t)?, quoted(c.data_dir.display());
    "database" "ZUND_DATABASE" "database" "URL",
        "The database; the file zun.db in the data directory where none is given",
        "sqlite:///absolute/path or postgres://user:password@host/name", true,
        |c, t| c.database = Some(parse::database(t)?), c.database.as_ref().and_then(quoted);
    "insecure" "ZUND_INSECURE" "insecure" "BOOL",
        "Listen without TLS on an address that other machines can reach", "true or false", false,
        |c, t| c.insecure = parse::switch(t)?, bare(c.insecure);
    "runtime" "ZUND_RUNTIME" "runtime" "RUNTIME",
        "What containers run on; fake only pretends, to try the API", "docker or fake", false,
        |c, t| c.runtime = runtime(t)?, quoted(runtime_name(c.runtime));
    "firewall" "ZUND_FIREWALL" "firewall" "FIREWALL",
        "What holds security groups; without one every container and this host reach each other", "nftables or none", false,
        |c, t| c.firewall = firewall(t)?, quoted(firewall_name(c.firewall));
    "volume_driver" "ZUND_VOLUME_DRIVER" "volume-driver" "DRIVER",
        "What keeps the data of volumes: images of a fixed size behind loop devices, or plain directories, which enforce no size",
        "local or directory", false,
        |c, t| c.volume_driver = volume_driver(t)?, quoted(volume_driver_name(c.volume_driver));
    "volume_overcommit" "ZUND_VOLUME_OVERCOMMIT" "volume-overcommit" "FACTOR",
        "How many times the space for volumes and snapshots may be given away", "a number from 0.1 to 1000", false,
        |c, t| c.engine.volume_overcommit = parse::factor(t)?, bare(c.engine.volume_overcommit);
    "image_max_gib" "ZUND_IMAGE_MAX_GIB" "image-max-gib" "GIB",
        "What the data of an image may have, as it is uploaded and unpacked", "a whole number from 1 to 1024", false,
        |c, t| c.engine.image_max_bytes = parse::number::<u64>(t, 1..=1024)? << 30, bare(c.engine.image_max_bytes >> 30);
    "region" "ZUND_REGION" "region" "NAME",
        "The region in the catalog of services", "a name without spaces", false,
        |c, t| c.region = parse::word(t)?, quoted(&c.region);
    "workers" "ZUND_WORKERS" "workers" "NUMBER",
        "Operations that are done at the same time", "a whole number from 1 to 256", false,
        |c, t| c.engine.workers = parse::number(t, 1..=256)?, bare(c.engine.workers);
    "reconcile_seconds" "ZUND_RECONCILE_SECONDS" "reconcile-seconds" "SECONDS",
        "Time between two looks at everything, beside the engine's events", "a whole number from 1 to 86400", false,
        |c, t| c.engine.reconcile_seconds = parse::number(t, 1..=86_400)?, bare(c.engine.reconcile_seconds);
    "wait_seconds" "ZUND_WAIT_SECONDS" "wait-seconds" "SECONDS",
        "How long an operation waits for a container to run or be healthy", "a whole number from 1 to 86400", false,
        |c, t| c.engine.wait_seconds = parse::number(t, 1..=86_400)?, bare(c.engine.wait_seconds);
    "keep_operations_days" "ZUND_KEEP_OPERATIONS_DAYS" "keep-operations-days" "DAYS",
        "How long operations that have ended are kept", "a whole number from 1 to 3650", false,
        |c, t| c.engine.keep_operations_days = parse::number(t, 1..=3650)?, bare(c.engine.keep_operations_days);
    "token_seconds" "ZUND_TOKEN_SECONDS" "token-seconds" "SECONDS",
        "How long a login is good for", "a whole number from 60 to 2592000", false,
        |c, t| c.token_seconds = parse::number(t, 60..=2_592_000)?, bare(c.token_seconds);
    "drain_seconds" "ZUND_DRAIN_SECONDS" "drain-seconds" "SECONDS",
        "How long requests and steps may take to end when zund is told to stop", "a whole number from 0 to 3600", false,
        |c, t| c.drain_seconds = parse::number(t, 0..=3600)?, bare(c.drain_seconds);
    "disk" "ZUND_DISK" "disk" "MODE",
        "What to do with a request for disk that the engine cannot enforce",
        "refuse, or account to count it without enforcing it", false,
        |c, t| c.engine.disk = disk(t)?, quoted(disk_name(c.engine.disk));
    "log" "ZUND_LOG" "log" "LEVEL",
        "What is logged", "error, warn, info, debug or trace, or directives such as info,zun_engine=debug", false,
        |c, t| c.log = directives(t)?, quoted(&c.log);
    "log_format" "ZUND_LOG_FORMAT" "log-format" "FORMAT",
        "How it is logged; auto is text on a terminal and JSON elsewhere", "auto, text or json", false,
        |c, t| c.log_format = log_format(t)?, quoted(log_format_name(c.log_format));
    "tls.certificate" "ZUND_TLS_CERTIFICATE" "tls-certificate" "FILE",
        "Certificate chain of this server, PEM", "a path", false,
        |c, t| c.tls_certificate = Some(parse::any_path(t)?),
        c.tls_certificate.as_ref().and_then(|path| quoted(path.display()));
    "tls.key" "ZUND_TLS_KEY" "tls-key" "FILE",
        "Its private key, PEM", "a path", false,
        |c, t| c.tls_key = Some(parse::any_path(t)?), c.tls_key.as_ref().and_then(|path| quoted(path.display()));
    "docker.socket" "ZUND_DOCKER_SOCKET" "docker-socket" "PATH",
        "Socket of the Docker Engine, /var/run/docker.sock where none is given", "an absolute path", false,
        |c, t| c.docker_socket = Some(parse::path(t)?), c.docker_socket.as_ref().and_then(|path| quoted(path.display()));
    "host.name" "ZUND_HOST_NAME" "host-name" "NAME",
        "Name of this machine in the API", "a name without spaces", false,
        |c, t| c.engine.host_name = parse::word(t)?, quoted(&c.engine.host_name);
    "host.zone" "ZUND_HOST_ZONE" "host-zone" "NAME",
        "Its availability zone", "a name without spaces", false,
        |c, t| c.engine.zone = parse::word(t)?, quoted(&c.engine.zone);
    "overcommit.cpu" "ZUND_OVERCOMMIT_CPU" "overcommit-cpu" "FACTOR",
        "How many times a core may be given away", "a number from 0.1 to 1000", false,
        |c, t| c.engine.overcommit.cpu = parse::factor(t)?, bare(c.engine.overcommit.cpu);
    "overcommit.memory" "ZUND_OVERCOMMIT_MEMORY" "overcommit-memory" "FACTOR",
        "The same for memory", "a number from 0.1 to 1000", false,
        |c, t| c.engine.overcommit.memory = parse::factor(t)?, bare(c.engine.overcommit.memory);
    "overcommit.disk" "ZUND_OVERCOMMIT_DISK" "overcommit-disk" "FACTOR",
        "The same for disk", "a number from 0.1 to 1000", false,
        |c, t| c.engine.overcommit.disk = parse::factor(t)?, bare(c.engine.overcommit.disk);
    "quota.containers" "ZUND_QUOTA_CONTAINERS" "quota-containers" "NUMBER",
        "Containers of a project without limits of its own", "a whole number, -1 for no limit", false,
        |c, t| c.engine.quota.containers = parse::limit(t)?, bare(c.engine.quota.containers);
    "quota.cpu" "ZUND_QUOTA_CPU" "quota-cpu" "CORES",
        "The same for cores", "a whole number, -1 for no limit", false,
        |c, t| c.engine.quota.cpu = parse::limit(t)?, bare(c.engine.quota.cpu);
    "quota.memory" "ZUND_QUOTA_MEMORY" "quota-memory" "MIB",
        "The same for memory, MiB", "a whole number, -1 for no limit", false,
        |c, t| c.engine.quota.memory = parse::limit(t)?, bare(c.engine.quota.memory);
    "quota.disk" "ZUND_QUOTA_DISK" "quota-disk" "GIB",
        "The same for disk, GiB", "a whole number, -1 for no limit", false,
        |c, t| c.engine.quota.disk = parse::limit(t)?, bare(c.engine.quota.disk);
    "network.pool" "ZUND_NETWORK_POOL" "network-pool" "NETWORK",
        "Where the networks of projects are cut from", "an IPv4 network from /8 to /24, such as 10.224.0.0/11", false,
        |c, t| c.engine.network_pool = parse::pool(t)?, quoted(c.engine.network_pool);
    "network.prefix" "ZUND_NETWORK_PREFIX" "network-prefix" "LENGTH",
        "Length of their prefix", "a whole number from 8 to 28", false,
        |c, t| c.engine.network_prefix = parse::number(t, 8..=28)?, bare(c.engine.network_prefix);
    "network.external" "ZUND_NETWORK_EXTERNAL" "network-external" "NETWORK",
        "Addresses of the outside that floating IPs and routers get", "an IPv4 network from /16 to /32 that leads to this host, such as 203.0.113.0/28", false,
        |c, t| c.engine.network_external = Some(parse::external(t)?), c.engine.network_external.map(|net| format!("\"{net}\""));
    "network.host_ports" "ZUND_NETWORK_HOST_PORTS" "network-host-ports" "FIRST-LAST",
        "Host ports that are picked where a request leaves them open", "two ports, such as 20000-29999", false,
        |c, t| c.engine.host_ports = parse::ports(t)?,
        quoted(format_args!("{}-{}", c.engine.host_ports.start(), c.engine.host_ports.end()));
    "image.insecure_registries" "ZUND_IMAGE_INSECURE_REGISTRIES" "image-insecure-registries" "HOSTS",
        "Registries that are asked without TLS; the Docker Engine has to allow them, too",
        "hosts, each with its port where it has one, such as 127.0.0.1:5000; a list in the file, elsewhere with commas", false,
        |c, t| c.insecure_registries = parse::registries(t)?,
        Some(format!("[{}]", c.insecure_registries.iter().map(|host| format!("\"{host}\"")).collect::<Vec<_>>().join(", ")));
    "image.collect_after_hours" "ZUND_IMAGE_COLLECT_AFTER_HOURS" "image-collect-after-hours" "HOURS",
        "How long an image that zund fetched stays when no container uses it; 0 is for ever", "a whole number from 0 to 87600", false,
        |c, t| c.engine.collect_images_after = parse::hours(t)?,
        bare(c.engine.collect_images_after.map_or(0, |after| after.as_secs() / 3600));
    "policy.privileged_projects" "ZUND_POLICY_PRIVILEGED_PROJECTS" "policy-privileged-projects" "IDS",
        "Projects whose containers may be privileged", "ids of projects, a list in the file, elsewhere with commas", false,
        |c, t| c.engine.exceptions.privileged = parse::projects(t)?,
        Some(format!("[{}]", c.engine.exceptions.privileged.iter().map(|id| format!("\"{id}\"")).collect::<Vec<_>>().join(", ")));
};

fn runtime(text: &str) -> Option<Runtime> {
    [Runtime::Docker, Runtime::Fake]
        .into_iter()
        .find(|runtime| runtime_name(*runtime) == text)
}

fn runtime_name(runtime: Runtime) -> &'static str {
    match runtime {
        Runtime::Docker => "docker",
        Runtime::Fake => "fake",
    }
}

fn firewall(text: &str) -> Option<Firewall> {
    [Firewall::Nftables, Firewall::None]
        .into_iter()
        .find(|firewall| firewall_name(*firewall) == text)
}

fn firewall_name(firewall: Firewall) -> &'static str {
    match firewall {
        Firewall::Nftables => "nftables",
        Firewall::None => "none",
    }
}

fn volume_driver(text: &str) -> Option<VolumeDriverName> {
    [VolumeDriverName::Local, VolumeDriverName::Directory]
        .into_iter()
        .find(|driver| volume_driver_name(*driver) == text)
}

fn volume_driver_name(driver: VolumeDriverName) -> &'static str {
    match driver {
        VolumeDriverName::Local => "local",
        VolumeDriverName::Directory => "directory",
    }
}

fn disk(text: &str) -> Option<DiskMode> {
    [DiskMode::Refuse, DiskMode::Account]
        .into_iter()
        .find(|mode| disk_name(*mode) == text)
}

fn disk_name(mode: DiskMode) -> &'static str {
    match mode {
        DiskMode::Refuse => "refuse",
        DiskMode::Account => "account",
    }
}

fn log_format(text: &str) -> Option<LogFormat> {
    [LogFormat::Auto, LogFormat::Text, LogFormat::Json]
        .into_iter()
        .find(|format| log_format_name(*format) == text)
}

fn log_format_name(format: LogFormat) -> &'static str {
    match format {
        LogFormat::Auto => "auto",
        LogFormat::Text => "text",
        LogFormat::Json => "json",
    }
}

/// Directives name a level each, so that a misspelt level is not taken for the name of a module.
fn directives(text: &str) -> Option<String> {
    let level = |text: &str| {
        text.parse::<tracing::level_filters::LevelFilter>().is_ok() && !text.is_empty()
    };
    let legal = text.split(',').all(|part| {
        let part = part.trim();
        level(part.rsplit('=').next().unwrap_or(part))
    });
    let parsed = tracing_subscriber::EnvFilter::try_new(text).is_ok();
    (legal && parsed).then(|| text.to_owned())
}

/// The name that was probably meant: at most a third of the letters differ.
pub(crate) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|known| (distance(name, known), known))
        .min()
        .filter(|(distance, known)| distance * 3 <= known.len())
        .map(|(_, known)| known)
}

/// How many letters have to be changed, added or removed.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (line, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, b) in other.chars().enumerate() {
            let above = row[column + 1];
            let change = diagonal + usize::from(a != b);
            row[column + 1] = change.min(above + 1).min(row[column] + 1);
            diagonal = above;
        }
    }
    row.last().copied().unwrap_or(0)
}
