//! What an evaluation may cost: counted in steps, so that the same item always ends the same way, on any machine.

use crate::language::expression::error::EvaluationError;
use std::cell::Cell;

/// What evaluating one expression on one item may cost, in steps. One step is at most a tenth of a microsecond or so.
const MAX_STEPS: u64 = 4_000_000;
/// The largest text, list or map that an expression may make on its way, in bytes: more than any item holds.
pub(crate) const MAX_MADE_BYTES: usize = 1024 * 1024;

/// What is left of the budget.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Cell<u64>,
}

impl Budget {
    pub(crate) fn full() -> Self {
        Self { left: Cell::new(MAX_STEPS) }
    }

    /// Charges steps.
    pub(crate) fn charge(&self, steps: usize) -> Result<(), EvaluationError> {
        let left = self.left.get().checked_sub(steps as u64).ok_or(EvaluationError::TooCostly)?;
        self.left.set(left);
        Ok(())
    }

    /// Charges reading or copying this many bytes.
    pub(crate) fn charge_bytes(&self, bytes: usize) -> Result<(), EvaluationError> {
        self.charge(bytes / 16 + 1)
    }

    /// Charges making a value of this many bytes.
    pub(crate) fn charge_made(&self, bytes: usize) -> Result<(), EvaluationError> {
        if bytes > MAX_MADE_BYTES {
            return Err(EvaluationError::Execution(format!(
                "makes a value of {bytes} bytes, more than any item holds"
            )));
        }
        self.charge(bytes / 8 + 4)
    }
}
