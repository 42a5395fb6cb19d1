//! One invocation of a segment worker: called as Lambda calls it, possibly interrupted, and its outcome recorded.

use std::time::Duration;

use tableshift_aws::Clients;
use tableshift_core::ErrorName;
use tableshift_core::plan::child::{Progress, SegmentInput};
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::wave::Wave;
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{Deadline, Named, chain};

use crate::campaign::engines::clock;
use crate::campaign::engines::history::{Actor, Invocation};
use crate::campaign::faults::workers::{Outcome, WorkerFaults};
use crate::campaign::runs::simulation::Simulation;
use crate::campaign::world::state::lock;

/// How an invocation ended: with the worker's progress, with an error's name and message, or interrupted.
pub type InvocationOutcome = Outcome<Result<Progress, (ErrorName, String)>>;

impl Simulation {
    /// Calls a worker once. With `with_faults`, its requests meet the world's faults.
    pub async fn invoke(
        &self,
        phase: Phase,
        run: &str,
        segment: u32,
        with_faults: bool,
        worker_faults: WorkerFaults,
    ) -> InvocationOutcome {
        let number = self.invocations.get() + 1;
        self.invocations.set(number);
        // An attempt that the state machine started before the roll-back began has the token of that time.
        let epoch = self.fenced.get().filter(|_| phase == Phase::Migrate).unwrap_or(self.epoch.get());
        let actor = Actor::Worker(Invocation { run: run.to_owned(), phase, epoch, number });
        let input = SegmentInput { run: run.to_owned(), epoch, wave: Wave::Whole, segment };
        let clients = self.clients(actor.clone(), with_faults);
        {
            let mut world = lock(&self.world);
            world.trace(|| format!("{actor} is called for segment {segment}: {worker_faults:?}"));
            world.segments.insert(number, segment);
        }
        let worker = Box::pin(call_worker(&clients, phase, input, worker_faults.time_limit));
        let outcome = worker_faults.inject_into(worker).await;
        self.record_outcome(&actor, number, with_faults, &outcome);
        outcome
    }

    fn record_outcome(&self, actor: &Actor, number: u32, with_faults: bool, outcome: &InvocationOutcome) {
        let mut world = lock(&self.world);
        world.trace(|| format!("{actor} ended: {outcome:?}"));
        world.count("invocations", 1);
        match outcome {
            Outcome::Returned(Ok(progress)) => {
                if progress.done && !world.troubled.contains(&number) {
                    self.oracle.borrow_mut().untroubled.insert(number);
                }
            }
            Outcome::Returned(Err((name, message))) => {
                world.count(format!("ended with {name}"), 1);
                let may_happen = name.is_retried() || *name == ErrorName::LeaseLost;
                if !may_happen || !with_faults {
                    self.report_violation(format!("{actor} failed with {name}: {message}"));
                }
            }
            Outcome::Killed => {
                world.count("kills", 1);
                world.mark_killed(number);
            }
            Outcome::TimedOut => {
                world.count("deadlines overrun", 1);
                world.mark_killed(number);
                if !with_faults {
                    self.report_violation(format!("{actor} did not end in time"));
                }
            }
        }
    }
}

/// Whether the worker returned and its segment is done.
pub fn is_done(outcome: &InvocationOutcome) -> bool {
    matches!(outcome, Outcome::Returned(Ok(progress)) if progress.done)
}

/// Calls a phase's worker with the clients of a deployed function.
async fn call_worker(
    clients: &Clients,
    phase: Phase,
    input: SegmentInput,
    time_limit: Duration,
) -> Result<Progress, (ErrorName, String)> {
    let deadline = Deadline::by_clock((clock::now() as u64) + time_limit.as_millis() as u64, clock::now);
    let (bucket, ledger) = (clients.bucket(), clients.ledger());
    let items = clients.items();
    match phase {
        Phase::Migrate => {
            let ports = migrate_segment::Ports { bucket, ledger, items, registry: REGISTRY, clock: clock::now };
            migrate_segment::run(&ports, &clients.monitor_reader(), input, deadline).await.map_err(named)
        }
        Phase::Verify => {
            let ports = verify_segment::Ports { bucket, ledger, items, registry: REGISTRY, clock: clock::now };
            verify_segment::run(&ports, input, deadline).await.map_err(named)
        }
        Phase::RollBack => {
            let ports = roll_back_segment::Ports { bucket, ledger, items, registry: REGISTRY, clock: clock::now };
            roll_back_segment::run(&ports, input, deadline).await.map_err(named)
        }
        Phase::DryRun => unreachable!("a dry run writes nothing that could be lost"),
    }
}

fn named(error: impl Named) -> (ErrorName, String) {
    (error.name(), chain(&error))
}
