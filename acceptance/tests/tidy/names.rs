//! Names of files, and words that no tracked file may hold.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::{none, tree};

/// A name for what has no name: call the thing what it is, or keep it private where it is used.
const NAMELESS: [&str; 8] = [
    "utils", "util", "helpers", "helper", "common", "manager", "misc", "mod",
];

/// Paths of one machine, and hosts of package registries: both are settings of whoever builds. In pieces, so that this
/// file does not hold them.
const FOREIGN: [&str; 8] = [
    concat!("/work", "/main"),
    concat!("/work", "/shared"),
    concat!("/work", "/."),
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("proxy.golang", ".org"),
    concat!("registry.npmjs", ".org"),
    concat!("deb.debian", ".org"),
];

/// Written by cargo, which names its registry on each line.
const GENERATED: [&str; 1] = ["Cargo.lock"];

fn nameless(path: &str) -> Option<String> {
    Path::new(path)
        .iter()
        .filter_map(|part| Path::new(part).file_stem()?.to_str())
        .find(|stem| NAMELESS.contains(stem))
        .map(|stem| format!("{path}: `{stem}` names nothing; call it what it is"))
}

fn foreign(path: &str, text: &str) -> Vec<String> {
    text.lines()
        .enumerate()
        .flat_map(|(index, line)| {
            FOREIGN
                .iter()
                .filter(move |word| line.contains(*word))
                .map(move |word| format!("{path}:{}: holds `{word}`; take it out", index + 1))
        })
        .collect()
}

/// Pages that a source speaks of and nobody has: a stranger has only this repository.
fn missing_pages(path: &str, text: &str, files: &BTreeSet<&str>) -> Vec<String> {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    text.split(|c| !part(c))
        .filter(|word| word.len() > ".md".len() && tree::has_extension(word, "md"))
        .filter(|word| !files.contains(word))
        .map(|word| format!("{path}: cites {word}, which is not here; say the fact itself"))
        .collect()
}

#[test]
fn pages_that_are_cited_are_here() {
    let files = tree::files();
    let pages: BTreeSet<&str> = files
        .iter()
        .filter_map(|path| Path::new(path).file_name()?.to_str())
        .collect();
    let findings: Vec<String> = tree::sources()
        .iter()
        .flat_map(|(path, text)| missing_pages(path, text, &pages))
        .collect();
    none(&findings);
    let text = concat!("see nowhere", ".md §1, or `README.md`");
    assert_eq!(missing_pages("f", text, &pages).len(), 1);
}

#[test]
fn files_are_named_after_something() {
    let findings: Vec<String> = tree::files()
        .iter()
        .filter_map(|path| nameless(path))
        .collect();
    none(&findings);
}

#[test]
fn no_file_knows_a_machine_or_a_registry() {
    let findings: Vec<String> = tree::files()
        .iter()
        .filter(|path| !GENERATED.contains(&path.as_str()))
        .filter_map(|path| Some((path, fs::read_to_string(tree::root().join(path)).ok()?)))
        .flat_map(|(path, text)| foreign(path, &text))
        .collect();
    none(&findings);
}

#[test]
fn folders_and_files_are_both_checked() {
    for path in [
        "a/utils/b.rs",
        "a/helpers.rs",
        "src/common.rs",
        "x/manager.go",
        "a/mod.rs",
    ] {
        assert!(nameless(path).is_some(), "{path}");
    }
    for path in ["a/commonly.rs", "model.rs"] {
        assert_eq!(nameless(path), None, "{path}");
    }
}

#[test]
fn foreign_words_are_found_with_their_line() {
    let text = format!("fine\nsee {}/x\n", FOREIGN[0]);
    assert_eq!(foreign("f", &text).len(), 1);
    assert!(foreign("f", &text)[0].starts_with("f:2:"));
    assert!(foreign("f", "nothing here").is_empty());
}
