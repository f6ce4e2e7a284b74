//! The one rule of ours in the engine's own tables. Docker drops what passes between two of its networks, and what
//! comes in from outside without a published port, after our rules have let it pass; its chain `DOCKER-USER` is meant
//! for rules before that. IPv6 is not filtered by Docker 20.10.

use zun_driver::{Class, Error, Result};

use crate::render::MARK;
use crate::run::Runner;

const CHAIN: &str = "DOCKER-USER";

/// What our rule is known by.
fn comment(deployment: &str) -> String {
    let plain = |letter: &char| letter.is_ascii_alphanumeric() || "-_.".contains(*letter);
    let name: String = deployment.chars().filter(plain).take(64).collect();
    format!("zun-deployment-{name}")
}

/// Where the chain is, our rule is in it, before it returns.
pub(crate) async fn ensure(runner: &Runner, deployment: &str) -> Result<()> {
    let Some(rules) = listed(runner).await? else {
        return Ok(());
    };
    let comment = comment(deployment);
    if !is_in_place(&rules, &comment) {
        take_out(runner, &rules, &comment).await?;
        change(runner, &["-I", CHAIN, "1"], &comment).await?;
    }
    Ok(())
}

/// Takes our rule out.
pub(crate) async fn remove(runner: &Runner, deployment: &str) -> Result<()> {
    let Some(rules) = listed(runner).await? else {
        return Ok(());
    };
    take_out(runner, &rules, &comment(deployment)).await
}

/// The rules of the chain; `None` where there is no such chain, or no iptables.
async fn listed(runner: &Runner) -> Result<Option<Vec<String>>> {
    if !Runner::has("iptables") {
        return Ok(None);
    }
    let arguments = ["-w", "5", "-S", CHAIN];
    let ended = runner
        .run("iptables", &arguments, "", "look at Docker's rules")
        .await?;
    let rules = || ended.printed.lines().map(ToOwned::to_owned).collect();
    Ok(ended.succeeded.then(rules))
}

fn is_ours(rule: &str, comment: &str) -> bool {
    rule.split_whitespace()
        .any(|word| word.trim_matches('"') == comment)
}

fn is_in_place(rules: &[String], comment: &str) -> bool {
    let before = rules
        .iter()
        .take_while(|rule| rule.as_str() != "-A DOCKER-USER -j RETURN");
    before.filter(|rule| is_ours(rule, comment)).count() == 1
}

async fn take_out(runner: &Runner, rules: &[String], comment: &str) -> Result<()> {
    for _ in rules.iter().filter(|rule| is_ours(rule, comment)) {
        change(runner, &["-D", CHAIN], comment).await?;
    }
    Ok(())
}

async fn change(runner: &Runner, verb: &[&str], comment: &str) -> Result<()> {
    let mask = format!("{MARK}/{MARK}");
    let rule = [
        "-m",
        "mark",
        "--mark",
        &mask,
        "-m",
        "comment",
        "--comment",
        comment,
        "-j",
        "ACCEPT",
    ];
    let arguments: Vec<&str> = ["-w", "5"]
        .iter()
        .chain(verb)
        .chain(&rule)
        .copied()
        .collect();
    let tried = "let Docker's rules pass what ours allow";
    let ended = runner.run("iptables", &arguments, "", tried).await?;
    if ended.succeeded {
        return Ok(());
    }
    let said = ended.said;
    Err(Error::new(
        Class::Internal,
        format!("cannot {tried}: iptables says: {said}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_rule_stands_before_the_return() {
        let ours = "-A DOCKER-USER -m mark --mark 0x40000000/0x40000000 -m comment --comment zun-deployment-a -j ACCEPT";
        let (chain, back) = ("-N DOCKER-USER", "-A DOCKER-USER -j RETURN");
        let in_place = |rules: &[&str]| {
            let rules: Vec<String> = rules.iter().map(ToString::to_string).collect();
            is_in_place(&rules, &comment("a"))
        };
        assert!(in_place(&[chain, ours, back]));
        assert!(in_place(&[
            chain,
            "-A DOCKER-USER -i eth0 -j DROP",
            ours,
            back
        ]));
        assert!(!in_place(&[chain, back]));
        assert!(!in_place(&[chain, back, ours]));
        assert!(!in_place(&[chain, ours, ours, back]));
        assert!(!in_place(&[chain, &ours.replace("-a ", "-ab "), back]));
    }
}
