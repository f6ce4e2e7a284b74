//! No file and no function grows beyond what one reads in one go.

use std::collections::BTreeMap;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::{allowed, none, tree};

/// Lines of a file.
pub(crate) const FILE_LINES: usize = 500;
/// Lines of a function, from its signature to its last brace.
pub(crate) const FN_LINES: usize = 60;

struct Functions<'a> {
    path: &'a str,
    lengths: Vec<(String, usize)>,
}

impl Functions<'_> {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.span().start().line;
        let last = block.span().end().line;
        let name = format!("{}::{}", self.path, signature.ident);
        self.lengths.push((name, last + 1 - first));
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.add(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

fn functions(path: &str, text: &str) -> Vec<(String, usize)> {
    let Ok(file) = syn::parse_file(text) else {
        return Vec::new(); // sources.rs reports it
    };
    let mut functions = Functions {
        path,
        lengths: Vec::new(),
    };
    functions.visit_file(&file);
    functions.lengths
}

/// Compares measured lengths with the limit and the list of exceptions, which must fit exactly.
fn compare(
    measured: &[(String, usize)],
    limit: usize,
    exceptions: &[(&str, usize)],
) -> Vec<String> {
    let mut findings = Vec::new();
    // Two functions of one name in one file: the longer counts.
    let mut longest = BTreeMap::<&str, usize>::new();
    for (name, lines) in measured {
        let known = longest.entry(name).or_default();
        *known = (*known).max(*lines);
    }
    for (name, lines) in &longest {
        let exception = exceptions.iter().find(|(known, _)| known == name);
        match exception {
            None if *lines > limit => {
                findings.push(format!("{name}: {lines} lines, and {limit} is the limit; divide it"));
            }
            Some((_, allowed)) if *lines > limit && lines > allowed => findings.push(format!(
                "{name}: has grown from {allowed} to {lines} lines; divide it"
            )),
            Some((_, allowed)) if *lines > limit && lines < allowed => findings.push(format!(
                "{name}: is down to {lines} lines; lower its entry in tidy/allowed.rs from {allowed}"
            )),
            _ => {}
        }
    }
    for (name, _) in exceptions {
        if longest.get(name).is_none_or(|lines| *lines <= limit) {
            findings.push(format!(
                "{name}: needs no exception; take it out of tidy/allowed.rs"
            ));
        }
    }
    findings
}

#[test]
fn files_stay_short() {
    let measured: Vec<(String, usize)> = tree::sources()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .collect();
    none(&compare(&measured, FILE_LINES, allowed::FILES));
}

#[test]
fn functions_stay_short() {
    let measured: Vec<(String, usize)> = tree::sources()
        .iter()
        .flat_map(|(path, text)| functions(path, text))
        .collect();
    none(&compare(&measured, FN_LINES, allowed::FUNCTIONS));
}

#[test]
fn functions_of_every_kind_are_measured() {
    let text = "//! d\n/// doc\nfn a() {\n}\nimpl S {\n  fn b(\n    x: u8,\n  ) {\n    fn c() {}\n  }\n}\ntrait T {\n  fn d() {}\n  fn e();\n}\n";
    let expected = [("a", 2), ("b", 5), ("c", 1), ("d", 1)];
    assert_eq!(
        functions("f.rs", text),
        expected.map(|(name, lines)| (format!("f.rs::{name}"), lines))
    );
}

/// Measured lines, the exceptions, and a word of the finding, if any.
type Case<'a> = (usize, &'a [(&'a str, usize)], &'a str);

#[test]
fn exceptions_hold_and_only_shrink() {
    let measured = |lines| vec![("f".to_owned(), lines)];
    let cases: [Case; 6] = [
        (10, &[], ""),
        (11, &[], "is the limit"),
        (11, &[("f", 11)], ""),
        (12, &[("f", 11)], "has grown"),
        (11, &[("f", 12)], "is down"),
        (10, &[("f", 11)], "needs no exception"),
    ];
    for (lines, exceptions, expected) in cases {
        let found = compare(&measured(lines), 10, exceptions).join("");
        assert!(
            if expected.is_empty() {
                found.is_empty()
            } else {
                found.contains(expected)
            },
            "{lines} {exceptions:?}: {found}"
        );
    }
    assert_eq!(compare(&[], 10, &[("gone", 11)]).len(), 1);
}
