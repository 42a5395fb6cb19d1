//! The fault campaign on the command line; `scripts/fault-campaign` calls it.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use tableshift_tests::campaign::{Findings, Sabotage, run_seeds, simulate};

/// The options of the command line.
struct Options {
    first: u64,
    seeds: u64,
    sabotage: Option<Sabotage>,
    replay: Option<u64>,
}

const USAGE: &str = "\
fault-campaign [--seeds N] [--first N] [--sabotage NAME]   runs N seeds (1000)
fault-campaign --seed N [--sabotage NAME]                  runs one seed and prints each step
NAME is condition, journal, epoch, settle, attempt, uncounted, cursor, void or order";

fn main() -> ExitCode {
    match options(std::env::args().skip(1)) {
        Err(problem) => {
            eprintln!("fault-campaign: {problem}\n{USAGE}");
            ExitCode::from(2)
        }
        Ok(Options { replay: Some(seed), sabotage, .. }) => {
            let result = simulate(seed, sabotage, true);
            result.violations.iter().for_each(|violation| println!("violation: {violation}"));
            println!("seed {seed}: {} violations", result.violations.len());
            exit_code(result.violations.is_empty())
        }
        Ok(options) => {
            let findings =
                run_seeds(options.first..options.first + options.seeds, options.sabotage, |_| false, progress);
            print!("{}{findings}", if std::io::stderr().is_terminal() { "\n" } else { "" });
            exit_code(findings.violations.is_empty())
        }
    }
}

fn exit_code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { first: 0, seeds: 1000, sabotage: None, replay: None };
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        let number = || value.parse().map_err(|_| format!("{name} needs a number, not `{value}`"));
        match name.as_str() {
            "--seeds" => options.seeds = number()?,
            "--first" => options.first = number()?,
            "--seed" => options.replay = Some(number()?),
            "--sabotage" => {
                let sabotage = Sabotage::parse(&value).ok_or_else(|| format!("there is no sabotage `{value}`"))?;
                options.sabotage = Some(sabotage);
            }
            _ => return Err(format!("there is no option {name}")),
        }
    }
    Ok(options)
}

/// Prints the progress: on a terminal a line that is overwritten, elsewhere a line for every hundred seeds.
fn progress(findings: &Findings) {
    let line = format!(
        "{} seeds, {} faults, {} violations, {:.0} s",
        findings.seeds,
        findings.faults(),
        findings.violation_count(),
        findings.took.as_secs_f64()
    );
    let mut stderr = std::io::stderr();
    let written = match stderr.is_terminal() {
        true => write!(stderr, "\r{line}   "),
        false if findings.seeds.is_multiple_of(100) => writeln!(stderr, "{line}"),
        false => Ok(()),
    };
    // If the progress cannot be printed, the error cannot be printed either.
    written.and_then(|()| stderr.flush()).unwrap_or_default();
}
