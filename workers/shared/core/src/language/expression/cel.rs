//! CEL expressions over one item: compiled once, run per item.

use crate::item::value::{Item, Value};
use crate::language::expression::checking::translate::Checked;
pub use crate::language::expression::checking::translate::Purpose;
use crate::language::expression::error::{CompileError, EvaluationError};
use crate::language::expression::evaluate::Evaluation;
use crate::language::expression::node::Node;
use crate::language::expression::parse;
use crate::language::expression::scope::Scope;
use crate::language::finding::Finding;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Expression {
    source: String,
    root: Arc<Node>,
    reads: BTreeSet<String>,
    key_reads: BTreeSet<String>,
}

impl Expression {
    /// Compiles CEL over `item` and `key`.
    pub fn compile(source: &str) -> Result<Self, CompileError> {
        let (expression, findings) = Self::examine(source, Purpose::Value);
        expression.ok_or(CompileError(findings))
    }

    /// Compiles an expression, and finds everything that is wrong with it. There may be findings without an expression,
    /// and with one: those say that no item can have a result, or warn.
    pub fn examine(source: &str, purpose: Purpose) -> (Option<Self>, Vec<Finding>) {
        let Checked { root, names, findings } = parse::parse(source, purpose);
        let compiled =
            |root| Self { source: source.into(), root: Arc::new(root), reads: names.item, key_reads: names.key };
        (root.map(compiled), findings)
    }

    /// The source as the author wrote it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The top-level attributes of `item` that this expression reads.
    pub fn reads(&self) -> &BTreeSet<String> {
        &self.reads
    }

    /// The attributes that this expression reads of `key`.
    pub fn key_reads(&self) -> &BTreeSet<String> {
        &self.key_reads
    }

    /// The result for an item as a DynamoDB value.
    pub fn value(&self, item: &Item) -> Result<Value, EvaluationError> {
        self.value_in(&Scope { item, key: item, element: None })
    }

    /// The result for an item as a condition.
    pub fn holds(&self, item: &Item) -> Result<bool, EvaluationError> {
        self.holds_in(&Scope { item, key: item, element: None })
    }

    /// As [`value`](Self::value), where item and key differ.
    pub fn value_in(&self, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        Evaluation::on(*scope).value(&self.root)?.into_value()
    }

    /// As [`holds`](Self::holds), where item and key differ.
    pub fn holds_in(&self, scope: &Scope<'_>) -> Result<bool, EvaluationError> {
        Evaluation::on(*scope).holds(&self.root)
    }
}

#[cfg(test)]
mod tests;
