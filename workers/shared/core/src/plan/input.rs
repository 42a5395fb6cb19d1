//! What a person or a pipeline writes to start a run. Four lines are enough; unknown fields are refused by name.

use crate::plan::canary::Canary;
use crate::plan::monitors::Monitors;
use crate::plan::policy::OnBadVerdict;
use crate::plan::rate::Rate;
use crate::plan::window::Window;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The input of an execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Input of the state machine migrate-table")]
pub struct Input {
    /// The migration: the id of `migrations/<id>.yaml` in the stack's bucket, or the document itself. Left out when
    /// `run` names an earlier run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<MigrationForm>")]
    pub migration: Option<serde_json::Value>,
    /// The name of the table. Left out when `run` names an earlier run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// What to do; `migrate` if left out.
    #[serde(default)]
    pub action: Action,
    /// The earlier run that `roll-back` and `resume` are about, and that `verify` may be about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Into how many segments to cut the table, 1 to 1,000,000. Left out: by the table's size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub segments: Option<u32>,
    /// How many segment workers may work at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub max_concurrency: Option<u32>,
    /// The most write units a second, all workers together; or a percentage of what the table can take, as in `"50%"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_units_per_second: Option<Rate>,
    /// The most read units a second, all workers together; or a percentage of what the table can take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_units_per_second: Option<Rate>,
    /// Take only the items that an earlier run of this migration left in its dead letters: the name of that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letters_of: Option<String>,
    /// Migrate although the ledger says that this very migration is applied to the table: for items in the old shape that
    /// appeared since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// When the run may write to the table; at any time if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Names or ARNs of Systems Manager change calendars: the run writes only while all of them are open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub calendars: Vec<String>,
    /// Names of CloudWatch alarms. While the run writes they are looked at each minute: one in ALARM holds the run until
    /// all have been quiet for five minutes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub alarms: Vec<String>,
    /// Names of CloudWatch alarms that end the run: one in ALARM stops it with `Aborted`, for a person to resume it or to
    /// roll it back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub critical_alarms: Vec<String>,
    /// What goes first, and how long it is monitors before the rest is written; everything goes at once if left out, unless
    /// the stage's policy demands a canary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// What to do if the verification fails; as the stage's policy says if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_bad_verdict: Option<OnBadVerdict>,
    /// Who starts this execution, proven by a signature that `tableshift run` puts here: a presigned GetCallerIdentity
    /// request that is bound to this execution and this input. Left out: CloudTrail is asked later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// The most that the run may cost in US dollars, as estimated from the table's size before it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub budget_usd: Option<f64>,
}

/// The two forms of `migration`, for the schema.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is used: the fields are read by hand, for errors that name the place")]
enum MigrationForm {
    /// An id.
    Id(String),
    /// The document itself.
    Document(Box<crate::language::document::Document>),
}

/// What a run does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Back up, dry-run, ask, write, verify.
    #[default]
    Migrate,
    /// Do a dry run and report; nothing is written to the table.
    DryRun,
    /// Prove what the table now holds.
    Verify,
    /// Put the items of an earlier run back.
    RollBack,
    /// Go on with an earlier run that stopped.
    Resume,
}

impl Action {
    /// The action as the input says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Migrate => "migrate",
            Action::DryRun => "dry-run",
            Action::Verify => "verify",
            Action::RollBack => "roll-back",
            Action::Resume => "resume",
        }
    }
}

impl Input {
    /// What the run is to look at while it writes.
    pub fn monitors(&self) -> Monitors {
        Monitors {
            calendars: self.calendars.clone(),
            alarms: self.alarms.clone(),
            critical_alarms: self.critical_alarms.clone(),
        }
    }
}
