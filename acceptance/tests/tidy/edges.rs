//! Which package may depend on which: the wall that `Cargo.toml` is. Dependencies of tests alone are not held to it.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::{none, tree};

/// The packages of ours that a package may depend on, beside those that it may not.
const OURS: [(&str, &[&str]); 17] = [
    ("zun-domain", &[]),
    ("zun-scheduler", &["zun-domain"]),
    ("zun-planner", &["zun-domain"]),
    ("zun-driver", &["zun-domain"]),
    ("zun-sandbox", &[]),
    (
        "zun-driver-docker",
        &["zun-driver", "zun-domain", "zun-sandbox"],
    ),
    ("zun-driver-local", &["zun-driver", "zun-domain"]),
    ("zun-driver-nft", &["zun-driver", "zun-domain"]),
    ("zun-store", &["zun-domain"]),
    (
        "zun-engine",
        &[
            "zun-scheduler",
            "zun-planner",
            "zun-driver",
            "zun-store",
            "zun-domain",
        ],
    ),
    ("zun-api-types", &["zun-domain"]),
    ("zun-api", &["zun-engine", "zun-api-types", "zun-domain"]),
    (
        "zund",
        &[
            "zun-api",
            "zun-api-types",
            "zun-engine",
            "zun-store",
            "zun-driver",
            "zun-driver-docker",
            "zun-driver-local",
            "zun-driver-nft",
            "zun-scheduler",
            "zun-domain",
        ],
    ),
    ("zun-client", &["zun-api-types", "zun-domain"]),
    ("tfplugin-rs", &[]),
    (
        "terraform-provider-zun",
        &["tfplugin-rs", "zun-client", "zun-api-types", "zun-domain"],
    ),
    // The scheduler, because the bench asks it to place on 10,000 hosts.
    (
        "zun-acceptance",
        &["zun-api-types", "zun-client", "zun-scheduler", "zun-domain"],
    ),
];

/// Libraries that only these packages may name.
const RESERVED: [(&str, &[&str]); 2] = [
    ("sqlx", &["zun-store"]),
    // The acceptance tests look at Docker past our own code.
    ("bollard", &["zun-driver-docker", "zun-acceptance"]),
];

/// Packages that decide and never do: no runtime, no network, no database.
const PURE: [&str; 3] = ["zun-domain", "zun-scheduler", "zun-planner"];
const IMPURE: [&str; 9] = [
    "tokio",
    "tokio-util",
    "sqlx",
    "bollard",
    "axum",
    "reqwest",
    "tonic",
    "async-trait",
    "futures",
];

/// A member of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its folder, below the top folder.
    pub(crate) folder: String,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One entry of its `Cargo.toml`.
pub(crate) struct Dependency {
    pub(crate) name: String,
    for_tests: bool,
}

impl Package {
    pub(crate) fn depends_on(&self, name: &str) -> bool {
        self.dependencies
            .iter()
            .any(|dependency| dependency.name == name)
    }

    /// Whether the file is this package's own, not that of a package below its folder.
    pub(crate) fn owns(&self, path: &str, all: &[Package]) -> bool {
        let owner = all
            .iter()
            .filter(|package| path.starts_with(&format!("{}/", package.folder)))
            .max_by_key(|package| package.folder.len());
        owner.is_some_and(|owner| owner.name == self.name)
    }
}

/// The members, as cargo sees them.
pub(crate) fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(tree::root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let listed = metadata["packages"].as_array().unwrap();
    listed.iter().map(package).collect()
}

fn package(metadata: &Value) -> Package {
    let manifest = PathBuf::from(metadata["manifest_path"].as_str().unwrap());
    let folder = manifest
        .parent()
        .unwrap()
        .strip_prefix(tree::root())
        .unwrap();
    Package {
        name: metadata["name"].as_str().unwrap().to_owned(),
        folder: folder.to_string_lossy().into_owned(),
        dependencies: metadata["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|dependency| Dependency {
                name: dependency["name"].as_str().unwrap().to_owned(),
                for_tests: dependency["kind"] == "dev",
            })
            .collect(),
    }
}

fn check(packages: &[Package]) -> Vec<String> {
    packages
        .iter()
        .flat_map(|package| {
            let Some((_, may)) = OURS.iter().find(|(name, _)| *name == package.name) else {
                return vec![format!(
                    "{}: is not in the list; add it to tidy/edges.rs",
                    package.name
                )];
            };
            package
                .dependencies
                .iter()
                .filter(|dependency| !dependency.for_tests)
                .filter_map(|dependency| refused(&package.name, &dependency.name, may))
                .collect()
        })
        .collect()
}

fn refused(package: &str, dependency: &str, may: &[&str]) -> Option<String> {
    let is_ours = OURS.iter().any(|(name, _)| *name == dependency);
    if is_ours && !may.contains(&dependency) {
        return Some(format!("{package} -> {dependency}: points the wrong way"));
    }
    if PURE.contains(&package) && IMPURE.contains(&dependency) {
        return Some(format!(
            "{package} -> {dependency}: this package only decides"
        ));
    }
    let keepers = RESERVED
        .iter()
        .find(|(library, _)| *library == dependency)?
        .1;
    (!keepers.contains(&package))
        .then(|| format!("{package} -> {dependency}: only {} may", keepers.join(", ")))
}

#[test]
fn dependencies_point_down() {
    none(&check(&packages()));
}

#[test]
fn every_entry_of_the_list_is_a_package() {
    let packages = packages();
    let gone: Vec<String> = OURS
        .iter()
        .filter(|(name, _)| !packages.iter().any(|package| package.name == *name))
        .map(|(name, _)| format!("{name}: is no package; take it out of tidy/edges.rs"))
        .collect();
    none(&gone);
}

#[test]
fn each_wall_stands() {
    let forbidden = [
        ("zun-domain", "tokio"),
        ("zun-scheduler", "sqlx"),
        ("zun-planner", "reqwest"),
        ("zun-engine", "sqlx"),
        ("zund", "bollard"),
        ("zun-api", "zun-store"),
        ("zun-api", "zun-driver"),
        ("zun-driver-docker", "zun-store"),
        ("terraform-provider-zun", "zun-engine"),
        ("tfplugin-rs", "zun-domain"),
        ("left-pad", "serde"),
    ];
    for (package, dependency) in forbidden {
        assert_eq!(
            check(&[depending(package, dependency, false)]).len(),
            1,
            "{package} -> {dependency}"
        );
    }
}

#[test]
fn tests_may_reach_further() {
    assert!(check(&[depending("zun-planner", "tokio", true)]).is_empty());
    assert!(check(&[depending("zun-store", "sqlx", false)]).is_empty());
}

fn depending(package: &str, dependency: &str, for_tests: bool) -> Package {
    Package {
        name: package.to_owned(),
        folder: package.to_owned(),
        dependencies: vec![Dependency {
            name: dependency.to_owned(),
            for_tests,
        }],
    }
}
