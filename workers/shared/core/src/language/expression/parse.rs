//! From the source of an expression to its syntax tree, within bounds.
//!
//! The parser of the crate `cel` recurses: some thirty nested brackets overflow the stack of an ordinary thread. So sources
//! are bounded before they are parsed, and parsed on a thread whose stack suffices for the bounds.

use crate::item::numbers;
use crate::language::expression::checking::faults;
use crate::language::expression::checking::syntax;
use crate::language::expression::checking::translate::{Checked, Purpose, Translator};
use crate::language::expression::error::{MAX_OPEN_BRACKETS, MAX_TEXT_BYTES};
use crate::language::finding::{Code, Finding};
use cel::parser::{ParseErrors, Parser};

/// What the parser takes for sources within these bounds, several times over. Most sources reserve it and do not use it.
const STACK_BYTES: usize = 128 * 1024 * 1024;

/// Parses a source and translates its syntax tree.
pub(crate) fn parse(source: &str, purpose: Purpose) -> Checked {
    let unbounded = unbounded(source);
    if !unbounded.is_empty() {
        return Checked::refused(unbounded);
    }
    let owned = source.to_owned();
    let work = move || match parser().parse_with_source_info(&owned) {
        Ok((tree, info)) => Translator::new(&owned, info, purpose).translate(&tree),
        // What follows the first error of an expression is nearly always its consequence.
        Err(ParseErrors { errors }) => Checked::refused(vec![syntax::finding(&owned, errors.first())]),
    };
    let refused = |message: &str| Checked::refused(vec![Finding::error(Code::Refused, 0..source.len(), message)]);
    match on_large_stack(work) {
        Ok(Some(parsed)) => parsed,
        Ok(None) => refused("this is not a CEL expression, and the parser cannot say why"),
        Err(error) => refused(&format!("no thread can be started to parse this expression: {error}")),
    }
}

fn parser() -> Parser {
    Parser::new().max_recursion_depth(MAX_OPEN_BRACKETS as u16 + 8).error_recovery_limit(5)
}

/// Runs the parser on a thread of its own. Nothing if the parser, which is not ours, panics: then the source is refused
/// like any other that it cannot read.
fn on_large_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> std::io::Result<Option<T>> {
    let thread = std::thread::Builder::new().name("cel".into()).stack_size(STACK_BYTES).spawn(work)?;
    Ok(thread.join().ok())
}

/// What keeps a source from being parsed: it is too long, nests too deep, or has numbers that reading would round.
fn unbounded(source: &str) -> Vec<Finding> {
    if source.len() > MAX_TEXT_BYTES {
        return vec![faults::too_long(source)];
    }
    let mut findings = Vec::new();
    let mut open = 0usize;
    let mut scan = Scan { rest: source };
    while let Some(token) = scan.next() {
        let end = source.len() - scan.rest.len();
        match token {
            Token::Open => open += 1,
            Token::Close => open = open.saturating_sub(1),
            Token::Number(number) if number.contains(['.', 'e', 'E']) && numbers::may_be_rounded(number) => {
                findings.push(faults::long_number(number, end - number.len()..end));
            }
            Token::Number(_) => {}
        }
        if open > MAX_OPEN_BRACKETS {
            findings.push(faults::too_deep(end - 1..end));
            break;
        }
    }
    findings
}

enum Token<'t> {
    Open,
    Close,
    Number(&'t str),
}

/// Finds brackets and numbers outside of quoted texts and comments.
struct Scan<'t> {
    rest: &'t str,
}

