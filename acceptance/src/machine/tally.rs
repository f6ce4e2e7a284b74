//! Reads what the test runner prints, line by line: counts, collects the skips, and drops the output of passed tests.

use std::collections::{HashMap, VecDeque};

use crate::skip;

/// So many lines of a failed test are repeated at the end.
const REASON: usize = 12;

/// The sums over all test programs of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that ran and held.
    pub passed: u64,
    /// Tests and checks that failed.
    pub failed: u64,
    /// Each skipped test with its reason.
    pub skipped: Vec<String>,
    /// The names of the failed tests, and of failed checks.
    pub failures: Vec<String>,
    in_passed_output: bool,
    /// The last lines that each failed test printed.
    reasons: HashMap<String, VecDeque<String>>,
    /// The failed test whose lines come now.
    speaking: Option<String>,
}

impl Tally {
    /// Takes one line; gives it back when a person should see it.
    pub fn take<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        if let Some(skip) = line.trim_start().strip_prefix(skip::MARK) {
            self.skipped.push(skip.to_owned());
        }
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.add(counts);
            self.in_passed_output = false;
            self.speaking = None;
            return Some(line);
        }
        match line {
            // What passed tests print stands between these two, for `--show-output` asks for it.
            "successes:" => self.in_passed_output = true,
            "failures:" => self.in_passed_output = false,
            _ => {}
        }
        let name = line.strip_prefix("test ");
        if let Some(name) = name.and_then(|name| name.strip_suffix(" ... FAILED")) {
            self.failures.push(name.to_owned());
        }
        if let Some((name, reason)) = name.and_then(|name| name.split_once(" ... ignored")) {
            let reason = reason.trim_start_matches(", ");
            self.skipped.push(format!("{name}: ignored {reason}"));
            // `add` takes one passed test away for each skip, and this one was never counted as passed.
            self.passed += 1;
        }
        if !self.in_passed_output {
            self.hear(line);
        }
        (!self.in_passed_output).then_some(line)
    }

    /// The end of what a failed test printed, without the stack: a runner may keep the end of a long log only.
    pub fn reason(&self, failure: &str) -> impl Iterator<Item = &str> {
        let lines = self.reasons.get(failure).into_iter().flatten();
        lines.map(String::as_str)
    }

    fn hear(&mut self, line: &str) {
        let name = line.strip_prefix("---- ");
        if let Some(name) = name.and_then(|line| line.strip_suffix(" stdout ----")) {
            self.speaking = Some(name.to_owned());
        } else if line.eq_ignore_ascii_case("stack backtrace:") || line == "failures:" {
            self.speaking = None;
        } else if let Some(name) = &self.speaking
            && !line.trim().is_empty()
        {
            let lines = self.reasons.entry(name.clone()).or_default();
            lines.push_back(line.to_owned());
            if lines.len() > REASON {
                lines.pop_front();
            }
        }
    }

    /// A check that is not a test: formatting, lints.
    pub fn check(&mut self, name: &str, held: bool) {
        if held {
            self.passed += 1;
        } else {
            self.failed += 1;
            self.failures.push(name.to_owned());
        }
    }

    /// The line that ends the run.
    pub fn summary(&self) -> String {
        let skipped = self.skipped.len() as u64;
        format!(
            "{} passed, {} failed, {skipped} skipped",
            self.passed.saturating_sub(skipped),
            self.failed
        )
    }

    /// `ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s`
    fn add(&mut self, counts: &str) {
        for count in counts.split("; ") {
            let count = count
                .trim_start_matches("ok. ")
                .trim_start_matches("FAILED. ");
            let Some((number, what)) = count.split_once(' ') else {
                continue;
            };
            let number = number.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn a_skip_is_counted_shown_and_not_passed() {
        let mut tally = Tally::default();
        let printed = "\nrunning 4 tests\ntest a ... ok\ntest b ... ok\ntest c ... FAILED\ntest d ... ignored, slow\n\
                       \nsuccesses:\n\n---- b stdout ----\nSKIP b: no engine\nchatter\n\n\nsuccesses:\n    a\n    b\n\
                       \nfailures:\n\n---- c stdout ----\nassertion\n\nStack backtrace:\n  0: c\n\nfailures:\n    c\n\
                       \ntest result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s\n";
        let shown: Vec<_> = printed
            .lines()
            .filter_map(|line| tally.take(line))
            .collect();
        assert!(!shown.contains(&"chatter"));
        assert!(shown.contains(&"assertion"));
        assert_eq!(tally.failures, ["c"]);
        assert_eq!(tally.reason("c").collect::<Vec<_>>(), ["assertion"]);
        assert_eq!(tally.skipped, ["d: ignored slow", "b: no engine"]);
        assert_eq!(tally.summary(), "1 passed, 1 failed, 2 skipped");
    }

    #[test]
    fn checks_count_as_tests() {
        let mut tally = Tally::default();
        tally.check("format", true);
        tally.check("clippy", false);
        assert_eq!(tally.summary(), "1 passed, 1 failed, 0 skipped");
        assert_eq!(tally.failures, ["clippy"]);
    }
}
