//! One CEL expression: what keeps it from compiling, each problem at its place in the document.

use super::finding::{Code, Finding};
use super::names::{self, Problem};
use super::position;
use super::yaml::Node;
use crate::language::expression::CompileError;
use serde_saphyr::granit_parser::ScalarStyle;
use std::ops::Range;

/// Where an expression stands, and what it may name beside `item` and `key`.
pub struct Place<'d> {
    /// The whole document.
    pub document: &'d str,
    /// The field, as messages name it: `where`, `step 2: to`.
    pub field: String,
    /// The scalar that holds it.
    pub node: &'d Node,
    /// Whether it is a condition, which must give true or false.
    pub condition: bool,
    /// The names that it may use beside `item` and `key`.
    pub variables: &'d [&'d str],
}

impl Place<'_> {
    fn span(&self, part: Range<usize>) -> Range<usize> {
        position::within(self.document, self.node, part)
    }
}

/// Every problem of an expression.
pub fn check(place: &Place<'_>, compiled: Result<(), CompileError>, findings: &mut Vec<Finding>) {
    let text = place.node.text().unwrap_or_default();
    if let Err(CompileError::Syntax(errors)) = &compiled {
        // What follows the first error of an expression is nearly always its consequence.
        let first = errors.errors.first();
        let at = first.map_or(0, |error| offset(text, error.pos));
        findings.push(syntax(place, text, at, first.map_or("", |error| error.msg.as_str())));
        return;
    }
    let before = findings.len();
    for problem in names::problems(text, place.condition, place.variables) {
        findings.push(named(place, text, problem));
    }
    if let (Err(error), true) = (compiled, before == findings.len()) {
        let told = super::told(&error);
        let (message, help) = told.split_once("; ").unwrap_or((&told, ""));
        let message = message.strip_prefix("it ").map_or(message.to_owned(), |said| format!("this expression {said}"));
        let finding = Finding::error(Code::Refused, place.node.span.clone(), message);
        findings.push(if help.is_empty() { finding } else { finding.help(help) });
    }
}

/// The byte offset of a line and a column of CEL's, both from 1, the column in characters.
fn offset(text: &str, (line, column): (isize, isize)) -> usize {
    let line = usize::try_from(line - 1).unwrap_or(0);
    let column = usize::try_from(column - 1).unwrap_or(0);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    start + rest.char_indices().nth(column).map_or(rest.len(), |(offset, _)| offset)
}

fn syntax(place: &Place<'_>, text: &str, at: usize, message: &str) -> Finding {
    let rest = &text[at..];
    let word: &str = &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())];
    let one = rest.chars().next().map_or(0, char::len_utf8);
    let span = place.span(at..at + word.len().max(one));
    let finding = |message: String| Finding::error(Code::Syntax, span.clone(), message);
    let replaced =
        |message: &str, with: &str| finding(message.to_owned()).suggest(format!("write `{with}`"), span.clone(), with);
    if text.trim().is_empty() {
        return finding(format!("`{}` is empty", place.field)).help("write an expression, as in `has(item.address)`");
    }
    match word {
        "and" | "AND" => return replaced("CEL has no `and`", "&&"),
        "or" | "OR" => return replaced("CEL has no `or`", "||"),
        "not" | "NOT" => return replaced("CEL has no `not`", "!"),
        "is" => return replaced("CEL has no `is`", "=="),
        "if" | "then" | "else" => {
            let help = "write `condition ? value : other value`";
            return finding(format!("CEL has no `{word}`")).help(help);
        }
        _ => {}
    }
    if rest.starts_with('>') && text[..at].ends_with('<') {
        let both = place.span(at - 1..at + 1);
        let finding = Finding::error(Code::Syntax, both.clone(), "CEL has no `<>`");
        return finding.suggest("write `!=`", both, "!=");
    }
    if rest.starts_with('=') {
        return replaced("`=` is no operator of CEL", "==");
    }
    if message.contains("invalid argument to has()") {
        let help = "name the attribute with what it is in: `has(item.address)`, `has(item.address.city)`";
        return finding("has() takes the path of an attribute".into()).label("not a path").help(help);
    }
    let end = at >= text.trim_end().len();
    let open = rest.starts_with(['"', '\'']) && message.contains("token recognition error");
    if let Some(comment) = (end || open).then(|| comment_after(place)).flatten() {
        let help = "put the whole expression in quotes, or on a line of its own below `>-`";
        let finding = Finding::error(Code::Syntax, comment, "YAML takes what follows ` #` for a comment");
        return finding.label("the expression ends before this").help(help);
    }
    if message.contains("token recognition error") && rest.starts_with(['"', '\'']) {
        return open_quote(place, text, at);
    }
    match (end, message) {
        (_, message) if message.contains("missing ')'") => {
            finding("a `)` is missing".into()).label("the expression ends here").help(counted(text))
        }
        (true, _) => finding("the expression ends too soon".into()).label("something must follow"),
        (false, message) if message.contains("extraneous input") => {
            finding(format!("`{}` does not belong here", shown(rest, word))).label("an operator is missing before this")
        }
        (false, _) if rest.starts_with('.') && at + 1 >= text.trim_end().len() => {
            finding("a name is missing after the dot".into())
        }
        (false, _) => finding(format!("CEL cannot read `{}` here", shown(rest, word))),
    }
}

