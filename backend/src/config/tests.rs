//! Precedence, and the text of each mistake.

use clap::Command;

use super::*;

fn around(dir: &Path) -> Surroundings {
    Surroundings {
        root: false,
        home: Some(dir.to_path_buf()),
        state_home: None,
        config_home: None,
        host_name: "box".to_owned(),
    }
}

/// Loads a file of that text with those flags. The environment is left out: a test cannot set it without
/// setting it for all; the tests of the program do.
fn loaded(text: &str, flags: &[&str]) -> Result<Loaded, String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("zund.toml");
    std::fs::write(&file, text).unwrap();
    let args = args().into_iter().map(|arg| arg.env(None));
    let words = ["zund"].iter().chain(flags);
    let matches = Command::new("zund").args(args).get_matches_from(words);
    load(&matches, Some(&file), &around(dir.path())).map_err(|problems| {
        problems
            .to_string()
            .replace(&format!("{}/", dir.path().display()), "")
    })
}

fn mistakes(text: &str, flags: &[&str]) -> String {
    loaded(text, flags)
        .err()
        .unwrap_or_else(|| "no mistake was found".to_owned())
}

#[test]
fn names_follow_from_each_other() {
    for key in key::KEYS {
        let plain = key.name.replace('.', "_");
        assert_eq!(key.env, format!("ZUND_{}", plain.to_uppercase()));
        assert_eq!(key.flag, plain.replace('_', "-"));
    }
}

#[test]
fn a_flag_goes_before_the_file_and_that_before_the_default() {
    let file = "listen = '127.0.0.1:1'\nworkers = 3\n[quota]\ncpu = -1\n";
    let loaded = loaded(file, &["--listen", "127.0.0.1:2", "--insecure"])
        .ok()
        .unwrap();
    assert_eq!(loaded.config.listen.port(), 2);
    assert_eq!(loaded.config.engine.workers, 3);
    assert_eq!(loaded.config.engine.quota.cpu, -1);
    assert_eq!(loaded.config.engine.quota.memory, 51_200);
    assert!(loaded.config.insecure);
    assert!(loaded.config.data_dir.ends_with(".local/state/zund"));
    let source = |name: &str| {
        let index = key::KEYS.iter().position(|key| key.name == name).unwrap();
        loaded.sources[index]
    };
    assert_eq!(source("listen"), Source::Flag);
    assert_eq!(source("workers"), Source::File);
    assert_eq!(source("quota.memory"), Source::Default);
}

