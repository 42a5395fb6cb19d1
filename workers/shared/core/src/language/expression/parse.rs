//! From the text of an expression to its syntax tree, within bounds.
//!
//! The parser of the crate `cel` recurses: some thirty brackets within one another overflow the stack of an ordinary
//! thread. So texts are bounded before they are parsed, and parsed on a thread with a stack that the bounds suffice for.

use crate::item::numbers;
use crate::language::expression::error::{CompileError, MAX_OPEN_BRACKETS, MAX_TEXT_BYTES};
use crate::language::expression::node::Node;
use crate::language::expression::translate::Names;
use cel::IdedExpr;
use cel::common::ast::SourceInfo;
use cel::parser::Parser;

/// What the parser takes for texts within these bounds, several times over. It is reserved, not used, by most texts.
const STACK_BYTES: usize = 128 * 1024 * 1024;

/// Parses a text and translates its syntax tree, which may name `element` where that is said.
pub(crate) fn parse(text: &str, with_element: bool) -> Result<(Node, Names), CompileError> {
    refuse_unbounded(text)?;
    let owned = text.to_owned();
    let work = move || {
        let parser = Parser::new().max_recursion_depth(MAX_OPEN_BRACKETS as u16 + 8).error_recovery_limit(5);
        let tree = parser.parse(&owned).map_err(CompileError::Syntax)?;
        Names::new(with_element).translate(&tree)
    };
    let thread = std::thread::Builder::new().name("cel".into()).stack_size(STACK_BYTES).spawn(work);
    let thread = thread.map_err(CompileError::Thread)?;
    // The parser is not ours: should it panic after all, the text is refused like any other that it cannot read.
    thread.join().unwrap_or(Err(CompileError::Unreadable))
}

/// The syntax tree of a text within the bounds, as CEL has it, with where each part is: for reviews, not for evaluation.
pub(crate) fn tree(text: &str) -> Option<(IdedExpr, SourceInfo)> {
    refuse_unbounded(text).ok()?;
    let owned = text.to_owned();
    let work = move || {
        let parser = Parser::new().max_recursion_depth(MAX_OPEN_BRACKETS as u16 + 8).error_recovery_limit(5);
        parser.parse_with_source_info(&owned).ok()
    };
    std::thread::Builder::new().name("cel".into()).stack_size(STACK_BYTES).spawn(work).ok()?.join().ok()?
}

/// Refuses a text that is too long, nests too deep, or has a number that would be rounded when it is read.
fn refuse_unbounded(text: &str) -> Result<(), CompileError> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(CompileError::TooLong { bytes: text.len() });
    }
    let mut open = 0usize;
    let mut scan = Scan { rest: text };
    while let Some(token) = scan.next() {
        match token {
            Token::Open => open += 1,
            Token::Close => open = open.saturating_sub(1),
            Token::Number(number) if number.contains(['.', 'e', 'E']) && numbers::may_be_rounded(number) => {
                return Err(CompileError::LongNumber(number.to_owned()));
            }
            Token::Number(_) => {}
        }
        if open > MAX_OPEN_BRACKETS {
            return Err(CompileError::TooDeep);
        }
    }
    Ok(())
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

    fn refused(text: &str) -> String {
        parse(text, false).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn texts_that_nest_or_run_too_far_are_refused_and_overflow_nothing() {
        let opened = |open: &str, close: &str, times: usize| format!("{}1{}", open.repeat(times), close.repeat(times));
        for (open, close) in [("(", ")"), ("[", "]"), ("{'a': ", "}"), ("size(", ")"), ("[1].map(x, ", ")")] {
            assert!(refused(&opened(open, close, 25)).contains("24 brackets"), "{open}");
            let _ = parse(&opened(open, close, 24), false);
        }
        assert!(refused(&"a".repeat(9000)).contains("9000 bytes"));
        for part in ["+1", ".a", "[0]", "<1", ".map(x,x)", "&&a", "?1:1", "-", "!", "- ", "1?", "in 1 "] {
            let _ = parse(&format!("1{}", part.repeat(8000 / part.len())), false);
            let _ = parse(&format!("{}1", part.repeat(8000 / part.len())), false);
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
            assert!(refuse_unbounded(&text).is_ok(), "{text}");
        }
        assert!(refused("0.12345678901234567890 + 1").contains("decimal('0.12345678901234567890')"));
        assert!(refuse_unbounded("item.a1234567890123456789012 == 0.1 + 1e10").is_ok());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[-a-z0-9.,:?+*/%!<>=&|'\"\\\\ ()\\[\\]{}\u{e9}\u{1F600}]{0,60}") {
            let _ = parse(&text, true);
        }
    }
}
