//! Calls of functions, and the patterns of those that match.

use super::{Translated, Translator};
use crate::language::expression::checking::faults;
use crate::language::expression::functions::{Function, Signature, Style};
use crate::language::expression::node::Node;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};
use regex::Regex;

/// Upper bound of a compiled pattern, in bytes. It bounds what matching may cost for each byte of a string: at worst about
/// a microsecond. (A `\d` of all scripts takes 7 KB, a `\w` 45 KB.)
const MAX_PATTERN_BYTES: usize = 512 * 1024;

impl Translator<'_> {
    pub(super) fn function(&mut self, tree: &IdedExpr, call: &CallExpr) -> Translated {
        let name = call.func_name.as_str();
        let on_value = call.target.is_some();
        let arguments: Vec<&IdedExpr> = call.target.iter().map(AsRef::as_ref).chain(&call.args).collect();
        let span = self.word_before(tree, name);
        let Some(signature) = Signature::named(name) else {
            self.findings.push(faults::unknown_function(name, span, on_value));
            return self.unknown_macro(call, &arguments);
        };
        let is_misplaced = match signature.style {
            Style::Plain => on_value,
            Style::Method => !on_value,
            Style::Either => false,
        };
        if arguments.len() != signature.arity() || is_misplaced {
            self.findings.push(match arguments.len() == signature.arity() {
                true => faults::call_style(signature, span),
                false => faults::arguments(signature, span, arguments.len()),
            });
            self.nodes(arguments);
            return None;
        }
        match (Function::named(name), arguments.as_slice()) {
            (Some(function), _) => self.nodes(arguments).map(|arguments| Node::Call(function, arguments)),
            (None, [string, pattern]) => {
                let (string, pattern) = (self.boxed(string), self.pattern(name, pattern));
                Some(if name == "matches" {
                    Node::Matches(string?, pattern?)
                } else {
                    Node::Extract(string?, pattern?)
                })
            }
            (None, _) => None,
        }
    }

    /// In `list.any(x, ...)` the macro is unknown, but `x` is still the name of its variable.
    fn unknown_macro(&mut self, call: &CallExpr, arguments: &[&IdedExpr]) -> Translated {
        let outer = self.bound.len();
        if let (Some(_), Some(IdedExpr { expr: Expr::Ident(variable), .. })) = (&call.target, call.args.first()) {
            self.bound.push(variable.clone());
        }
        self.nodes(arguments.iter().copied());
        self.bound.truncate(outer);
        None
    }

    /// A pattern must be the same for all items, so that it is compiled once and its cost is bounded.
    fn pattern(&mut self, function: &str, pattern: &IdedExpr) -> Option<Regex> {
        let span = self.span(pattern);
        let Expr::Literal(LiteralValue::String(source)) = &pattern.expr else {
            return self.fault(faults::computed_pattern(function, span));
        };
        let built = regex::RegexBuilder::new(source.inner()).size_limit(MAX_PATTERN_BYTES).nest_limit(50).build();
        built.map_or_else(|error| self.fault(faults::pattern(&error, span)), Some)
    }
}
