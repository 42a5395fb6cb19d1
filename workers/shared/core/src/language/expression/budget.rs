//! The limit on what one evaluation may cost. It is counted in steps, not in time, so that the same item always gives the
//! same result, on any machine.

use crate::language::expression::error::EvaluationError;
use std::cell::Cell;

/// The steps that one expression may take on one item. A step takes about a tenth of a microsecond at most.
const MAX_STEPS: u64 = 4_000_000;
/// The largest string, list or map that an expression may create, in bytes. Items are smaller: at most 400 KB.
pub(crate) const MAX_CREATED_BYTES: usize = 1024 * 1024;

/// The steps that an evaluation has left.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Cell<u64>,
}

impl Budget {
    /// The budget of a new evaluation.
    pub(crate) fn full() -> Self {
        Self { left: Cell::new(MAX_STEPS) }
    }

    /// Charges this many steps.
    pub(crate) fn charge(&self, steps: usize) -> Result<(), EvaluationError> {
        let left = self.left.get().checked_sub(steps as u64).ok_or(EvaluationError::TooCostly)?;
        self.left.set(left);
        Ok(())
    }

    /// Charges for reading or copying this many bytes.
    pub(crate) fn charge_bytes(&self, bytes: usize) -> Result<(), EvaluationError> {
        self.charge(bytes / 16 + 1)
    }

    /// Charges for creating a value of this many bytes.
    pub(crate) fn charge_created(&self, bytes: usize) -> Result<(), EvaluationError> {
        if bytes > MAX_CREATED_BYTES {
            return Err(EvaluationError::Execution(format!(
                "creates a value of {bytes} bytes, which is more than an item can hold"
            )));
        }
        self.charge(bytes / 8 + 4)
    }
}
