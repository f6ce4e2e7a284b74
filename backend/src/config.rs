//! The configuration: flags, environment, one TOML file and defaults become one checked [`Config`].
//!
//! Every setting is one entry of [`key::KEYS`], with one parser for all its sources, so that a mistake
//! reads the same wherever it was made. A flag goes before the environment, that before the file, that
//! before the default. All mistakes are reported at once.

mod file;
pub(crate) mod key;
mod parse;
mod problem;
mod show;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches};
use zun_domain::registry::RegistryDomain;
use zun_engine::settings::Settings;

pub(crate) use key::{Firewall, LogFormat, Runtime, VolumeDriverName};
pub(crate) use problem::Problems;

/// Everything that can be chosen, checked.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: Option<String>,
    pub(crate) data_dir: PathBuf,
    /// May hold a password; `None` is the SQLite file in the data directory.
    pub(crate) database: Option<String>,
    pub(crate) tls_certificate: Option<PathBuf>,
    pub(crate) tls_key: Option<PathBuf>,
    pub(crate) insecure: bool,
    pub(crate) runtime: Runtime,
    /// What decides which packets pass.
    pub(crate) firewall: Firewall,
    pub(crate) volume_driver: VolumeDriverName,
    pub(crate) docker_socket: Option<PathBuf>,
    /// Registries that are asked without TLS.
    pub(crate) insecure_registries: BTreeSet<RegistryDomain>,
    pub(crate) region: String,
    pub(crate) token_seconds: u32,
    pub(crate) drain_seconds: u64,
    pub(crate) log: String,
    pub(crate) log_format: LogFormat,
    pub(crate) engine: Settings,
}

/// Where the value of a setting was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Default,
    File,
    Environment,
    Flag,
}

impl Source {
    fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Flag => "flag",
        }
    }
}

/// A configuration, and where each of its values comes from, in the order of [`key::KEYS`].
pub(crate) struct Loaded {
    pub(crate) config: Config,
    pub(crate) sources: Vec<Source>,
    /// The file that was read, if there was one.
    pub(crate) file: Option<PathBuf>,
}

/// What the machine says about itself, for defaults.
pub(crate) struct Surroundings {
    pub(crate) root: bool,
    pub(crate) home: Option<PathBuf>,
    pub(crate) state_home: Option<PathBuf>,
    pub(crate) config_home: Option<PathBuf>,
    pub(crate) host_name: String,
}

impl Surroundings {
    /// Asks the machine.
    pub(crate) fn ask() -> Self {
        let path = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let host_name = rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned();
        Self {
            root: rustix::process::geteuid().is_root(),
            home: path("HOME"),
            state_home: path("XDG_STATE_HOME"),
            config_home: path("XDG_CONFIG_HOME"),
            host_name,
        }
    }

    fn data_dir(&self) -> PathBuf {
        let below_home = || self.home.as_ref().map(|home| home.join(".local/state"));
        let state = self.state_home.clone().or_else(below_home);
        match state {
            Some(state) if !self.root => state.join("zund"),
            _ => PathBuf::from("/var/lib/zund"),
        }
    }

    fn config_file(&self) -> PathBuf {
        let below_home = || self.home.as_ref().map(|home| home.join(".config"));
        let config = self.config_home.clone().or_else(below_home);
        match config {
            Some(config) if !self.root => config.join("zund/zund.toml"),
            _ => PathBuf::from("/etc/zund/zund.toml"),
        }
    }

    fn defaults(&self) -> Config {
        let engine = Settings {
            host_name: self.host_name.clone(),
            ..Settings::default()
        };
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 9517)),
            public_url: None,
            data_dir: self.data_dir(),
            database: None,
            tls_certificate: None,
            tls_key: None,
            insecure: false,
            runtime: Runtime::Docker,
            firewall: Firewall::Nftables,
            volume_driver: VolumeDriverName::Local,
            docker_socket: None,
            insecure_registries: BTreeSet::new(),
            region: "RegionOne".to_owned(),
            token_seconds: 43_200,
            drain_seconds: 20,
            log: "info".to_owned(),
            log_format: LogFormat::Auto,
            engine,
        }
    }
}