impl<'t> Scan<'t> {
    fn next(&mut self) -> Option<Token<'t>> {
        while let Some(first) = self.rest.chars().next() {
            match first {
                '"' | '\'' => self.skip_quoted(first, false),
                'r' | 'R' if self.rest[1..].starts_with(['"', '\'']) => {
                    self.rest = &self.rest[1..];
                    let quote = self.rest.chars().next()?;
                    self.skip_quoted(quote, true);
                }
                '/' if self.rest.starts_with("//") => {
                    self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest)
                }
                '(' | '[' | '{' => return Some(self.bracket(Token::Open)),
                ')' | ']' | '}' => return Some(self.bracket(Token::Close)),
                c if c.is_ascii_digit() => return Some(Token::Number(self.number())),
                c if c.is_alphanumeric() || c == '_' => self.skip_word(),
                c => self.rest = &self.rest[c.len_utf8()..],
            }
        }
        None
    }

    fn bracket(&mut self, token: Token<'t>) -> Token<'t> {
        self.rest = &self.rest[1..];
        token
    }

    fn skip_word(&mut self) {
        // `b'…'` and `r'…'` are quoted texts with a prefix, not words.
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        let raw = rest.starts_with(['"', '\'']) && word.len() <= 2 && word.contains(['r', 'R']);
        self.rest = rest;
        if raw && let Some(quote) = rest.chars().next() {
            self.skip_quoted(quote, true);
        }
    }

    fn skip_quoted(&mut self, quote: char, raw: bool) {
        let triple: String = [quote; 3].iter().collect();
        let (opening, closing) = if self.rest.starts_with(&triple) { (3, triple) } else { (1, quote.to_string()) };
        let mut rest = &self.rest[opening..];
        while let Some(first) = rest.chars().next() {
            if rest.starts_with(&closing) {
                self.rest = &rest[closing.len()..];
                return;
            }
            rest = &rest[first.len_utf8()..];
            if first == '\\' && !raw {
                rest = rest.chars().next().map_or("", |escaped| &rest[escaped.len_utf8()..]);
            }
        }
        self.rest = "";
    }

    fn number(&mut self) -> &'t str {
        let end = self.rest.char_indices().find(|(at, c)| {
            let sign = matches!(c, '+' | '-') && self.rest[..*at].ends_with(['e', 'E']);
            !(c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E') || sign)
        });
        let (number, rest) = self.rest.split_at(end.map_or(self.rest.len(), |(at, _)| at));
        self.rest = rest;
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(source: &str) -> String {
        let parsed = parse(source, Purpose::Value);
        assert!(parsed.root.is_none(), "{source}");
        parsed.findings[0].summary()
    }

    #[test]
    fn texts_that_nest_or_run_too_far_are_refused_and_overflow_nothing() {
        let opened = |open: &str, close: &str, times: usize| format!("{}1{}", open.repeat(times), close.repeat(times));
        for (open, close) in [("(", ")"), ("[", "]"), ("{'a': ", "}"), ("size(", ")"), ("[1].map(x, ", ")")] {
            assert!(refused(&opened(open, close, 25)).contains("24 brackets"), "{open}");
            let _ = parse(&opened(open, close, 24), Purpose::Value);
        }
        assert!(refused(&"a".repeat(9000)).contains("9000 bytes"));
        for part in ["+1", ".a", "[0]", "<1", ".map(x,x)", "&&a", "?1:1", "-", "!", "- ", "1?", "in 1 "] {
            let _ = parse(&format!("1{}", part.repeat(8000 / part.len())), Purpose::Value);
            let _ = parse(&format!("{}1", part.repeat(8000 / part.len())), Purpose::Value);
        }
    }

    #[test]
    fn brackets_and_numbers_within_quoted_texts_do_not_count() {
        let brackets = "(".repeat(30);
        for text in [
            format!("'{brackets}'"),
            format!("\"\\\"{brackets}\""),
            format!("r'\\' + '{brackets}'"),
            format!("'''it's {brackets}'''"),
            format!("1 // {brackets}"),
            "'0.12345678901234567890'".into(),
        ] {
            assert!(unbounded(&text).is_empty(), "{text}");
        }
        assert!(refused("0.12345678901234567890 + 1").contains("decimal('0.12345678901234567890')"));
        assert!(unbounded("item.a1234567890123456789012 == 0.1 + 1e10").is_empty());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[-a-z0-9.,:?+*/%!<>=&|'\"\\\\ ()\\[\\]{}\u{e9}\u{1F600}]{0,60}") {
            let _ = parse(&text, Purpose::ValueOfElement);
        }
    }
}
