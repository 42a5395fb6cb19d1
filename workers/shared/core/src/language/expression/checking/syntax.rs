//! Sources that are not CEL: the most common mistakes, each with what to write instead. What YAML does to an expression
//! before it gets here is not known here; [`diagnostics`](crate::language::diagnostics) adds it.

use crate::language::expression::checking::faults;
use crate::language::finding::{Code, Finding};
use cel::parser::ParseError;

/// The place where the parser stopped.
struct Stop<'p> {
    source: &'p str,
    at: usize,
    /// The parser's message.
    message: &'p str,
}

/// The finding for an expression with these errors, in the order of their places. What follows the first error is nearly
/// always its consequence, but where the parser gives up because of the depth, other errors may come first.
pub(crate) fn finding(source: &str, errors: &[ParseError]) -> Finding {
    let too_deep = errors.iter().find(|error| error.msg.contains("Recursion limit"));
    let error = too_deep.or(errors.first());
    let at = error.map_or(0, |error| offset(source, error.pos));
    let stop = Stop { source, at, message: error.map_or("", |error| error.msg.as_str()) };
    if source.trim().is_empty() {
        return stop.finding("this expression is empty").help("write an expression, as in `has(item.address)`");
    }
    if too_deep.is_some() {
        return faults::too_deep(stop.at..stop.at + stop.word().len());
    }
    stop.other_language().or_else(|| stop.open_quote()).unwrap_or_else(|| stop.plain())
}

/// The byte offset of a line and a column of CEL's, both from 1, the column in characters.
fn offset(source: &str, (line, column): (isize, isize)) -> usize {
    let line = usize::try_from(line - 1).unwrap_or(0);
    let column = usize::try_from(column - 1).unwrap_or(0);
    let start: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = source.get(start..).unwrap_or_default();
    start + rest.char_indices().nth(column).map_or(rest.len(), |(offset, _)| offset)
}

impl Stop<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    /// The word that stands there, or one character.
    fn word(&self) -> &str {
        let rest = self.rest();
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let one = rest.chars().next().map_or(0, char::len_utf8);
        &rest[..word.max(one)]
    }

    fn finding(&self, message: impl Into<String>) -> Finding {
        Finding::error(Code::Syntax, self.at..self.at + self.word().len(), message)
    }

    /// Operators and words of other languages.
    fn other_language(&self) -> Option<Finding> {
        if self.rest().starts_with('>') && self.source[..self.at].ends_with('<') {
            let both = self.at - 1..self.at + 1;
            let finding = Finding::error(Code::Syntax, both.clone(), "CEL has no `<>`");
            return Some(finding.suggest("write `!=`", both, "!="));
        }
        let word = self.word();
        let with = match word {
            "and" | "AND" => "&&",
            "or" | "OR" => "||",
            "not" | "NOT" => "!",
            "is" | "=" => "==",
            "if" | "then" | "else" => {
                let finding = self.finding(format!("CEL has no `{word}`"));
                return Some(finding.help("write `condition ? value : other value`"));
            }
            _ => return None,
        };
        let finding = self.finding(format!("CEL has no `{word}`"));
        let span = finding.span.clone();
        Some(finding.suggest(format!("write `{with}`"), span, with))
    }

    /// A string that is not closed, or one with a backslash that CEL does not know: the lexer reports both alike.
    fn open_quote(&self) -> Option<Finding> {
        if !self.message.contains("token recognition error") {
            return None;
        }
        let quote = self.rest().chars().next().filter(|first| matches!(first, '"' | '\''))?;
        let closed = self.source[self.at + 1..].find(quote).map(|end| self.at + 1 + end);
        let Some(end) = closed.filter(|end| self.source[self.at..*end].contains('\\')) else {
            let message = format!("the string that begins here is not closed by another {quote}");
            return Some(Finding::error(Code::Syntax, self.at..self.source.len(), message));
        };
        let message = "a `\\` in a string begins an escape, and CEL does not know this one";
        let raw = "put an `r` before the string, so that backslashes mean themselves, as patterns need it";
        Some(Finding::error(Code::Syntax, self.at..end + 1, message).suggest(raw, self.at..self.at, "r"))
    }

    fn plain(&self) -> Finding {
        if self.message.contains("invalid argument to has()") {
            let help = "name the attribute with what it is in: `has(item.address)`, `has(item.address.city)`";
            return self.finding("has() takes the path of an attribute").label("not a path").help(help);
        }
        if self.message.contains("missing ')'") {
            return self.finding("a `)` is missing").label("the expression ends here").help(counted(self.source));
        }
        if self.at >= self.source.trim_end().len() {
            return self.finding("the expression ends too soon").label("something must follow");
        }
        if self.message.contains("extraneous input") {
            let finding = self.finding(format!("`{}` does not belong here", self.word()));
            return finding.label("an operator is missing before this");
        }
        if self.rest().trim_end() == "." {
            return self.finding("a name is missing after the dot");
        }
        self.finding(format!("CEL cannot read `{}` here", self.word()))
    }
}

fn counted(source: &str) -> String {
    let (open, closed) = (source.matches('(').count(), source.matches(')').count());
    format!("there are {open} `(` and {closed} `)`")
}
