//! Texts that are no CEL: the commonest mistakes told by what to write instead.

use super::expression::Place;
use super::finding::{Code, Finding};
use serde_saphyr::granit_parser::ScalarStyle;
use std::ops::Range;

/// The place where the parser stopped.
struct Stop<'p> {
    place: &'p Place<'p>,
    text: &'p str,
    at: usize,
    /// The parser's message.
    message: &'p str,
}

/// The finding for an expression that the parser cannot read beyond `at`, a byte of it.
pub fn finding(place: &Place<'_>, at: usize, message: &str) -> Finding {
    let text = place.node.text().unwrap_or_default();
    let stop = Stop { place, text, at, message };
    if text.trim().is_empty() {
        let finding = stop.finding(format!("`{}` is empty", place.field));
        return finding.help("write an expression, as in `has(item.address)`");
    }
    stop.other_language().or_else(|| stop.cut_short()).unwrap_or_else(|| stop.plain())
}

impl Stop<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// The word that stands there, or one character.
    fn word(&self) -> &str {
        let rest = self.rest();
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let one = rest.chars().next().map_or(0, char::len_utf8);
        &rest[..word.max(one)]
    }

    fn is_at_the_end(&self) -> bool {
        self.at >= self.text.trim_end().len()
    }

    fn finding(&self, message: impl Into<String>) -> Finding {
        let span = self.place.span(self.at..self.at + self.word().len());
        Finding::error(Code::Syntax, span, message)
    }

    /// Operators and words of other languages.
    fn other_language(&self) -> Option<Finding> {
        if self.rest().starts_with('>') && self.text[..self.at].ends_with('<') {
            let both = self.place.span(self.at - 1..self.at + 1);
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

    /// Quotes that stay open, and comments that YAML cut off.
    fn cut_short(&self) -> Option<Finding> {
        let open = self.rest().starts_with(['"', '\'']) && self.message.contains("token recognition error");
        if let Some(comment) = (self.is_at_the_end() || open).then(|| comment_after(self.place)).flatten() {
            let finding = Finding::error(Code::Syntax, comment, "YAML takes what follows ` #` for a comment");
            let help = "put the whole expression in quotes, or on a line of its own below `>-`";
            return Some(finding.label("the expression ends before this").help(help));
        }
        open.then(|| open_quote(self.place, self.text, self.at))
    }

    fn plain(&self) -> Finding {
        if self.message.contains("invalid argument to has()") {
            let help = "name the attribute with what it is in: `has(item.address)`, `has(item.address.city)`";
            return self.finding("has() takes the path of an attribute").label("not a path").help(help);
        }
        if self.message.contains("missing ')'") {
            return self.finding("a `)` is missing").label("the expression ends here").help(counted(self.text));
        }
        if self.is_at_the_end() {
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
