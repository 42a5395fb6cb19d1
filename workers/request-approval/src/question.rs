//! Asks the question: stores it in the ledger and sends the message to the approvers.

use tableshift_aws::identity::starts::FindCallers;
use tableshift_aws::ledger::approvals::{Question, Secrets};
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::s3::ReadObject;
use tableshift_aws::sns::Publish;
use tableshift_core::item::hash;
use tableshift_core::plan::wave::Wave;
use tableshift_runtime::chain;

use crate::message::Request;
use crate::requesters::{LIMIT_OF_QUESTION, LookUp};
use crate::reviewed::Reviewed;
use crate::{Error, Output, Ports, iso, read_record, requesters};

/// The fields of [`Input::Ask`](crate::Input::Ask).
pub(crate) struct Ask {
    pub(crate) run: String,
    pub(crate) epoch: u64,
    pub(crate) token: String,
    pub(crate) execution: String,
    pub(crate) wave: Wave,
}

impl Ask {
    pub(crate) async fn ask<B, T, V, H>(self, ports: &Ports<B, T, V, H>) -> Result<Output, Error>
    where
        B: ReadObject,
        T: Publish,
        H: FindCallers,
    {
        let reviewed = Reviewed::read(&ports.bucket, &self.run).await?;
        let ledger_error = |source| Error::Ledger { run: self.run.clone(), source };
        let asked = ports.epoch_seconds();
        let expires = asked.saturating_add_unsigned(reviewed.plan.approval_timeout_seconds);
        let record = read_record(&ports.ledger, &self.run).await?;
        // Nothing renews the lease while the question or an approval is pending.
        let rules = &reviewed.plan.approval;
        let decided = rules.decidable_from(&requesters::recorded(&record)).unwrap_or(expires).max(expires);
        ports.ledger.renew_beyond(&reviewed.plan, self.epoch, decided).await?;
        // The others are looked up when the answer is judged.
        let LookUp { requesters, error, .. } =
            requesters::look_up(&ports.ledger, &ports.history, &record, rules, asked, asked, LIMIT_OF_QUESTION)
                .await
                .map_err(ledger_error)?;
        if let Some(error) = error {
            tracing::warn!(cause = chain(&error), "it is not known yet who started the run");
        }
        let secret = hash::of_bytes(&(ports.random)());
        let question = Question {
            id: hash::of_bytes(secret.as_bytes()),
            asked_at: iso(asked),
            expires_at: iso(expires),
            plan_hash: reviewed.plan.hash(),
            report_hash: reviewed.hash.clone(),
        };
        let secrets = Secrets { question: question.id.clone(), token: self.token.clone(), secret };
        ports.ledger.ask(&self.run, &question, &secrets).await.map_err(ledger_error)?;
        let request = Request {
            plan: &reviewed.plan,
            report: &reviewed.report,
            wave: self.wave,
            question: &question,
            execution: &self.execution,
            at: asked.saturating_mul(1000),
            requesters: &requesters,
        };
        let sent = ports.topic.publish(&request.message()).await;
        sent.map_err(|source| Error::Publish { run: self.run.clone(), source })?;
        tracing::info!(expires_at = question.expires_at, report_hash = question.report_hash, "asked");
        Ok(Output::Asked {})
    }
}
