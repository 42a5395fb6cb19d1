//! What an expression names, calls and compares: everything that cannot be right for any item.
//!
//! Places are bytes of the expression's own text; [`expression`](super::expression) finds them in the document.

use super::finding::Code;
use super::suggest::nearest;
use super::types::Type;
use crate::language::expression::functions::{FUNCTIONS, Signature, Style};
use crate::language::expression::parse;
use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use std::ops::Range;

/// A problem within an expression.
#[derive(Debug)]
pub struct Problem {
    /// What kind it is.
    pub code: Code,
    /// Where: bytes of the expression.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// A few words under the place.
    pub label: String,
    /// What to do.
    pub help: Vec<String>,
    /// Why to replace the place, and by what.
    pub replace: Option<(String, String)>,
    /// Whether the migration could run all the same.
    pub warning: bool,
}

/// Every problem of an expression that parses.
pub fn problems(text: &str, condition: bool, variables: &[&str]) -> Vec<Problem> {
    let Some((root, source)) = parse::tree(text) else { return Vec::new() };
    let mut walk = Walk { text, source, variables, bound: Vec::new(), found: Vec::new() };
    walk.visit(&root);
    let gives = Type::of(&root);
    if condition && gives.differs(Type::Bool) {
        let message = format!("this gives {}, and a condition must give true or false", gives.name());
        walk.report(Code::Type, 0..text.len(), message);
    }
    let whole_name = matches!(&root.expr, Expr::Ident(_)) && !condition;
    if let (true, [one]) = (whole_name, walk.found.as_mut_slice())
        && one.code == Code::UnknownName
        && let Some((_, attribute)) = one.replace.take()
    {
        one.help.push(format!("for the attribute, write `{attribute}`"));
        one.replace = Some(("for the fixed text, quote it once more".into(), format!("'{}'", text.trim())));
        one.span = 0..text.len();
    }
    walk.found
}

struct Walk<'t> {
    text: &'t str,
    source: SourceInfo,
    variables: &'t [&'t str],
    bound: Vec<String>,
    found: Vec<Problem>,
}

/// The macros that CEL expands on a list or a map.
const MACROS: [&str; 5] = ["all", "exists", "exists_one", "map", "filter"];

