//! The fault campaign on the command line; `scripts/fault-campaign` calls it.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use tableshift_tests::campaign::{Findings, Sabotage, run_seeds, simulate};

/// What was asked for.
struct Asked {
    first: u64,
    seeds: u64,
    sabotage: Option<Sabotage>,
    replay: Option<u64>,
}

const USAGE: &str = "\
fault-campaign [--seeds N] [--first N] [--sabotage condition|journal|epoch]   runs N seeds (1000)
fault-campaign --seed N [--sabotage ...]                                      plays one seed and tells all of it";

fn main() -> ExitCode {
    match asked(std::env::args().skip(1)) {
        Err(problem) => {
            eprintln!("fault-campaign: {problem}\n{USAGE}");
            ExitCode::from(2)
        }
        Ok(Asked { replay: Some(seed), sabotage, .. }) => {
            let found = simulate(seed, sabotage, true);
            found.violations.iter().for_each(|violation| println!("violation: {violation}"));
            println!("seed {seed}: {} violations", found.violations.len());
            exit_code(found.violations.is_empty())
        }
        Ok(asked) => {
            let findings = run_seeds(asked.first..asked.first + asked.seeds, asked.sabotage, |_| false, progress);
            print!("{}{findings}", if std::io::stderr().is_terminal() { "\n" } else { "" });
            exit_code(findings.violations.is_empty())
        }
    }
}

fn exit_code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn asked(mut arguments: impl Iterator<Item = String>) -> Result<Asked, String> {
    let mut asked = Asked { first: 0, seeds: 1000, sabotage: None, replay: None };
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = || value.parse().map_err(|_| format!("{name} needs a number, not `{value}`"));
        match name.as_str() {
            "--seeds" => asked.seeds = number()?,
            "--first" => asked.first = number()?,
            "--seed" => asked.replay = Some(number()?),
            "--sabotage" => {
                let sabotage = Sabotage::parse(&value).ok_or_else(|| format!("there is no sabotage `{value}`"))?;
                asked.sabotage = Some(sabotage);
            }
            _ => return Err(format!("there is no option {name}")),
        }
    }
    Ok(asked)
}

/// One line that is written over on a terminal; elsewhere one now and then.
fn progress(findings: &Findings) {
    let line = format!(
        "{} seeds, {} faults, {} violations, {:.0} s",
        findings.seeds,
        findings.faults(),
        findings.violated(),
        findings.took.as_secs_f64()
    );
    let mut stderr = std::io::stderr();
    let written = match stderr.is_terminal() {
        true => write!(stderr, "\r{line}   "),
        false if findings.seeds.is_multiple_of(100) => writeln!(stderr, "{line}"),
        false => Ok(()),
    };
    // Nobody is left to be told that nobody reads the progress.
    written.and_then(|()| stderr.flush()).unwrap_or_default();
}
