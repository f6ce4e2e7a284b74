//! The libraries that come in, directly or through others, against `deny.toml`: their licences, those that must not come,
//! and those that come twice. The file is in the form that `cargo deny` reads, and needs no such tool here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::{none, tree};

/// A library in the build.
struct Library {
    name: String,
    version: String,
    /// As its author writes it, an SPDX expression; empty where there is none.
    licence: String,
}

/// What `deny.toml` says.
struct Rules {
    target: String,
    licences: BTreeSet<String>,
    banned: BTreeSet<String>,
    twice: BTreeSet<String>,
}

fn rules() -> Rules {
    let text = fs::read_to_string(tree::root().join("deny.toml")).unwrap();
    let file: toml::Table = text.parse().unwrap();
    let words = |list: &toml::Value| -> BTreeSet<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|entry| entry.get("crate").unwrap_or(entry))
            .map(|word| word.as_str().unwrap().to_owned())
            .collect()
    };
    Rules {
        target: file["graph"]["targets"][0].as_str().unwrap().to_owned(),
        licences: words(&file["licenses"]["allow"]),
        banned: words(&file["bans"]["deny"]),
        twice: words(&file["bans"]["skip"]),
    }
}

/// Everything that is built for the first target, ours left out.
fn libraries(target: &str) -> Vec<Library> {
    let arguments = ["metadata", "--offline", "--format-version", "1"];
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--filter-platform", target])
        .current_dir(tree::root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let built: BTreeSet<&str> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|node| node["id"].as_str())
        .collect();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let text = |package: &Value, key: &str| package[key].as_str().unwrap_or_default().to_owned();
    packages
        .filter(|package| {
            !package["source"].is_null() && built.contains(text(package, "id").as_str())
        })
        .map(|package| Library {
            name: text(package, "name"),
            version: text(package, "version"),
            licence: text(package, "license"),
        })
        .collect()
}

/// Whether an SPDX expression can be met with these licences alone. `/` is what some write for `OR`.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace(" WITH ", "\u{1}");
    let mut words = spaced.split_whitespace().peekable();
    either(&mut words, allowed) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn either(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = both(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= both(words, allowed);
    }
    met
}

fn both(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let met = either(words, allowed);
        return words.next_if_eq(&")").is_some() && met;
    }
    let word = words.next().unwrap_or_default();
    allowed.contains(&word.replace('\u{1}', " WITH "))
}

fn findings(libraries: &[Library], rules: &Rules) -> Vec<String> {
    let mut found = Vec::new();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for Library {
        name,
        version,
        licence,
    } in libraries
    {
        versions.entry(name).or_default().insert(version);
        if !is_met(licence, &rules.licences) {
            found.push(format!(
                "{name} {version}: its licence is {licence:?}; allow it in deny.toml, or do without: `cargo tree -i {name}`"
            ));
        }
        if rules.banned.contains(name) {
            found.push(format!(
                "{name}: must not come in; `cargo tree -i {name}` says why it does"
            ));
        }
    }
    for (name, versions) in &versions {
        if versions.len() > 1 && !rules.twice.contains(*name) {
            found.push(format!(
                "{name}: comes in as {versions:?}; bring them together, or name it in deny.toml: `cargo tree -d`"
            ));
        }
    }
    for name in &rules.twice {
        if versions
            .get(name.as_str())
            .is_none_or(|versions| versions.len() < 2)
        {
            found.push(format!(
                "deny.toml: {name} comes in once; take it out of `skip`"
            ));
        }
    }
    found
}

#[test]
fn libraries_are_what_deny_toml_allows() {
    let rules = rules();
    none(&findings(&libraries(&rules.target), &rules));
}

/// Those of other targets too, which are locked though not built here.
#[test]
fn banned_libraries_are_not_locked() {
    let lock = fs::read_to_string(tree::root().join("Cargo.lock")).unwrap();
    let findings: Vec<String> = rules()
        .banned
        .iter()
        .filter(|name| lock.contains(&format!("name = \"{name}\"")))
        .map(|name| format!("Cargo.lock: has `{name}`; `cargo tree -i {name}` says why"))
        .collect();
    none(&findings);
}

#[test]
fn no_version_is_left_open() {
    let manifest = fs::read_to_string(tree::root().join("Cargo.toml")).unwrap();
    assert!(!manifest.contains("= \"*\""), "Cargo.toml: name a version");
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"];
    let allowed = BTreeSet::from(allowed.map(str::to_owned));
    for (expression, met) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("(GPL-3.0 OR MIT) AND ISC", true),
        ("ISC AND (GPL-3.0 OR BSL-1.0)", false),
        ("GPL-3.0 OR Apache-2.0 WITH LLVM-exception", true),
        ("MIT ISC", false),
    ] {
        assert_eq!(is_met(expression, &allowed), met, "{expression}");
    }
}

#[test]
fn each_rule_has_its_finding() {
    let library = |name: &str, version: &str, licence: &str| Library {
        name: name.to_owned(),
        version: version.to_owned(),
        licence: licence.to_owned(),
    };
    let rules = Rules {
        target: String::new(),
        licences: BTreeSet::from(["MIT".to_owned()]),
        banned: BTreeSet::from(["native-tls".to_owned()]),
        twice: BTreeSet::from(["syn".to_owned()]),
    };
    let found = findings(
        &[
            library("left-pad", "1.0.0", "WTFPL"),
            library("native-tls", "0.2.0", "MIT"),
            library("rand", "0.8.0", "MIT"),
            library("rand", "0.9.0", "MIT"),
            library("syn", "2.0.0", "MIT"),
        ],
        &rules,
    );
    let begins = ["left-pad", "native-tls", "rand", "deny.toml: syn"];
    assert_eq!(found.len(), begins.len(), "{found:?}");
    for (finding, begin) in found.iter().zip(begins) {
        assert!(finding.starts_with(begin), "{finding}");
    }
}
