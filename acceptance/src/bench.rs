//! `./dev bench`: what the product takes, beside what the same work takes without it.
//!
//! Every figure is measured several times (`BENCH_RUNS`, three where it is not set), in turn with its floor, and shown
//! by its median. A floor is the least that the work can take on this machine: the engine's own part of it, what
//! `terraform` takes for as many resources that do nothing, a server that answers a constant.
//!
//! | file | what it measures |
//! |---|---|
//! | [`apply`] | 40 containers: apply and destroy |
//! | [`plan`] | a plan of 1,000 containers that did not change |
//! | [`provider`] | the start of the provider, and its memory |
//! | [`api`] | creates, reads and lists of the API |
//! | [`volume`] | containers with volumes, and 200 volumes on one host |
//! | [`network`] | creates with groups, a rule changed below 1,000 ports, what passes between containers |
//! | [`capsule`] | a capsule of two members created |
//! | [`pull`] | 20 containers at once of an image that is not there |
//! | [`placements`] | decisions of the scheduler |
//! | [`memory`] | memory of `zund` |
//! | [`figure`], [`report`] | a figure with its floor and target; the table and the JSON |
//! | [`stage`], [`engine`], [`load`], [`loopback`], [`filter`], [`constant`], [`usage`] | what the above stand on |

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::machine::{Checkout, cli, say};
use crate::settings;

pub mod figure;
pub mod report;

pub mod constant;
pub mod engine;
pub mod filter;
pub mod load;
pub mod loopback;
pub mod stage;
pub mod usage;

pub mod api;
pub mod apply;
pub mod capsule;
pub mod memory;
pub mod network;
pub mod placements;
pub mod plan;
pub mod provider;
pub mod pull;
pub mod volume;

use figure::Figure;

const RUNS: usize = 3;

/// The parts that can be measured alone, in the order of the table.
pub const SECTIONS: [Section; 10] = [
    Section {
        name: "apply",
        measure: apply::measure,
    },
    Section {
        name: "plan",
        measure: plan::measure,
    },
    Section {
        name: "provider",
        measure: provider::measure,
    },
    Section {
        name: "api",
        measure: api::measure,
    },
    Section {
        name: "placements",
        measure: placements::measure,
    },
    Section {
        name: "volume",
        measure: volume::measure,
    },
    Section {
        name: "network",
        measure: network::measure,
    },
    Section {
        name: "capsule",
        measure: capsule::measure,
    },
    Section {
        name: "pull",
        measure: pull::measure,
    },
    Section {
        name: "memory",
        measure: memory::measure,
    },
];

/// One part of the table.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// What `--only` calls it.
    pub name: &'static str,
    measure: fn(&Bench) -> Result<Vec<Figure>>,
}

/// What is to be measured, and with what.
#[derive(Debug)]
pub struct Bench {
    checkout: Checkout,
    runs: usize,
    sections: Vec<Section>,
}

impl Bench {
    /// Reads the arguments: `[--checkout DIR] [--only SECTION]`.
    pub fn new(arguments: &[String]) -> Result<Self> {
        let mut root = PathBuf::from(".");
        let mut sections = SECTIONS.to_vec();
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        for pair in words.chunks(2) {
            match pair {
                ["--checkout", dir] => root = PathBuf::from(dir),
                ["--only", name] => sections = vec![section(name)?],
                _ => bail!("usage: bench [--checkout DIR] [--only ({})]", names()),
            }
        }
        let root = root
            .canonicalize()
            .with_context(|| format!("cannot find the checkout {}", root.display()))?;
        Ok(Self {
            checkout: Checkout::new(root),
            runs: runs()?,
            sections,
        })
    }

    /// How often each figure is measured.
    pub fn runs(&self) -> usize {
        self.runs
    }

    /// The command line that plans and applies.
    pub fn program(&self) -> Result<PathBuf> {
        cli::any(&self.checkout)
    }

    /// Measures, prints the table, and writes the JSON. True when every section could be measured; a missed target is
    /// no failure.
    pub fn run(&self) -> Result<bool> {
        let mut report = report::Report::new(self)?;
        for section in &self.sections {
            say::step(&format!("measuring: {}", section.name));
            let begin = Instant::now();
            match (section.measure)(self) {
                Ok(figures) => report.add(figures),
                Err(error) => report.fail(section.name, &error),
            }
            say::step(&format!("done in {} s", begin.elapsed().as_secs()));
        }
        report.print();
        let path = self.checkout.made().join("bench.json");
        report.write(&path)?;
        say::line(&format!("\nas JSON: {}", path.display()));
        Ok(report.is_whole())
    }
}

fn names() -> String {
    SECTIONS.map(|section| section.name).join(" | ")
}

/// `destroy` is measured with `apply`.
fn section(name: &str) -> Result<Section> {
    let wanted = if name == "destroy" { "apply" } else { name };
    SECTIONS
        .into_iter()
        .find(|section| section.name == wanted)
        .with_context(|| format!("there is no section {name:?}: one of {}", names()))
}

fn runs() -> Result<usize> {
    let Some(text) = settings::variable("BENCH_RUNS") else {
        return Ok(RUNS);
    };
    let runs: usize = text.parse().unwrap_or(0);
    ensure!(
        (1..=20).contains(&runs),
        "BENCH_RUNS is {text:?}, but must be a whole number from 1 to 20"
    );
    Ok(runs)
}

/// Runs it and says how many seconds it took.
pub fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
    let begin = Instant::now();
    let value = work()?;
    Ok((value, begin.elapsed().as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::{Bench, section};

    #[test]
    fn sections_are_found_by_name() {
        for (name, found) in [("apply", "apply"), ("destroy", "apply"), ("api", "api")] {
            assert_eq!(section(name).unwrap().name, found);
        }
        assert!(section("speed").is_err());
    }

    #[test]
    fn an_argument_that_is_not_known_is_refused() {
        let arguments = ["--quickly".to_owned()];
        let error = Bench::new(&arguments).unwrap_err().to_string();
        assert!(error.contains("usage: bench"), "{error}");
    }
}
