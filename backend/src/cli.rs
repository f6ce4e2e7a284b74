//! The command line.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Arg, ArgMatches, Command, value_parser};
use zun_engine::identity::ADMIN;

use crate::config::{self, Loaded, Surroundings};
use crate::{admin, firewall, operations, serve, telemetry};

const EXAMPLES: &str = "\
Examples:
  zund serve                                     start, on 127.0.0.1:9517, with Docker
  zund serve --data-dir ./data --runtime fake    try the API without Docker
  zund serve --listen 0.0.0.0:9517 --tls-certificate zund.pem --tls-key zund.key
  zund config check /etc/zund/zund.toml          find mistakes before a restart
  zund config show > zund.toml                   every setting, with what it means
  zund operations --unconfirmed                  containers whose creator never learnt of them
  zund firewall restore --data-dir /var/lib/zund  the last rules in force, before Docker starts
  zund admin reset-password                      a new password of admin, into openrc and clouds.yaml

Every setting is a flag, an environment variable ZUND_* and a key of the file; a flag goes before the
environment, that before the file. After the first start: `. DIR/openrc`, then use any OpenStack client.";

fn command() -> Command {
    let file = Arg::new("file")
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
        .help("The file to look at, instead of the one that would be read");
    Command::new("zund")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Serves OpenStack Zun's REST API on top of Docker")
        .after_help(EXAMPLES)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("serve")
                .about("Serve until told to stop (SIGTERM or SIGINT); SIGHUP reads the certificate again")
                .args(config::args()),
        )
        .subcommand(
            Command::new("config")
                .about("Look at the configuration")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(
                    Command::new("check")
                        .about("Say what is wrong with it, with file, line and the accepted values")
                        .arg(file.clone())
                        .args(config::args()),
                )
                .subcommand(
                    Command::new("show")
                        .about("Print every setting with its value, as a file that can be edited")
                        .arg(file)
                        .args(config::args()),
                ),
        )
        .subcommand(
            Command::new("operations")
                .about("List operations, the newest first")
                .arg(
                    Arg::new("unconfirmed")
                        .long("unconfirmed")
                        .num_args(0)
                        .help("Only creates whose container is there and whose creator never learnt of it"),
                )
                .args(config::args()),
        )
        .subcommand(packet_filter())
        .subcommand(administration())
}

fn packet_filter() -> Command {
    Command::new("firewall")
        .about("The firewall's rules of this deployment, whether zund runs or not")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("restore")
                .about("Put the rules in force that zund had last; at boot, before Docker starts")
                .args(config::args()),
        )
        .subcommand(
            Command::new("clear")
                .about("Take them away: nothing is guarded until zund starts again")
                .args(config::args()),
        )
}

fn administration() -> Command {
    Command::new("admin")
        .about("Mend what locks everybody out; works on the database, whether zund runs or not")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("reset-password")
                .about("Give a user a new random password and end its logins")
                .arg(
                    Arg::new("user")
                        .long("user")
                        .value_name("NAME")
                        .default_value(ADMIN)
                        .help("Whose, in the domain Default; that of admin goes into openrc and clouds.yaml"),
                )
                .args(config::args()),
        )
}

/// Reads the command line and does what it says.
pub(crate) fn run() -> ExitCode {
    let matches = command().get_matches();
    let done = match matches.subcommand() {
        Some(("serve", matches)) => with_config(matches, |loaded| serve::run(&loaded)),
        Some(("operations", matches)) => {
            let unconfirmed = matches.get_flag("unconfirmed");
            with_config(matches, |loaded| {
                operations::list(&loaded.config, unconfirmed)
            })
        }
        Some(("firewall", matches)) => match matches.subcommand() {
            Some(("restore", matches)) => {
                with_config(matches, |loaded| firewall::restore(&loaded.config))
            }
            Some(("clear", matches)) => {
                with_config(matches, |loaded| firewall::clear(&loaded.config))
            }
            _ => Ok(ExitCode::from(2)),
        },
        Some(("admin", matches)) => match matches.subcommand() {
            Some(("reset-password", matches)) => with_config(matches, |loaded| {
                let user = matches.get_one::<String>("user");
                admin::reset_password(&loaded.config, user.map_or(ADMIN, String::as_str))
            }),
            _ => Ok(ExitCode::from(2)),
        },
        Some(("config", matches)) => match matches.subcommand() {
            Some(("show", matches)) => with_config(matches, |loaded| print(&loaded.show())),
            Some(("check", matches)) => with_config(matches, |loaded| check(&loaded)),
            _ => Ok(ExitCode::from(2)),
        },
        _ => Ok(ExitCode::from(2)),
    };
    done.unwrap_or_else(|error| {
        complain(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}

fn with_config(
    matches: &ArgMatches,
    work: impl FnOnce(Loaded) -> anyhow::Result<ExitCode>,
) -> anyhow::Result<ExitCode> {
    let file = matches.try_get_one::<PathBuf>("file").ok().flatten();
    match config::load(matches, file.map(PathBuf::as_path), &Surroundings::ask()) {
        Ok(loaded) => work(loaded),
        Err(problems) => {
            complain(&problems.to_string());
            Ok(ExitCode::from(2))
        }
    }
}

fn check(loaded: &Loaded) -> anyhow::Result<ExitCode> {
    for warning in telemetry::strangers() {
        complain(&format!("warning: {warning}"));
    }
    match &loaded.file {
        Some(file) => print(&format!("{} is right\n", file.display())),
        None => print("no file was read; flags, environment and defaults are right\n"),
    }
}

/// Writes to the standard output, where a pipe that was closed is an error like any other.
pub(crate) fn print(text: &str) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("cannot write to the standard output")?;
    Ok(ExitCode::SUCCESS)
}

fn complain(text: &str) {
    // Where even this cannot be written, the exit code has to do.
    let _ = writeln!(std::io::stderr(), "zund: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }
}
