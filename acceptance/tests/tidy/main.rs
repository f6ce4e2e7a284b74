//! The rules of this repository that a program can check, as tests.
//!
//! Each file is one kind of rule: a checker that takes text and gives findings, its own tests, and one test that holds the
//! repository to it. A finding says which file, what is wrong, and what to do.

#![expect(
    clippy::unwrap_used,
    reason = "a check that cannot read the repository has failed"
)]

mod allowed;
mod edges;
mod lengths;
mod libraries;
mod names;
mod sources;
mod table;
mod tree;

/// Fails with one finding a line.
#[track_caller]
fn none(findings: &[String]) {
    assert!(
        findings.is_empty(),
        "{} findings:\n{}",
        findings.len(),
        findings.join("\n")
    );
}
