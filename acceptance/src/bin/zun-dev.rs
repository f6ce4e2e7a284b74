//! The program behind the script `./dev`, which builds and calls it; see `./dev --help`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use zun_acceptance::docker::Engine;
use zun_acceptance::image;
use zun_acceptance::machine::{Checkout, checks, quickstart, say, up};

const USAGE: &str = "usage: zun-dev --checkout DIR (up | quickstart | image NAME | down | test [--fast]); call it as ./dev";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["--checkout", root, "up"] => up_and_tell(&checkout(root)),
        ["--checkout", root, "quickstart"] => quickstart::quickstart(&checkout(root)),
        ["--checkout", root, "down"] => quickstart::down(&checkout(root)),
        ["--checkout", _, "image", name] => make(name),
        ["--checkout", root, "test"] => return checks::run(&checkout(root), checks::Extent::All),
        ["--checkout", root, "test", "--fast"] => {
            return checks::run(&checkout(root), checks::Extent::Fast);
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dev: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn checkout(root: &str) -> Checkout {
    Checkout::new(PathBuf::from(root))
}

fn make(name: &str) -> Result<()> {
    ensure!(
        image::ALL.contains(&name),
        "there is no image {name} to make, only: {}",
        image::ALL.join(", ")
    );
    image::ensure(&Engine::connect()?, name)?;
    say::line(&format!("the Docker Engine has {name}"));
    Ok(())
}

fn up_and_tell(checkout: &Checkout) -> Result<()> {
    let zund = up::up(checkout)?;
    say::line(&format!(
        "zund answers on {}; its data: {}\nTo use it:  . '{}'",
        zund.url()?,
        zund.data().display(),
        checkout.made().join("env").display()
    ));
    Ok(())
}
