//! From the syntax tree of an expression to its checked form. Every rule of expressions is checked here, and each fault
//! becomes a finding at the node that has it; the other parts are still checked.
//!
//! Translating finds which attributes an expression reads. The write's condition guards that set, so an expression must
//! name attributes: `item` as a whole, or an attribute chosen by another value, is refused.

use crate::item::value::Value;
use crate::language::expression::checking::faults;
use crate::language::expression::checking::types::Type;
use crate::language::expression::node::{Node, Operator, Variable};
use crate::language::finding::{Code, Finding};
use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, MapExpr, SourceInfo, operators};
use std::collections::BTreeSet;
use std::ops::Range;

mod calls;
mod literals;
mod loops;

/// How deep an expression may nest, operators included.
const MAX_DEPTH: usize = 100;

/// What an expression is for. That decides what it must give and which names it may use beside `item` and `key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A condition, which must give true or false.
    Condition,
    /// A value of any type.
    Value,
    /// A value for each element of a list, which the expression reads as `element`.
    ValueOfElement,
}

/// The attributes that an expression reads.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// The attributes of `item`.
    pub(crate) item: BTreeSet<String>,
    /// The attributes of `key`.
    pub(crate) key: BTreeSet<String>,
}

/// An expression in checked form. Without a root there is at least one finding that is an error.
pub(crate) struct Checked {
    pub(crate) root: Option<Node>,
    pub(crate) names: Names,
    /// The problems, each at bytes of the source.
    pub(crate) findings: Vec<Finding>,
}

impl Checked {
    pub(crate) fn refused(findings: Vec<Finding>) -> Self {
        Self { root: None, names: Names::default(), findings }
    }
}

/// Translates one expression.
pub(crate) struct Translator<'t> {
    source: &'t str,
    info: SourceInfo,
    purpose: Purpose,
    names: Names,
    /// The variables of the loops around the present node, outermost first.
    bound: Vec<String>,
    depth: usize,
    findings: Vec<Finding>,
}

/// A part in checked form. Nothing if it has a fault, for which there is a finding.
type Translated = Option<Node>;

impl<'t> Translator<'t> {
    pub(crate) fn new(source: &'t str, info: SourceInfo, purpose: Purpose) -> Self {
        let (names, bound, findings) = (Names::default(), Vec::new(), Vec::new());
        Self { source, info, purpose, names, bound, depth: 0, findings }
    }

    /// Translates a whole expression.
    pub(crate) fn translate(mut self, tree: &IdedExpr) -> Checked {
        let root = self.node(tree);
        let whole = 0..self.source.len();
        match self.purpose {
            Purpose::Condition => {
                let gives = Type::of(root.as_ref());
                if gives.differs(Type::Bool) {
                    self.findings.push(faults::not_a_condition(gives, whole));
                }
            }
            Purpose::Value | Purpose::ValueOfElement => {
                let lone = matches!(&tree.expr, Expr::Ident(_)) && self.findings.len() == 1;
                if let Some(name) = self.findings.pop_if(|one| lone && one.code == Code::UnknownName) {
                    self.findings.push(faults::unquoted(self.source, name));
                }
            }
        }
        Checked { root, names: self.names, findings: self.findings }
    }

    /// Reports a fault of the present part.
    fn fault<T>(&mut self, finding: Finding) -> Option<T> {
        self.findings.push(finding);
        None
    }

    fn node(&mut self, tree: &IdedExpr) -> Translated {
        if self.depth >= MAX_DEPTH {
            let finding = faults::too_deep(self.span(tree));
            let is_known = self.findings.iter().any(|known| known.message == finding.message);
            return if is_known { None } else { self.fault(finding) };
        }
        self.depth += 1;
        let node = match &tree.expr {
            Expr::Literal(value) => self.literal(tree, value).map(Node::Literal),
            Expr::Ident(name) => self.name(tree, name),
            Expr::Select(select) => self.select(&select.operand, &select.field, select.test),
            Expr::Call(call) => self.call(tree, call),
            Expr::List(list) if list.optional_indices.is_empty() => self.nodes(&list.elements).map(Node::List),
            Expr::Map(map) => self.map(tree, map),
            Expr::Comprehension(fold) => self.fold(tree, fold),
            Expr::Struct(message) => {
                let span = self.word_before(tree, &message.type_name);
                self.fault(faults::message_of_cel(span))
            }
            Expr::List(_) | Expr::Unspecified => self.fault(faults::unsupported("this construction", self.span(tree))),
        };
        self.depth -= 1;
        node
    }

    fn boxed(&mut self, tree: &IdedExpr) -> Option<Box<Node>> {
        self.node(tree).map(Box::new)
    }

