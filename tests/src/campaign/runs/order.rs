//! The order in which a seed plays the phases of a run, and what that order forbids.

use std::time::Duration;

use tableshift_core::plan::phase::Phase;
use tokio::time::sleep;

use crate::campaign::actors::application::ApplicationMode;
use crate::campaign::engines::history::{Effect, Event};
use crate::campaign::engines::random::Random;
use crate::campaign::faults::requests::RequestFaults;
use crate::campaign::runs::simulation::Simulation;
use crate::campaign::world::network::READ_TIMEOUT;
use crate::campaign::world::state::lock;

/// The order of the phases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Each phase begins when nothing of the one before is under way: Migrate to its end, Verify, another run, and the
    /// roll-back in a new execution.
    Quiet,
    /// The roll-back begins in Migrate's own execution, while attempts of Migrate and their late requests are still under
    /// way: a new fencing token, the settling wait, the roll-back.
    ///
    /// The settling wait assumes that a write arrives in time after its worker's last look at the lock. So no stall is
    /// longer than [`SHORT_STALL`](crate::campaign::faults::workers::SHORT_STALL) in these seeds, and no write takes effect
    /// later than the worker waits for its answer.
    Fenced,
}

impl Order {
    /// The order of a seed.
    pub fn random(random: &mut Random) -> Self {
        if random.percent(35) { Self::Fenced } else { Self::Quiet }
    }

    /// The request faults that the order allows.
    pub fn limit(self, faults: RequestFaults) -> RequestFaults {
        match self {
            Self::Quiet => faults,
            Self::Fenced => faults.with_prompt_writes(READ_TIMEOUT),
        }
    }
}

impl Simulation {
    /// A run that is rolled back while it is written.
    pub(super) async fn run_and_roll_back(self, mode: ApplicationMode, keys: &[String], random: &mut Random) -> Self {
        self.oracle.borrow_mut().settles = true;
        let writers = self.start_application(mode, keys, random);
        let begin = Duration::from_millis(random.log_uniform(16));
        let mut own = Random::new(random.next(), 0);
        let migrate = self.run_phase_with_faults(Phase::Migrate, &mut own);
        let roll_back = async {
            sleep(begin).await;
            lock(&self.world).count("roll-backs while Migrate lives", 1);
            self.begin_roll_back().await;
            if random.percent(60) {
                self.run_phase_with_faults(Phase::RollBack, random).await;
            }
        };
        futures::join!(migrate, roll_back);
        for writer in writers {
            writer.await.expect("the application does not panic");
        }
        self.wait_until_idle().await;
        self.roll_back(&self.plan.run).await;
        self.roll_back_again().await;
        self
    }

    /// Rolls the run back once more after a complete roll-back, in a new execution. It accounts for every item and writes
    /// none.
    pub(super) async fn roll_back_again(&self) {
        let seen = lock(&self.world).history.len();
        self.take_over(&self.plan.run).await;
        self.roll_back(&self.plan.run).await;
        let is_write = |event: &&Event| matches!(event.effect, Effect::Item { .. });
        let written = lock(&self.world).history[seen..].iter().filter(is_write).count();
        if written > 0 {
            self.report_violation(format!("a second roll-back wrote {written} items"));
        }
    }
}
