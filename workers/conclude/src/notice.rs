//! The message that tells people how a run ended. Pure; it holds counts, never an item's values.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::decision::Decision;

/// What the message is made from.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'a> {
    /// The stage.
    pub stage: &'a str,
    /// The run.
    pub run: &'a str,
    /// The table, if it is known.
    pub table: Option<&'a str>,
    /// The migration's id, if it is known.
    pub migration: Option<&'a str>,
    /// The execution's ARN.
    pub execution: &'a str,
    /// The stack's bucket and the report's key, if there is a report.
    pub report: Option<(&'a str, &'a str)>,
    /// What the last phase counted.
    pub counts: &'a BTreeMap<String, u64>,
    /// How the run ended.
    pub decision: &'a Decision,
    /// The run that applied the migration before, and when, if there was nothing left to do.
    pub already_applied: Option<(&'a str, &'a str)>,
}

impl Notice<'_> {
    /// The subject.
    pub fn subject(&self) -> String {
        let outcome = self.decision.error.as_deref().unwrap_or("succeeded");
        format!("tableshift {}: {outcome}: run {}", self.stage, self.run)
    }

    /// The message.
    pub fn text(&self) -> String {
        let mut text = match &self.decision.error {
            None => match self.already_applied {
                Some((run, at)) => {
                    format!("Run {} had nothing to do: run {run} applied the migration at {at}.\n\n", self.run)
                }
                None => format!("Run {} succeeded.\n\n", self.run),
            },
            Some(error) => format!("Run {} failed with {error}:\n{}\n\n", self.run, self.decision.cause),
        };
        let report = self.report.map(|(bucket, key)| format!("s3://{bucket}/{key}"));
        let lines = [
            ("Stage", Some(self.stage)),
            ("Migration", self.migration),
            ("Table", self.table),
            ("Execution", Some(self.execution)),
            ("Report", report.as_deref()),
        ];
        for (name, value) in lines {
            if let Some(value) = value {
                writeln!(text, "{:<12}{value}", format!("{name}:")).expect("a string takes all");
            }
        }
        for (name, count) in self.counts {
            writeln!(text, "{count:>14}  {}", name.replace('_', " ")).expect("a string takes all");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice<'a>(decision: &'a Decision, counts: &'a BTreeMap<String, u64>) -> Notice<'a> {
        Notice {
            stage: "prod",
            run: "release-42",
            table: Some("prod-main-table"),
            migration: Some("20261122-split-address"),
            execution: "arn:e",
            report: Some(("bucket", "runs/release-42/report.json")),
            counts,
            decision,
            already_applied: None,
        }
    }

    #[test]
    fn success_is_told_with_its_counts() {
        let counts = BTreeMap::from([("already_done".to_owned(), 10), ("changed".to_owned(), 28_000)]);
        let decision = Decision { error: None, cause: String::new() };
        let notice = notice(&decision, &counts);
        assert_eq!(notice.subject(), "tableshift prod: succeeded: run release-42");
        let expected = "\
Run release-42 succeeded.

Stage:      prod
Migration:  20261122-split-address
Table:      prod-main-table
Execution:  arn:e
Report:     s3://bucket/runs/release-42/report.json
            10  already done
         28000  changed
";
        assert_eq!(notice.text(), expected);
    }

    #[test]
    fn a_run_with_nothing_to_do_names_the_one_that_did_it() {
        let (decision, counts) = (Decision { error: None, cause: String::new() }, BTreeMap::new());
        let notice = Notice { already_applied: Some(("r-1", "2026-11-22T10:00:00Z")), ..notice(&decision, &counts) };
        let first = notice.text().lines().next().unwrap().to_owned();
        assert_eq!(first, "Run release-42 had nothing to do: run r-1 applied the migration at 2026-11-22T10:00:00Z.");
    }

    #[test]
    fn failure_is_told_with_its_cause_and_what_is_unknown_is_left_out() {
        let decision = Decision { error: Some("LockHeld".into()), cause: "run q holds it".into() };
        let counts = BTreeMap::new();
        let notice = Notice { table: None, migration: None, report: None, ..notice(&decision, &counts) };
        assert_eq!(notice.subject(), "tableshift prod: LockHeld: run release-42");
        let expected = "Run release-42 failed with LockHeld:\nrun q holds it\n\nStage:      prod\nExecution:  arn:e\n";
        assert_eq!(notice.text(), expected);
    }
}
