//! What a person sees: steps on standard error, results on standard output, color only on a terminal.

use std::io::{self, IsTerminal, Write};

use crate::settings;

/// Begins a step.
pub fn step(text: &str) {
    let (bold, plain) = if io::stderr().is_terminal() && settings::variable("NO_COLOR").is_none() {
        ("\x1b[1m", "\x1b[0m")
    } else {
        ("", "")
    };
    eprintln!("{bold}==> {text}{plain}");
}

/// A line of the result. A closed pipe is no error: nobody reads on.
pub fn line(text: &str) {
    writeln!(io::stdout(), "{text}").ok();
}
