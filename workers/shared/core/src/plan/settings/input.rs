//! The input that starts an execution. Most fields are optional. How it is read is in
//! [`input_check`](crate::plan::settings::input_check).

use crate::plan::canary::Canary;
use crate::plan::settings::monitors::Monitors;
use crate::plan::settings::policy::OnBadVerdict;
use crate::plan::settings::rate::Rate;
use crate::plan::window::Window;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The input of an execution. Unknown fields are refused by name.
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
    /// What the execution does; `migrate` if left out.
    #[serde(default)]
    pub action: Action,
    /// The earlier run. `roll-back` and `resume` need one, `verify` may have one, other actions take none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The number of segments of the table, 1 to 1,000,000. If left out, the table's size decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub segments: Option<u32>,
    /// The most segment workers that run at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub max_concurrency: Option<u32>,
    /// The most write units per second, all workers together, or a percentage of what the table can take, such as `"50%"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_units_per_second: Option<Rate>,
    /// The most read units per second, all workers together, or a percentage of what the table can take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_units_per_second: Option<Rate>,
    /// The name of an earlier run of this migration: the new run works only on the items in that run's dead letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letters_of: Option<String>,
    /// Migrate although the ledger records this migration as applied to the table. Use it when items in the old shape have
    /// appeared since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// When the run may write to the table; any time if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Names or ARNs of Systems Manager change calendars. The run writes only while all of them are open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub calendars: Vec<String>,
    /// Names of CloudWatch alarms. The run checks them every minute while it writes. If one is in ALARM, the run is on hold
    /// until all have been quiet for five minutes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub alarms: Vec<String>,
    /// Names of CloudWatch alarms that end the run. If one is in ALARM, the run fails with `Aborted`; an operator then resumes
    /// it or rolls it back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub critical_alarms: Vec<String>,
    /// The canary: some segments that are migrated and verified first, and how long they bake before the others are
    /// migrated. If left out, there is no canary unless the stage's policy requires one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// What to do if the verification fails; the stage's policy decides if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_bad_verdict: Option<OnBadVerdict>,
    /// The signature of whoever starts this execution, set by `tableshift run`: a presigned GetCallerIdentity request that is
    /// bound to this execution and this input. If left out, the requester is looked up in CloudTrail later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// The most that the run may cost in US dollars. It is compared with an estimate from the table's size before the run
    /// starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub budget_usd: Option<f64>,
}

/// The two forms of `migration`, for the JSON schema only.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is used: the fields are read by hand, for errors that name the place")]
enum MigrationForm {
    /// The id of a migration in the stack's bucket.
    Id(String),
    /// The document itself.
    Document(Box<crate::language::document::Document>),
}

/// What an execution does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Back up, dry-run, request approval, write and verify, as the stage's policy says.
    #[default]
    Migrate,
    /// Do a dry run and report its result. Nothing is written to the table.
    DryRun,
    /// Verify the table's items, against an earlier run's journal if `run` names one.
    Verify,
    /// Roll back an earlier run: restore its before-images.
    RollBack,
    /// Continue an earlier run that stopped.
    Resume,
}

impl Action {
    /// The action's name in the input.
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
    /// The monitors that the run watches while it writes.
    pub fn monitors(&self) -> Monitors {
        Monitors {
            calendars: self.calendars.clone(),
            alarms: self.alarms.clone(),
            critical_alarms: self.critical_alarms.clone(),
        }
    }
}
