//! From the syntax tree of an expression to its checked form.
//!
//! Translating finds which attributes an expression reads. That set is what the write's condition guards, so an expression
//! must name attributes: `item` as a whole, or an attribute chosen by another value, is refused.

use crate::item::numbers;
use crate::item::value::{Binary, Value};
use crate::language::expression::error::CompileError;
use crate::language::expression::functions::Function;
use crate::language::expression::node::{Loop, Node, Operator, Variable};
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, MapExpr, operators};
use regex::Regex;
use std::collections::BTreeSet;

/// How deep an expression may nest, operators included.
const MAX_DEPTH: usize = 100;
/// How deep loops over lists may nest.
const MAX_LOOPS: usize = 2;
/// Upper bound of a compiled pattern, in bytes. It bounds what matching may cost for each byte of a text: at worst about a
/// microsecond. (A `\d` of all scripts takes 7 KB, a `\w` 45 KB.)
const MAX_PATTERN_BYTES: usize = 512 * 1024;

/// What an expression reads, gathered while it is translated.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// The attributes of `item`.
    pub(crate) item: BTreeSet<String>,
    /// The attributes of `key`.
    pub(crate) key: BTreeSet<String>,
    with_element: bool,
    bound: Vec<String>,
    depth: usize,
}

type Translated = Result<Node, CompileError>;

impl Names {
    pub(crate) fn new(with_element: bool) -> Self {
        Self { with_element, ..Self::default() }
    }

    /// Translates a whole expression.
    pub(crate) fn translate(mut self, tree: &IdedExpr) -> Result<(Node, Self), CompileError> {
        let node = self.node(tree)?;
        Ok((node, self))
    }

    fn node(&mut self, tree: &IdedExpr) -> Translated {
        if self.depth >= MAX_DEPTH {
            return Err(CompileError::TooDeep);
        }
        self.depth += 1;
        let node = match &tree.expr {
            Expr::Literal(value) => literal(value).map(Node::Literal),
            Expr::Ident(name) => self.name(name),
            Expr::Select(select) => self.select(&select.operand, &select.field, select.test),
            Expr::Call(call) => self.call(call),
            Expr::List(list) if list.optional_indices.is_empty() => self.nodes(&list.elements).map(Node::List),
            Expr::Map(map) => self.map(map),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::List(_) | Expr::Struct(_) | Expr::Unspecified => Err(CompileError::Unsupported("this construction")),
        };
        self.depth -= 1;
        node
    }

    fn boxed(&mut self, tree: &IdedExpr) -> Result<Box<Node>, CompileError> {
        self.node(tree).map(Box::new)
    }

    fn nodes(&mut self, trees: &[IdedExpr]) -> Result<Vec<Node>, CompileError> {
        trees.iter().map(|tree| self.node(tree)).collect()
    }

    fn variable(&self, tree: &IdedExpr) -> Option<Variable> {
        match &tree.expr {
            Expr::Ident(name) if self.bound.contains(name) => None,
            Expr::Ident(name) => match name.as_str() {
                "item" => Some(Variable::Item),
                "key" => Some(Variable::Key),
                "element" if self.with_element => Some(Variable::Element),
                _ => None,
            },
            _ => None,
        }
    }

    fn name(&mut self, name: &str) -> Translated {
        match self.bound.iter().rposition(|bound| bound == name) {
            Some(depth) => Ok(Node::Local(depth)),
            None if name == "element" && self.with_element => Ok(Node::Path(Variable::Element, Vec::new())),
            None if name == "item" || name == "key" => Err(CompileError::WholeItem(name.into())),
            None => Err(CompileError::UnknownName(name.into())),
        }
    }

    /// Notes that an attribute is read.
    fn read(&mut self, variable: Variable, attribute: &str) {
        match variable {
            Variable::Item => drop(self.item.insert(attribute.to_owned())),
            Variable::Key => drop(self.key.insert(attribute.to_owned())),
            Variable::Element => {}
        }
    }