    /// Translates all of them, even after a fault.
    fn nodes<'e>(&mut self, trees: impl IntoIterator<Item = &'e IdedExpr>) -> Option<Vec<Node>> {
        let nodes: Vec<Translated> = trees.into_iter().map(|tree| self.node(tree)).collect();
        nodes.into_iter().collect()
    }

    fn variable(&self, tree: &IdedExpr) -> Option<Variable> {
        match &tree.expr {
            Expr::Ident(name) if self.bound.contains(name) => None,
            Expr::Ident(name) => match name.as_str() {
                "item" => Some(Variable::Item),
                "key" => Some(Variable::Key),
                "element" if self.purpose == Purpose::ValueOfElement => Some(Variable::Element),
                _ => None,
            },
            _ => None,
        }
    }

    fn name(&mut self, tree: &IdedExpr, name: &str) -> Translated {
        if let Some(depth) = self.bound.iter().rposition(|bound| bound == name) {
            return Some(Node::Local(depth));
        }
        let span = self.span(tree);
        let finding = match self.variable(tree) {
            Some(Variable::Element) => return Some(Node::Path(Variable::Element, Vec::new())),
            Some(Variable::Item | Variable::Key) => faults::whole_item(name, span),
            None => {
                let element = (self.purpose == Purpose::ValueOfElement).then_some("element");
                faults::unknown_name(name, span, element.into_iter().chain(["item", "key"]))
            }
        };
        self.fault(finding)
    }

    /// Notes that an attribute is read.
    fn read(&mut self, variable: Variable, attribute: &str) {
        match variable {
            Variable::Item => drop(self.names.item.insert(attribute.to_owned())),
            Variable::Key => drop(self.names.key.insert(attribute.to_owned())),
            Variable::Element => {}
        }
    }

    fn select(&mut self, operand: &IdedExpr, field: &str, test: bool) -> Translated {
        if let Some(variable) = self.variable(operand) {
            self.read(variable, field);
            return Some(match test {
                true => Node::HasAttribute(variable, field.to_owned()),
                false => Node::Path(variable, vec![field.to_owned()]),
            });
        }
        Some(match (self.node(operand)?, test) {
            (operand, true) => Node::Has(Box::new(operand), field.to_owned()),
            (Node::Path(variable, mut names), false) => {
                names.push(field.to_owned());
                Node::Path(variable, names)
            }
            (operand, false) => Node::Select(Box::new(operand), field.to_owned()),
        })
    }

    fn index(&mut self, of: &IdedExpr, at: &IdedExpr) -> Translated {
        if let Expr::Literal(LiteralValue::String(name)) = &at.expr {
            return self.select(of, name.inner(), false);
        }
        let (of, at) = (self.boxed(of), self.boxed(at));
        Some(Node::Index(of?, at?))
    }

    fn call(&mut self, tree: &IdedExpr, call: &CallExpr) -> Translated {
        if let ([a, b], Some(operator)) = (call.args.as_slice(), Operator::named(&call.func_name)) {
            return self.binary(tree, operator, a, b);
        }
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_NOT, [inner]) => self.condition(tree, inner).map(Node::Not),
            (operators::NEGATE, [inner]) => self.negate(inner),
            (name @ (operators::LOGICAL_AND | operators::LOGICAL_OR), [a, b]) => {
                let (a, b) = (self.condition(tree, a), self.condition(tree, b));
                Some(if name == operators::LOGICAL_AND { Node::And(a?, b?) } else { Node::Or(a?, b?) })
            }
            (operators::CONDITIONAL, [condition, yes, no]) => {
                let [condition, yes, no] = [condition, yes, no].map(|part| self.node(part));
                Some(Node::Conditional(Box::new([condition?, yes?, no?])))
            }
            (operators::INDEX, [of, at]) => self.index(of, at),
            (name, _) if !name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                self.fault(faults::unsupported("this operator", self.span(tree)))
            }
            _ => self.function(tree, call),
        }
    }

    /// An operand of `operator` that must be true or false.
    fn condition(&mut self, operator: &IdedExpr, tree: &IdedExpr) -> Option<Box<Node>> {
        let node = self.node(tree);
        let given = Type::of(node.as_ref());
        if given.differs(Type::Bool) {
            self.findings.push(faults::not_an_operand(given, self.span(operator)));
        }
        node.map(Box::new)
    }

    fn binary(&mut self, tree: &IdedExpr, operator: Operator, a: &IdedExpr, b: &IdedExpr) -> Translated {
        let (a, b) = (self.node(a), self.node(b));
        let (left, right) = (Type::of(a.as_ref()), Type::of(b.as_ref()));
        if left.differs(right) {
            self.findings.extend(faults::operands(operator, left, right, self.span(tree)));
        }
        Some(Node::Binary(operator, Box::new([a?, b?])))
    }

    fn negate(&mut self, inner: &IdedExpr) -> Translated {
        Some(match self.node(inner)? {
            Node::Literal(Value::N(number)) if !number.starts_with('-') && number != "0" => {
                Node::Literal(Value::N(format!("-{number}")))
            }
            inner => Node::Negate(Box::new(inner)),
        })
    }

    fn map(&mut self, tree: &IdedExpr, map: &MapExpr) -> Translated {
        let entries = map.entries.iter().map(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) if !entry.optional => {
                let (key, value) = (self.node(&entry.key), self.node(&entry.value));
                Some((key?, value?))
            }
            _ => self.fault(faults::unsupported("this construction", self.span(tree))),
        });
        let entries: Vec<_> = entries.collect();
        entries.into_iter().collect::<Option<_>>().map(Node::Map)
    }

    /// The bytes of the source that a node's token covers: an operator, a name, a call's bracket.
    fn span(&self, node: &IdedExpr) -> Range<usize> {
        let whole = 0..self.source.len();
        let Some((start, stop)) = self.info.offset_for(node.id) else { return whole };
        let start = (start as usize).min(self.source.len());
        let end = (stop as usize + 1).clamp(start, self.source.len());
        let span = start..end;
        if self.source.get(span.clone()).is_some() { span } else { whole }
    }

    /// The bytes of a function's name, which stands before the bracket that is its call's place.
    fn word_before(&self, node: &IdedExpr, name: &str) -> Range<usize> {
        let at = self.span(node);
        match self.source[..at.start].trim_end().strip_suffix(name) {
            Some(before) => before.len()..before.len() + name.len(),
            None => at,
        }
    }
}
