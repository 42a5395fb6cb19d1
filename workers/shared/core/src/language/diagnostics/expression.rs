//! Findings of an expression in its document: where they are, and what YAML did to the expression. The rules of expressions
//! are in [`expression`](crate::language::expression).

use super::position;
use super::yaml::{Kind, Node};
use crate::language::finding::{Code, Finding};
use serde_saphyr::granit_parser::ScalarStyle;
use std::ops::Range;

/// A finding of an expression at its place in the document. `node` is the scalar that holds the expression.
pub fn placed(document: &str, node: &Node, mut finding: Finding) -> Finding {
    let source = node.text().unwrap_or_default();
    if source.get(finding.span.clone()).is_none() {
        finding.span = 0..source.len();
    }
    if finding.code == Code::Syntax {
        finding = match comment_after(document, node).filter(|_| is_cut_short(source, &finding.span)) {
            Some(comment) => return cut_by_comment(comment),
            None => advise_on_quotes(node, source, finding),
        };
    }
    let is_whole = finding.span == (0..source.len());
    let within = |span: Range<usize>| position::within(document, node, span);
    finding.span = within(finding.span);
    for place in &mut finding.also {
        place.span = within(place.span.clone());
    }
    if let Some(suggestion) = &mut finding.suggestion {
        suggestion.span = within(suggestion.span.clone());
        // A string that replaces the whole expression needs YAML's quotes around its own.
        if is_whole && suggestion.replacement.starts_with('\'') {
            suggestion.span = node.span.clone();
            suggestion.replacement = format!("\"{}\"", suggestion.replacement);
        }
    }
    finding
}

/// Whether a syntax error is that the expression or a string in it ends too soon.
fn is_cut_short(source: &str, span: &Range<usize>) -> bool {
    span.start >= source.trim_end().len() || is_open_string(source, span)
}

fn is_open_string(source: &str, span: &Range<usize>) -> bool {
    span.end == source.len() && source[span.start..].starts_with(['"', '\''])
}

fn cut_by_comment(comment: Range<usize>) -> Finding {
    Finding::error(Code::Syntax, comment, "YAML takes what follows ` #` for a comment")
        .label("the expression ends before this")
        .help("put the whole expression in quotes, or on a line of its own below `>-`")
}

/// A comment that cut a plain scalar short.
fn comment_after(document: &str, node: &Node) -> Option<Range<usize>> {
    let is_plain = matches!(&node.kind, Kind::Scalar(_, ScalarStyle::Plain));
    let end = node.span.end;
    let line = document.get(end..)?.lines().next()?;
    let comment = line.trim_start().starts_with('#').then(|| line.len() - line.trim_start().len())?;
    is_plain.then(|| end + comment..end + line.trim_end().len())
}

fn advise_on_quotes(node: &Node, source: &str, finding: Finding) -> Finding {
    let is_quoted = matches!(&node.kind, Kind::Scalar(_, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted));
    let help = "YAML takes the outer quotes for its own: a fixed string is quoted twice, as in `\"'general'\"`";
    if is_quoted && is_open_string(source, &finding.span) && finding.suggestion.is_none() {
        finding.help(help)
    } else {
        finding
    }
}