/// The flags of every setting, for a command that needs the configuration.
pub(crate) fn args() -> Vec<Arg> {
    let file = Arg::new("config")
        .long("config")
        .env("ZUND_CONFIG")
        .hide_env_values(true)
        .value_name("FILE")
        .help("The configuration file [default: /etc/zund/zund.toml as root, else ~/.config/zund/zund.toml]");
    let keys = key::KEYS.iter().map(|key| {
        let arg = Arg::new(key.name)
            .long(key.flag)
            .env(key.env)
            .hide_env_values(true)
            .value_name(key.value)
            .help(key.help)
            .help_heading("Settings");
        if key.value == "BOOL" {
            arg.num_args(0..=1).default_missing_value("true")
        } else {
            arg.allow_hyphen_values(true)
        }
    });
    std::iter::once(file).chain(keys).collect()
}

/// Reads all sources. `file` goes before the one that the flags name.
pub(crate) fn load(
    matches: &ArgMatches,
    file: Option<&Path>,
    around: &Surroundings,
) -> Result<Loaded, Problems> {
    let mut problems = Problems::default();
    let mut config = around.defaults();
    let mut sources = vec![Source::Default; key::KEYS.len()];
    let asked = file.map(Path::to_path_buf).or_else(|| {
        matches
            .get_one::<String>("config")
            .filter(|text| !text.is_empty())
            .map(PathBuf::from)
    });
    let path = asked.clone().unwrap_or_else(|| around.config_file());
    let file = match std::fs::read_to_string(&path) {
        Ok(text) => {
            file::apply(&path, &text, &mut config, &mut sources, &mut problems);
            Some(path)
        }
        Err(error) if asked.is_none() && error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            problems.add(path.display(), format!("cannot be read: {error}"));
            None
        }
    };
    apply_matches(matches, &mut config, &mut sources, &mut problems);
    check_together(&config, &mut problems);
    if problems.is_empty() {
        Ok(Loaded {
            config,
            sources,
            file,
        })
    } else {
        Err(problems)
    }
}

fn apply_matches(
    matches: &ArgMatches,
    config: &mut Config,
    sources: &mut [Source],
    problems: &mut Problems,
) {
    for (key, source) in key::KEYS.iter().zip(sources) {
        let Some(text) = matches.get_one::<String>(key.name) else {
            continue;
        };
        let (place, found) = match matches.value_source(key.name) {
            Some(ValueSource::EnvVariable) if text.is_empty() => continue,
            Some(ValueSource::EnvVariable) => (key.env.to_owned(), Source::Environment),
            _ => (format!("--{}", key.flag), Source::Flag),
        };
        match (key.set)(config, text) {
            Some(()) => *source = found,
            None => problems.add(place, key.refusal(text)),
        }
    }
}

/// What only two settings together can get wrong.
fn check_together(config: &Config, problems: &mut Problems) {
    let (given, missing) = match (&config.tls_certificate, &config.tls_key) {
        (Some(_), None) => ("tls.certificate", "tls.key"),
        (None, Some(_)) => ("tls.key", "tls.certificate"),
        _ => ("", ""),
    };
    if !given.is_empty() {
        problems.add(given, format!("is given without {missing}; TLS takes both"));
    }
    let tls = config.tls_certificate.is_some() && config.tls_key.is_some();
    if !config.listen.ip().is_loopback() && !tls && !config.insecure {
        problems.add(
            "listen",
            format!(
                "{} can be reached from other machines, and passwords would travel unencrypted: give \
                 tls.certificate and tls.key, or listen on 127.0.0.1, or say insecure = true where a \
                 proxy in front of zund speaks TLS",
                config.listen
            ),
        );
    }
    let pool = config.engine.network_pool.prefix_len();
    if config.engine.network_prefix < pool {
        problems.add(
            "network.prefix",
            format!(
                "/{} is larger than the pool {}: give a number from {pool} to 28",
                config.engine.network_prefix, config.engine.network_pool
            ),
        );
    }
}

/// Environment variables that look like settings and are none: likely misspelt.
pub(crate) fn strangers(names: impl Iterator<Item = String>) -> Vec<String> {
    names
        .filter(|name| name.starts_with("ZUND_") && name != "ZUND_CONFIG")
        .filter(|name| key::KEYS.iter().all(|key| key.env != name))
        .map(
            |name| match key::nearest(&name, key::KEYS.iter().map(|key| key.env)) {
                Some(near) => {
                    format!("{name} in the environment is no setting; did you mean {near}?")
                }
                None => format!("{name} in the environment is no setting"),
            },
        )
        .collect()
}
