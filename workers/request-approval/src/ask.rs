//! Putting the question.

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
use crate::{Error, Output, Ports, iso, record, requesters};

/// Who is to be told what.
pub(crate) struct Ask {
    pub(crate) run: String,
    pub(crate) epoch: u64,
    pub(crate) token: String,
    pub(crate) execution: String,
    pub(crate) wave: Wave,
}

impl Ask {
    pub(crate) async fn put<B, L, T, V, H>(self, ports: &Ports<B, L, T, V, H>) -> Result<Output, Error>
    where
        B: ReadObject,
        L: Approvals + LockTable + Runs,
        T: Publish,
        H: FindCallers,
    {
        let reviewed = Reviewed::of(&ports.bucket, &self.run).await?;
        let failed = |source| Error::Ledger { run: self.run.clone(), source };
        let asked = (ports.clock)().div_euclid(1000);
        let expires = asked.saturating_add_unsigned(reviewed.plan.approval_timeout_seconds);
        let requesters = self.requesters(ports).await?;
        // Nothing renews the lease while a person thinks, nor while an approval is pending.
        let decided = reviewed.plan.approval.decidable_from(&requesters).unwrap_or(expires).max(expires);
        let lease_until = decided.saturating_add_unsigned(reviewed.plan.lease_seconds);
        let table = &reviewed.plan.table.name;
        if !ports.ledger.renew(table, &self.run, self.epoch, lease_until).await.map_err(failed)? {
            return Err(Error::LeaseLost { run: self.run.clone(), table: table.clone() });
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
        ports.ledger.ask(&self.run, &question, &secrets).await.map_err(failed)?;
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

    /// As far as they are known; what is not known yet is asked for again when the answer is judged.
    async fn requesters<B, L: Runs, T, V, H: FindCallers>(
        &self,
        ports: &Ports<B, L, T, V, H>,
    ) -> Result<Vec<Requester>, Error> {
        let record = record(&ports.ledger, &self.run).await?;
        let found = requesters::found(&ports.ledger, &ports.history, &record, (ports.clock)().div_euclid(1000)).await;
        Ok(found.unwrap_or_else(|error| {
            tracing::warn!(cause = chain(&error), "who started the run is not known yet");
            record.requesters
        }))
    }
}
