//! The dependency table: every line of it is used, and what a package declares it also names.

use std::collections::BTreeSet;
use std::fs;

use crate::edges::{Package, packages};
use crate::{allowed, none, tree};

/// Packages whose library goes by another name.
const LIBRARY_NAMES: [(&str, &str); 3] = [
    ("hcl-rs", "hcl"),
    ("md-5", "md5"),
    ("tfplugin-rs", "tfplugin"),
];

fn unused<'a>(table: &'a BTreeSet<String>, packages: &[Package]) -> Vec<&'a String> {
    table
        .iter()
        .filter(|name| !packages.iter().any(|package| package.depends_on(name)))
        .collect()
}

fn library(dependency: &str) -> String {
    LIBRARY_NAMES
        .iter()
        .find(|(package, _)| *package == dependency)
        .map_or_else(
            || dependency.replace('-', "_"),
            |(_, library)| (*library).to_owned(),
        )
}

/// Whether the text has `name` as a word of its own.
fn mentions(text: &str, name: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].ends_with(is_word) && !text[at + name.len()..].starts_with(is_word)
    })
}

#[test]
fn every_line_of_the_table_is_used() {
    let manifest = fs::read_to_string(tree::root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let table = manifest["workspace"]["dependencies"].as_table().unwrap();
    let table = table.keys().cloned().collect();
    let findings: Vec<String> = unused(&table, &packages())
        .into_iter()
        .map(|name| format!("Cargo.toml: no package uses `{name}`; take it out of the table"))
        .collect();
    none(&findings);
}

#[test]
fn packages_name_what_they_declare() {
    let sources = tree::sources();
    let packages = packages();
    let mut findings = Vec::new();
    for package in &packages {
        let own: Vec<&str> = sources
            .iter()
            .filter(|(path, _)| package.owns(path, &packages))
            .map(|(_, text)| text.as_str())
            .collect();
        // One name may stand among the dependencies of the program, of its build and of its tests.
        let declared: BTreeSet<&str> = package
            .dependencies
            .iter()
            .map(|dependency| dependency.name.as_str())
            .collect();
        for dependency in declared {
            let name = library(dependency);
            let mentioned = own.iter().any(|text| mentions(text, &name));
            let excused = allowed::UNMENTIONED
                .iter()
                .any(|(of, what, _)| *of == package.name && *what == dependency);
            match (mentioned, excused) {
                (false, false) => findings.push(format!(
                    "{}: no file mentions `{name}`; take it out of its Cargo.toml",
                    package.name
                )),
                (true, true) => findings.push(format!(
                    "{}: mentions `{name}`; take it out of tidy/allowed.rs",
                    package.name
                )),
                _ => {}
            }
        }
    }
    none(&findings);
}

#[test]
fn mentions_are_whole_words() {
    assert!(mentions("use url::Url;", "url"));
    assert!(!mentions("curl, urls, my_url", "url"));
    assert_eq!(library("tower-http"), "tower_http");
    assert_eq!(library("hcl-rs"), "hcl");
}

#[test]
fn an_unused_line_is_found() {
    let table = BTreeSet::from(["anyhow".to_owned(), "left-pad".to_owned()]);
    assert_eq!(unused(&table, &packages()), ["left-pad"]);
}
