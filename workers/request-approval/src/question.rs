//! Asks the question: stores it in the ledger and sends the message to the approvers.

use tableshift_aws::identity::starts::FindCallers;
use tableshift_aws::ledger::approvals::{Approvals, Question, Secrets};
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::runs::Runs;
use tableshift_aws::s3::ReadObject;
use tableshift_aws::sns::Publish;
use tableshift_core::approval::rules::Requester;
use tableshift_core::item::hash;
use tableshift_core::plan::wave::Wave;
use tableshift_runtime::chain;

use crate::message::Request;
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
    pub(crate) async fn ask<B, L, T, V, H>(self, ports: &Ports<B, L, T, V, H>) -> Result<Output, Error>
    where
        B: ReadObject,
        L: Approvals + LockTable + Runs,
        T: Publish,
        H: FindCallers,
    {
        let reviewed = Reviewed::read(&ports.bucket, &self.run).await?;
        let ledger_error = |source| Error::Ledger { run: self.run.clone(), source };
        let asked = ports.epoch_seconds();
        let expires = asked.saturating_add_unsigned(reviewed.plan.approval_timeout_seconds);
        let requesters = self.requesters(ports).await?;
        self.renew_lease(&ports.ledger, &reviewed, &requesters, expires).await?;
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

    /// Renews the lease so that it outlasts the question and a pending approval: nothing renews it in the meantime.
    /// `expires` is in epoch seconds.
    async fn renew_lease(
        &self,
        ledger: &impl LockTable,
        reviewed: &Reviewed,
        requesters: &[Requester],
        expires: i64,
    ) -> Result<(), Error> {
        let plan = &reviewed.plan;
        let decided = plan.approval.decidable_from(requesters).unwrap_or(expires).max(expires);
        let lease_until = decided.saturating_add_unsigned(plan.lease_seconds);
        let renewed = ledger.renew(&plan.table.name, &self.run, self.epoch, lease_until).await;
        match renewed.map_err(|source| Error::Ledger { run: self.run.clone(), source })? {
            true => Ok(()),
            false => Err(Error::LeaseLost { run: self.run.clone(), table: plan.table.name.clone() }),
        }
    }

    /// The requesters that are known now. The others are looked up when the answer is judged.
    async fn requesters<B, L: Runs, T, V, H: FindCallers>(
        &self,
        ports: &Ports<B, L, T, V, H>,
    ) -> Result<Vec<Requester>, Error> {
        let record = read_record(&ports.ledger, &self.run).await?;
        let found = requesters::look_up(&ports.ledger, &ports.history, &record, ports.epoch_seconds()).await;
        Ok(found.unwrap_or_else(|error| {
            tracing::warn!(cause = chain(&error), "it is not known yet who started the run");
            record.requesters
        }))
    }
}
