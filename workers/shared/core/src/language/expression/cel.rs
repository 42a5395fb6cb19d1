//! CEL expressions over one item: compiled once, run per item.

use crate::change::filter::Filter;
use crate::item::value::{Item, Value};
use crate::language::expression::error::{CompileError, EvaluationError};
use crate::language::expression::evaluate::Evaluation;
use crate::language::expression::node::Node;
use crate::language::expression::parse;
use crate::language::expression::translate::Names;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What an expression is evaluated on.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'i> {
    /// The item, as the steps before left it.
    pub item: &'i Item,
    /// The item's key attributes, or the item as it was read.
    pub key: &'i Item,
    /// The element of a list that a step is at.
    pub element: Option<&'i Value>,
}

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
        Self::parsed(source, parse::parse(source, false)?)
    }

    /// Compiles CEL over `item`, `key` and `element`.
    pub fn compile_for_element(source: &str) -> Result<Self, CompileError> {
        Self::parsed(source, parse::parse(source, true)?)
    }

    fn parsed(source: &str, (root, names): (Node, Names)) -> Result<Self, CompileError> {
        Ok(Self { source: source.into(), root: Arc::new(root), reads: names.item, key_reads: names.key })
    }

    /// The text as the author wrote it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The checked form.
    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// What DynamoDB can be told of the items for which this expression is not false.
    pub fn filter(&self) -> Option<Filter> {
        Filter::of(&self.root)
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