impl Walk<'_> {
    fn report(&mut self, code: Code, span: Range<usize>, message: String) -> &mut Problem {
        let label = String::new();
        self.found.push(Problem { code, span, message, label, help: Vec::new(), replace: None, warning: false });
        let last = self.found.len() - 1;
        &mut self.found[last]
    }

    fn visit(&mut self, node: &IdedExpr) {
        if self.is_attribute(node) {
            return;
        }
        match &node.expr {
            Expr::Ident(name) => self.name(name, node),
            Expr::Select(select) => self.visit(&select.operand),
            Expr::Call(call) => self.call(node, &call.func_name, call.target.as_deref(), &call.args),
            Expr::List(list) => list.elements.iter().for_each(|part| self.visit(part)),
            Expr::Map(map) => map.entries.iter().for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => {
                    self.visit(&entry.key);
                    self.visit(&entry.value);
                }
                EntryExpr::StructField(field) => self.visit(&field.value),
            }),
            Expr::Comprehension(each) => {
                self.visit(&each.iter_range);
                let outer = self.bound.len();
                self.bound.extend([each.iter_var.clone(), each.accu_var.clone()]);
                self.bound.extend(each.iter_var2.clone());
                for part in [&each.accu_init, &each.loop_cond, &each.loop_step, &each.result] {
                    self.visit(part);
                }
                self.bound.truncate(outer);
            }
            Expr::Struct(message) => {
                let span = self.word_before(node, &message.type_name);
                let problem = self.report(Code::UnknownFunction, span, "there are no messages in migrations".into());
                problem.help.push("a map is written with quoted names: `{'street': item.street}`".into());
            }
            Expr::Literal(_) | Expr::Unspecified => {}
        }
    }

    fn knows(&self, name: &str) -> bool {
        name.starts_with('@') || self.bound.iter().any(|bound| bound == name) || self.variables.contains(&name)
    }

    /// `item.name` and `item["name"]`, and the same of `key`.
    fn is_attribute(&self, node: &IdedExpr) -> bool {
        let whole = |expr: &IdedExpr| matches!(&expr.expr, Expr::Ident(name) if (name == "item" || name == "key") && !self.knows(name));
        match &node.expr {
            Expr::Select(select) => whole(&select.operand),
            Expr::Call(call) if call.func_name == operators::INDEX => {
                matches!(call.args.as_slice(), [of, IdedExpr { expr: Expr::Literal(LiteralValue::String(_)), .. }] if whole(of))
            }
            _ => false,
        }
    }

    fn name(&mut self, name: &str, node: &IdedExpr) {
        if self.knows(name) {
            return;
        }
        let span = self.span_of(node);
        if name == "item" || name == "key" {
            let problem = self.report(Code::WholeItem, span, format!("`{name}` cannot be used as a whole"));
            problem.label = "which attribute?".into();
            problem.help.push(format!("name the attribute by a fixed name: `{name}.address` or `{name}[\"a name\"]`"));
            problem.help.push("every write guards what its migration reads, so that has to be known beforehand".into());
            return;
        }
        let near = nearest(name, self.variables.iter().copied().chain(["item", "key"]));
        let problem = self.report(Code::UnknownName, span, format!("there is no `{name}`"));
        problem.label = "not known here".into();
        let fixed = match name {
            "True" | "TRUE" => Some("true"),
            "False" | "FALSE" => Some("false"),
            "None" | "nil" | "undefined" | "NULL" | "Null" => Some("null"),
            _ => near,
        };
        problem.replace = match fixed {
            Some(meant) => Some((format!("did you mean `{meant}`?"), meant.into())),
            None => Some(("an attribute is named with `item.` before it".into(), format!("item.{name}"))),
        };
        if matches!(name, "now" | "today") {
            problem.replace = None;
            problem.help.push("a migration must give the same result whenever it runs: write the time itself".into());
        }
    }

    fn call(&mut self, node: &IdedExpr, name: &str, target: Option<&IdedExpr>, arguments: &[IdedExpr]) {
        let outer = self.bound.len();
        let operator = !name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !operator && !self.function(node, name, target.is_some(), arguments) {
            // `list.any(x, ...)`: the macro is unknown, but `x` is a name of its own.
            if let (Some(_), Some(IdedExpr { expr: Expr::Ident(variable), .. })) = (target, arguments.first()) {
                self.bound.push(variable.clone());
            }
        }
        target.into_iter().for_each(|part| self.visit(part));
        arguments.iter().for_each(|part| self.visit(part));
        self.bound.truncate(outer);
        if operator {
            self.operands(node, name, arguments);
        }
    }

    fn function(&mut self, node: &IdedExpr, name: &str, on: bool, arguments: &[IdedExpr]) -> bool {
        let span = self.word_before(node, name);
        let Some(known) = FUNCTIONS.iter().find(|known| known.name == name) else {
            self.unknown_function(span, name, on);
            return false;
        };
        let wanted = arguments_of(known);
        let given = arguments.len() + usize::from(on);
        let message = match (known.style, on) {
            _ if given != wanted => format!("{name}() takes {} and is given {given}", count_of(wanted)),
            (Style::Plain, true) => format!("{name}() is not called on a value"),
            (Style::Method, false) => format!("{name}() is called on a value"),
            _ => {
                self.pattern(name, arguments);
                return true;
            }
        };
        self.report(Code::Arguments, span, message).help.push(format!("write it as in `{}`", known.example));
        true
    }

    /// The pattern of `extract` and `matches`, which is a fixed text.
    fn pattern(&mut self, name: &str, arguments: &[IdedExpr]) {
        let Some(pattern) = arguments.last().filter(|_| matches!(name, "extract" | "matches")) else { return };
        let span = self.span_of(pattern);
        let Expr::Literal(LiteralValue::String(text)) = &pattern.expr else {
            let problem = self.report(Code::Pattern, span, format!("the pattern of {name}() must be a fixed text"));
            problem.help.push("what an item holds cannot be a pattern: its cost would have no bound".into());
            return;
        };
        let Err(error) = regex::Regex::new(text.inner()) else { return };
        let why = error.to_string();
        let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let problem = self.report(Code::Pattern, span, "this pattern is no regular expression".into());
        problem.label = why;
    }

    fn unknown_function(&mut self, span: Range<usize>, name: &str, on: bool) {
        let problem = self.report(Code::UnknownFunction, span, format!("there is no function `{name}()`"));
        let known = FUNCTIONS.iter().map(|known| known.name).chain(MACROS.into_iter().filter(|_| on));
        let macros = match name {
            "any" | "some" => Some("exists"),
            "every" => Some("all"),
            _ => None,
        };
        let clock = ["now", "random", "uuid", "today", "rand", "Date"];
        if ["timestamp", "duration"].contains(&name) {
            problem.help.push(
                "a time is a number of seconds: `epoch_seconds(text)` reads one, `iso_time(number)` writes one".into(),
            );
        } else if clock.contains(&name) {
            problem.help.push("a migration must give the same result whenever it runs, for the same item".into());
        } else if let Some(meant) = macros.filter(|_| on).or_else(|| nearest(name, known)) {
            problem.replace = Some((format!("did you mean `{meant}()`?"), meant.into()));
        } else if name == "concat" {
            problem.help.push("texts are joined by `+`".into());
        } else if name == "replace" {
            problem.help.push("`join(split(text, old), new)` replaces a part of a text".into());
        } else {
            let names: Vec<&str> = FUNCTIONS.iter().map(|known| known.name).collect();
            problem.help.push(format!("the functions are {}", names.join(", ")));
        }
    }

    fn operands(&mut self, node: &IdedExpr, name: &str, arguments: &[IdedExpr]) {
        let types: Vec<Type> = arguments.iter().map(Type::of).collect();
        let span = self.span_of(node);
        match (name, types.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT, types) => {
                for wrong in types.iter().filter(|one| one.differs(Type::Bool)) {
                    let message = format!("an operand here is {}, not true or false", wrong.name());
                    self.report(Code::Type, span.clone(), message);
                }
            }
            (operators::EQUALS | operators::NOT_EQUALS, [a, b]) if a.differs(*b) && ![*a, *b].contains(&Type::Null) => {
                let message = format!("this compares {} with {}, which are never equal", a.name(), b.name());
                self.report(Code::NeverEqual, span, message).warning = true;
            }
            (operators::ADD, [a, b]) if a.differs(*b) => {
                let message = format!("`+` cannot join {} and {}", a.name(), b.name());
                let problem = self.report(Code::Type, span, message);
                if [*a, *b].contains(&Type::Text) {
                    problem.help.push("`string(...)` makes a text of a number".into());
                }
            }
            (operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS, [a, b])
                if a.differs(*b) =>
            {
                let message = format!("{} and {} have no order", a.name(), b.name());
                self.report(Code::Type, span, message);
            }
            _ => {}
        }
    }

    fn span_of(&self, node: &IdedExpr) -> Range<usize> {
        let Some((start, stop)) = self.source.offset_for(node.id) else { return 0..self.text.len() };
        let start = (start as usize).min(self.text.len());
        let end = (stop as usize + 1).clamp(start, self.text.len());
        if self.text.is_char_boundary(start) && self.text.is_char_boundary(end) {
            start..end
        } else {
            0..self.text.len()
        }
    }

    /// A function's name stands before the bracket that is its call's place.
    fn word_before(&self, node: &IdedExpr, name: &str) -> Range<usize> {
        let at = self.span_of(node);
        match self.text[..at.start].trim_end().strip_suffix(name) {
            Some(before) => before.len()..before.len() + name.len(),
            None => at,
        }
    }
}

/// How many arguments a function takes; what it is called on counts as one.
fn arguments_of(function: &Signature) -> usize {
    function.takes.split(',').count() + usize::from(function.style == Style::Method)
}

fn count_of(arguments: usize) -> String {
    match arguments {
        1 => "one argument".into(),
        2 => "two arguments".into(),
        more => format!("{more} arguments"),
    }
}
