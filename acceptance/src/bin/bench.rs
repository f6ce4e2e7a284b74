//! The program behind `./dev bench`; see `zun_acceptance::bench`.

use std::process::ExitCode;

use zun_acceptance::bench::{Bench, provider};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|word| word == provider::LINE) {
        return provider::print_a_line();
    }
    match Bench::new(&arguments).and_then(|bench| bench.run()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