#[test]
fn what_is_shown_can_be_read_again() {
    let given = "database = 'postgres://zund:hunter2@db/zund'\n[policy]\nprivileged_projects = ['00000000-0000-0000-0000-000000000007']\n[network]\nhost_ports = '20000-20010'\n[image]\ninsecure_registries = ['127.0.0.1:5000', 'r.example']\ncollect_after_hours = 48\n";
    let shown = loaded(given, &[]).ok().unwrap().show();
    assert!(!shown.contains("hunter2"), "{shown}");
    let again = loaded(&shown, &[])
        .map_err(|error| panic!("{error}"))
        .ok()
        .unwrap();
    assert_eq!(again.config.engine.host_ports, 20_000..=20_010);
    assert_eq!(again.config.engine.exceptions.privileged.len(), 1);
    assert_eq!(again.config.insecure_registries.len(), 2);
    let after = again.config.engine.collect_images_after.unwrap();
    assert_eq!(after.as_secs(), 48 * 3600);
    for key in key::KEYS {
        assert!(shown.contains(key.env), "{}", key.env);
    }
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let file = "\
listne = '127.0.0.1:1'
workers = 'many'
runtime = 'podman'
colour = 1
disk = 2026-01-01
database = 'mysql://root:hunter2@db'
log = 'loud'

[network]
pool = '10.224.0.1/11'
host_ports = '9-1'

[listen]
port = 1
";
    insta::assert_snapshot!(mistakes(file, &["--token-seconds", "5", "--tls-key", "k.pem"]), @r#"
zund.toml:1:1: listne is no setting; did you mean listen?
zund.toml:2:11: workers "many" is not valid: it takes a whole number from 1 to 256
zund.toml:3:11: runtime "podman" is not valid: it takes docker or fake
zund.toml:4:1: colour is no setting; there are listen, public_url, data_dir, database, insecure, runtime, firewall, volume_driver, volume_overcommit, image_max_gib, region, workers, reconcile_seconds, wait_seconds, keep_operations_days, token_seconds, drain_seconds, disk, log, log_format, tls.certificate, tls.key, docker.socket, host.name, host.zone, overcommit.cpu, overcommit.memory, overcommit.disk, quota.containers, quota.cpu, quota.memory, quota.disk, network.pool, network.prefix, network.external, network.host_ports, image.insecure_registries, image.collect_after_hours, policy.privileged_projects
zund.toml:5:8: disk "2026-01-01" is not valid: it takes refuse, or account to count it without enforcing it
zund.toml:6:12: the value of database is not valid: it takes sqlite:///absolute/path or postgres://user:password@host/name
zund.toml:7:7: log "loud" is not valid: it takes error, warn, info, debug or trace, or directives such as info,zun_engine=debug
zund.toml:10:8: network.pool "10.224.0.1/11" is not valid: it takes an IPv4 network from /8 to /24, such as 10.224.0.0/11
zund.toml:11:14: network.host_ports "9-1" is not valid: it takes two ports, such as 20000-29999
zund.toml:13:1: listen is a table here; it takes an address and a port, such as 127.0.0.1:9517
--token-seconds: token_seconds "5" is not valid: it takes a whole number from 60 to 2592000
tls.key: is given without tls.certificate; TLS takes both
"#);
}

#[test]
fn a_file_that_is_no_toml_is_a_mistake_with_a_place() {
    insta::assert_snapshot!(mistakes("listen = \n", &[]), @"zund.toml:1:10: string values must be quoted, expected literal string");
    insta::assert_snapshot!(mistakes("workers = 1\nworkers = 2\n", &[]), @"zund.toml:2:1: duplicate key");
}

#[test]
fn what_does_not_fit_together_is_refused() {
    insta::assert_snapshot!(mistakes("listen = '0.0.0.0:9517'", &[]), @"listen: 0.0.0.0:9517 can be reached from other machines, and passwords would travel unencrypted: give tls.certificate and tls.key, or listen on 127.0.0.1, or say insecure = true where a proxy in front of zund speaks TLS");
    insta::assert_snapshot!(mistakes("tls.certificate = '/a.pem'", &[]), @"tls.certificate: is given without tls.key; TLS takes both");
    insta::assert_snapshot!(mistakes("network.pool = '10.0.0.0/22'\nnetwork.prefix = 20", &[]), @"network.prefix: /20 is larger than the pool 10.0.0.0/22: give a number from 22 to 28");
    let tls = "listen = '0.0.0.0:9517'\ntls.certificate = '/a.pem'\ntls.key = '/b.pem'";
    assert!(loaded(tls, &[]).is_ok());
    assert!(loaded("listen = '0.0.0.0:9517'\ninsecure = true", &[]).is_ok());
}

#[test]
fn a_file_that_was_asked_for_has_to_be_there() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing.toml");
    let args = args().into_iter().map(|arg| arg.env(None));
    let matches = Command::new("zund").args(args).get_matches_from(["zund"]);
    let problems = load(&matches, Some(&missing), &around(dir.path()));
    let text = problems.err().unwrap().to_string();
    assert!(
        text.starts_with(&format!("{}: cannot be read:", missing.display())),
        "{text}"
    );
}

#[test]
fn misspelt_variables_are_noticed() {
    let names = [
        "ZUND_LISTNE",
        "ZUND_LISTEN",
        "ZUND_CONFIG",
        "HOME",
        "ZUND_XYZZY_PLUGH",
    ];
    let found = strangers(names.iter().map(|name| (*name).to_owned()));
    insta::assert_snapshot!(found.join("\n"), @r#"
ZUND_LISTNE in the environment is no setting; did you mean ZUND_LISTEN?
ZUND_XYZZY_PLUGH in the environment is no setting
"#);
}

#[test]
fn images_stay_for_ever_unless_hours_are_given() {
    let after = |text: &str| {
        let loaded = loaded(text, &[]).ok().unwrap();
        loaded.config.engine.collect_images_after
    };
    assert_eq!(after(""), None);
    assert_eq!(after("image.collect_after_hours = 0"), None);
    assert_eq!(
        after("image.collect_after_hours = 1").unwrap().as_secs(),
        3600
    );
    let shown = mistakes("[image]\ninsecure_registries = ['http://r.example']\n", &[]);
    assert!(shown.contains("hosts, each with its port"), "{shown}");
}