    fn select(&mut self, operand: &IdedExpr, field: &str, test: bool) -> Translated {
        if let Some(variable) = self.variable(operand) {
            self.read(variable, field);
            return Ok(match test {
                true => Node::HasAttribute(variable, field.to_owned()),
                false => Node::Path(variable, vec![field.to_owned()]),
            });
        }
        let operand = self.node(operand)?;
        Ok(match (operand, test) {
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
        Ok(Node::Index(self.boxed(of)?, self.boxed(at)?))
    }

    fn call(&mut self, call: &CallExpr) -> Translated {
        if let Some(operator) = operator(&call.func_name) {
            let [a, b] = call.args.as_slice() else { return Err(CompileError::Unsupported("this operator")) };
            return Ok(Node::Binary(operator, Box::new([self.node(a)?, self.node(b)?])));
        }
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_NOT, [inner]) => Ok(Node::Not(self.boxed(inner)?)),
            (operators::NEGATE, [inner]) => self.negate(inner),
            (operators::LOGICAL_AND, [a, b]) => Ok(Node::And(self.boxed(a)?, self.boxed(b)?)),
            (operators::LOGICAL_OR, [a, b]) => Ok(Node::Or(self.boxed(a)?, self.boxed(b)?)),
            (operators::CONDITIONAL, [condition, yes, no]) => {
                Ok(Node::Conditional(Box::new([self.node(condition)?, self.node(yes)?, self.node(no)?])))
            }
            (operators::INDEX, [of, at]) => self.index(of, at),
            (name, _) if !name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                Err(CompileError::Unsupported("this operator"))
            }
            _ => self.function(call),
        }
    }

    fn negate(&mut self, inner: &IdedExpr) -> Translated {
        Ok(match self.node(inner)? {
            Node::Literal(Value::N(number)) if !number.starts_with('-') && number != "0" => {
                Node::Literal(Value::N(format!("-{number}")))
            }
            inner => Node::Negate(Box::new(inner)),
        })
    }

    fn function(&mut self, call: &CallExpr) -> Translated {
        let name = call.func_name.as_str();
        let arguments: Vec<&IdedExpr> = call.target.iter().map(AsRef::as_ref).chain(&call.args).collect();
        match (name, arguments.as_slice()) {
            ("extract", [text, pattern]) if call.target.is_none() => {
                Ok(Node::Extract(self.boxed(text)?, compile_pattern(name, pattern)?))
            }
            ("matches", [text, pattern]) => Ok(Node::Matches(self.boxed(text)?, compile_pattern(name, pattern)?)),
            ("extract" | "matches", _) => {
                Err(CompileError::Arguments { function: name.into(), takes: "(text, pattern)" })
            }
            _ => {
                let function = Function::named(name).ok_or_else(|| CompileError::UnknownFunction(name.into()))?;
                function.check_call(call.target.is_some(), arguments.len())?;
                let arguments = arguments.into_iter().map(|argument| self.node(argument));
                Ok(Node::Call(function, arguments.collect::<Result<_, _>>()?))
            }
        }
    }

    fn map(&mut self, map: &MapExpr) -> Translated {
        let entries = map.entries.iter().map(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) if !entry.optional => Ok((self.node(&entry.key)?, self.node(&entry.value)?)),
            _ => Err(CompileError::Unsupported("this construction")),
        });
        entries.collect::<Result<_, _>>().map(Node::Map)
    }

    /// A macro that the parser wrote out as a fold: only those that it writes so exist.
    fn comprehension(&mut self, fold: &ComprehensionExpr) -> Translated {
        let range = self.boxed(&fold.iter_range)?;
        if self.bound.len() >= MAX_LOOPS {
            return Err(CompileError::TooManyLoops);
        }
        if matches!(fold.iter_var.as_str(), "item" | "key" | "element") {
            return Err(CompileError::Shadowed(fold.iter_var.clone()));
        }
        self.bound.push(fold.iter_var.clone());
        let kind = self.kind_of_loop(fold);
        self.bound.pop();
        Ok(Node::Loop(range, kind?))
    }

    fn kind_of_loop(&mut self, fold: &ComprehensionExpr) -> Result<Loop, CompileError> {
        let (step, arguments) = match &fold.loop_step.expr {
            Expr::Call(step) => (step.func_name.as_str(), step.args.as_slice()),
            _ => ("", Default::default()),
        };
        match (step, arguments) {
            (operators::LOGICAL_AND, [_, body]) => self.boxed(body).map(Loop::All),
            (operators::LOGICAL_OR, [_, body]) => self.boxed(body).map(Loop::Exists),
            (operators::ADD, [_, list]) => Ok(Loop::Collect { when: None, element: self.collected(list)? }),
            (operators::CONDITIONAL, [body, grown, _]) => match (&fold.accu_init.expr, &grown.expr) {
                (Expr::List(_), Expr::Call(CallExpr { args, .. })) if args.len() == 2 => {
                    Ok(Loop::Collect { when: Some(self.boxed(body)?), element: self.collected(&args[1])? })
                }
                _ => self.boxed(body).map(Loop::ExistsOne),
            },
            _ => Err(CompileError::Unsupported("this loop")),
        }
    }

    fn collected(&mut self, list: &IdedExpr) -> Result<Box<Node>, CompileError> {
        match &list.expr {
            Expr::List(list) if list.elements.len() == 1 => self.boxed(&list.elements[0]),
            _ => Err(CompileError::Unsupported("this loop")),
        }
    }
}

fn operator(name: &str) -> Option<Operator> {
    Some(match name {
        operators::ADD => Operator::Add,
        operators::SUBSTRACT => Operator::Subtract,
        operators::MULTIPLY => Operator::Multiply,
        operators::DIVIDE => Operator::Divide,
        operators::MODULO => Operator::Modulo,
        operators::EQUALS => Operator::Equal,
        operators::NOT_EQUALS => Operator::NotEqual,
        operators::LESS => Operator::Less,
        operators::LESS_EQUALS => Operator::LessEqual,
        operators::GREATER => Operator::Greater,
        operators::GREATER_EQUALS => Operator::GreaterEqual,
        operators::IN => Operator::In,
        _ => return None,
    })
}

fn compile_pattern(function: &str, pattern: &IdedExpr) -> Result<Regex, CompileError> {
    let Expr::Literal(LiteralValue::String(text)) = &pattern.expr else {
        return Err(CompileError::ComputedPattern(function.into()));
    };
    regex::RegexBuilder::new(text.inner())
        .size_limit(MAX_PATTERN_BYTES)
        .nest_limit(50)
        .build()
        .map_err(|source| CompileError::Pattern(Box::new(source)))
}

fn literal(value: &LiteralValue) -> Result<Value, CompileError> {
    Ok(match value {
        LiteralValue::Boolean(b) => Value::Bool(*b.inner()),
        LiteralValue::Int(i) => Value::N(i.inner().to_string()),
        LiteralValue::UInt(u) => Value::N(u.inner().to_string()),
        LiteralValue::Double(f) => {
            Value::N(numbers::from_float(*f.inner()).ok_or(CompileError::Unsupported("a number out of range"))?)
        }
        LiteralValue::String(text) => Value::s(text.inner()),
        LiteralValue::Bytes(bytes) => Value::B(Binary(bytes.inner().to_vec())),
        LiteralValue::Null => Value::Null(true),
    })
}
