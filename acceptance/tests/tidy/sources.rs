//! What every Rust file has, and what none has.

use syn::visit::{self, Visit};

use crate::{none, tree};

/// Macros that put work off, and test attributes that hide a failure.
const MACROS: [&str; 2] = ["todo", "unimplemented"];
const ATTRIBUTES: [&str; 2] = ["ignore", "should_panic"];

struct Unfinished<'a> {
    path: &'a str,
    findings: Vec<String>,
}

impl Unfinished<'_> {
    fn add(&mut self, line: usize, what: &str) {
        self.findings.push(format!("{}:{line}: {what}", self.path));
    }
}

impl<'ast> Visit<'ast> for Unfinished<'_> {
    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        if let Some(last) = mac.path.segments.last() {
            let name = last.ident.to_string();
            if MACROS.contains(&name.as_str()) {
                let line = last.ident.span().start().line;
                self.add(
                    line,
                    &format!("`{name}!` is not a program; finish it, or leave it out"),
                );
            }
        }
        visit::visit_macro(self, mac);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if let Some(ident) = attribute.path().get_ident() {
            let name = ident.to_string();
            if ATTRIBUTES.contains(&name.as_str()) {
                let line = ident.span().start().line;
                self.add(
                    line,
                    &format!("`#[{name}]` hides a test; skip it with its reason instead"),
                );
            }
        }
        visit::visit_attribute(self, attribute);
    }
}

fn check(path: &str, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    if !text.starts_with("//!") {
        findings.push(format!(
            "{path}:1: does not begin with `//!`; say what lives here"
        ));
    }
    match syn::parse_file(text) {
        Ok(file) => {
            let mut unfinished = Unfinished { path, findings };
            unfinished.visit_file(&file);
            unfinished.findings
        }
        Err(error) => {
            findings.push(format!(
                "{path}:{}: is no Rust: {error}",
                error.span().start().line
            ));
            findings
        }
    }
}

#[test]
fn every_file_says_what_it_is_and_is_finished() {
    let findings: Vec<String> = tree::sources()
        .iter()
        .flat_map(|(path, text)| check(path, text))
        .collect();
    none(&findings);
}

#[test]
fn each_rule_finds_its_breach() {
    let breaches = [
        "fn f() {}\n",
        "//! d\nfn f() { todo!() }\n",
        "//! d\nfn f() { let _ = || { std::unimplemented!(\"x\") }; }\n",
        "//! d\n#[test]\n#[ignore]\nfn f() {}\n",
        "//! d\n#[test]\n#[ignore = \"slow\"]\nfn f() {}\n",
        "//! d\nmod tests {\n  #[test]\n  #[should_panic(expected = \"x\")]\n  fn f() {}\n}\n",
        "//! d\nfn f( {}\n",
    ];
    for text in breaches {
        assert_eq!(check("f.rs", text).len(), 1, "{text}");
    }
}

#[test]
fn words_in_comments_and_strings_are_no_breach() {
    let text = "//! no todo!() here\n/// `#[ignore]`\nfn f() -> &'static str { \"todo!() #[should_panic]\" }\n";
    assert_eq!(check("f.rs", text), Vec::<String>::new());
}