/// What stands at a place: a word, or one character.
fn shown<'t>(rest: &'t str, word: &'t str) -> &'t str {
    let one = rest.chars().next().map_or(0, char::len_utf8);
    if word.is_empty() { &rest[..one] } else { word }
}

fn counted(text: &str) -> String {
    let (open, closed) = (text.matches('(').count(), text.matches(')').count());
    format!("there are {open} `(` and {closed} `)`")
}

/// A text that is not closed, or one with a backslash that CEL does not know, which the lexer tells alike.
fn open_quote(place: &Place<'_>, text: &str, at: usize) -> Finding {
    let quote = text[at..].chars().next().unwrap_or('"');
    let closed = text[at + 1..].find(quote).map(|end| at + 1 + end);
    let Some(end) = closed.filter(|end| text[at..*end].contains('\\')) else {
        let message = format!("the text that begins here is not closed by another {quote}");
        let finding = Finding::error(Code::Syntax, place.span(at..text.len()), message);
        let help = "YAML takes the outer quotes for its own: a fixed text is quoted twice, as in `\"'general'\"`";
        return if is_quoted(place) { finding.help(help) } else { finding };
    };
    let message = "a `\\` in a text begins an escape, and CEL does not know this one";
    let span = place.span(at..end + 1);
    let finding = Finding::error(Code::Syntax, span, message);
    let raw = "put an `r` before the text, so that backslashes mean themselves, as patterns want it";
    let start = place.span(at..at + 1).start;
    finding.suggest(raw, start..start, "r")
}

fn is_quoted(place: &Place<'_>) -> bool {
    matches!(&place.node.kind, super::yaml::Kind::Scalar(_, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted))
}

/// A comment that cut a plain scalar short.
fn comment_after(place: &Place<'_>) -> Option<Range<usize>> {
    let plain = matches!(&place.node.kind, super::yaml::Kind::Scalar(_, ScalarStyle::Plain));
    let end = place.node.span.end;
    let line = place.document.get(end..)?.lines().next()?;
    let comment = line.trim_start().starts_with('#').then(|| line.len() - line.trim_start().len())?;
    plain.then(|| end + comment..end + line.trim_end().len())
}

fn named(place: &Place<'_>, text: &str, problem: Problem) -> Finding {
    let span = place.span(problem.span.clone());
    let mut finding = match problem.warning {
        true => Finding::warning(problem.code, span.clone(), problem.message),
        false => Finding::error(problem.code, span.clone(), problem.message),
    };
    finding.label = problem.label;
    finding.help = problem.help;
    if let Some((message, with)) = problem.replace {
        let plain = !matches!(
            &place.node.kind,
            super::yaml::Kind::Scalar(_, ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded)
        );
        let whole = problem.span == (0..text.len()) && with.starts_with('\'');
        let (span, with) = match (whole, plain) {
            (true, _) => (place.node.span.clone(), format!("\"{with}\"")),
            (false, _) => (span, with),
        };
        finding = finding.suggest(message, span, with);
    }
    finding
}
