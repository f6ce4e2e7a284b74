//! The table for people and the JSON for programs.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Bench;
use super::figure::Figure;
use crate::machine::say;
use crate::process;

/// Lines of a failure that are shown.
const SHOWN: usize = 20;
const HEAD: [&str; 6] = ["what", "ours", "floor", "ours/floor", "to reach", ""];

/// What was measured so far.
#[derive(Debug)]
pub struct Report {
    machine: Value,
    runs: usize,
    figures: Vec<Figure>,
    failures: Vec<(&'static str, String)>,
}

impl Report {
    /// Nothing yet, on this machine.
    pub fn new(bench: &Bench) -> Result<Self> {
        Ok(Self {
            machine: machine(bench)?,
            runs: bench.runs(),
            figures: Vec::new(),
            failures: Vec::new(),
        })
    }

    /// Adds what a section gave.
    pub fn add(&mut self, figures: Vec<Figure>) {
        self.figures.extend(figures);
    }

    /// A section could not be measured.
    pub fn fail(&mut self, section: &'static str, error: &anyhow::Error) {
        let text = end_of(&format!("{error:#}"));
        say::step(&format!("{section} could not be measured: {text}"));
        self.failures.push((section, text));
    }

    /// Whether everything could be measured.
    pub fn is_whole(&self) -> bool {
        self.failures.is_empty()
    }

    /// The table on standard output.
    pub fn print(&self) {
        let mut lines = vec![HEAD.map(str::to_owned)];
        lines.extend(self.figures.iter().map(Figure::cells));
        let width = |column: usize| {
            lines
                .iter()
                .map(|line| line[column].chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: [usize; 6] = std::array::from_fn(width);
        say::line("");
        for line in &lines {
            let cells = line.iter().zip(widths).enumerate().map(|(column, pair)| {
                let (cell, width) = pair;
                // Words to the left, numbers to the right.
                if matches!(column, 0 | 5) {
                    format!("{cell:<width$}")
                } else {
                    format!("{cell:>width$}")
                }
            });
            say::line(cells.collect::<Vec<_>>().join("  ").trim_end());
        }
        self.print_notes();
    }

    fn print_notes(&self) {
        let times = if self.runs == 1 {
            "one run".to_owned()
        } else {
            format!("medians of {} runs", self.runs)
        };
        say::line(&format!("\n{times} on {}", text(&self.machine)));
        for figure in &self.figures {
            for note in figure.notes() {
                say::line(&format!("  {}: {note}", figure.what()));
            }
        }
        for (section, error) in &self.failures {
            say::line(&format!("  NOT MEASURED {section}: {error}"));
        }
    }

    /// The same as JSON.
    pub fn write(&self, path: &Path) -> Result<()> {
        let failures = self
            .failures
            .iter()
            .map(|(section, error)| json!({ "section": section, "error": error }));
        let whole = json!({
            "machine": self.machine,
            "runs": self.runs,
            "figures": self.figures.iter().map(Figure::json).collect::<Vec<_>>(),
            "not_measured": failures.collect::<Vec<_>>(),
        });
        let dir = path.parent().context("the file for the JSON is nowhere")?;
        fs::create_dir_all(dir)
            .and_then(|()| fs::write(path, format!("{whole:#}\n")))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// A command that fails says why at its end, and may have said much before.
fn end_of(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() <= SHOWN {
        return text.to_owned();
    }
    let end = lines[lines.len() - SHOWN..].join("\n");
    format!("{}\n...\n{end}", lines[0])
}

fn text(machine: &Value) -> String {
    let word = |name: &str| match &machine[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    format!(
        "{} cores, {} MB, Linux {}, {}",
        word("cores"),
        word("memory_mb"),
        word("kernel"),
        word("program")
    )
}

fn machine(bench: &Bench) -> Result<Value> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let memory_kib: u64 = read("/proc/meminfo")
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or_default();
    let program = bench.program()?;
    let version = process::run(
        Command::new(&program)
            .arg("version")
            .env("CHECKPOINT_DISABLE", "1"),
        Duration::from_secs(30),
    )?;
    Ok(json!({
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "memory_mb": memory_kib * 1024 / 1_000_000,
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "program": version.stdout.lines().next().unwrap_or_default(),
    }))
}
