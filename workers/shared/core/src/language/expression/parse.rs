//! From the source of an expression to its syntax tree, within bounds.

use crate::language::expression::checking::faults;
use crate::language::expression::checking::syntax;
use crate::language::expression::checking::translate::{Checked, Purpose, Translator};
use crate::language::expression::error::{MAX_NESTING, MAX_SOURCE_BYTES};
use crate::language::finding::{Code, Finding};
use cel::parser::{ParseErrors, Parser};

/// The stack of the thread that parses. The parser of the crate `cel` recurses, and its own depth limit counts only nested
/// brackets and conditionals. In a debug build, 32 nested brackets take 5 MiB and a chain such as `a.a.a` or `1+1+1` of
/// 8 KiB takes 6 MiB, so the stack of a main thread (8 MiB) or of any other thread (2 MiB) does not suffice for both. The
/// operating system provides only the part that an expression uses.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Parses a source and translates its syntax tree.
pub(crate) fn parse(source: &str, purpose: Purpose) -> Checked {
    if source.len() > MAX_SOURCE_BYTES {
        return Checked::refused(vec![faults::too_long(source)]);
    }
    let owned = source.to_owned();
    let work = move || match parser().parse_with_source_info(&owned) {
        Ok((tree, info)) => Translator::new(&owned, info, purpose).translate(&tree),
        Err(ParseErrors { errors }) => Checked::refused(vec![syntax::finding(&owned, &errors)]),
    };
    let refused = |message: &str| Checked::refused(vec![Finding::error(Code::Refused, 0..source.len(), message)]);
    match on_large_stack(work) {
        Ok(Some(parsed)) => parsed,
        Ok(None) => refused("this is not a CEL expression, and the parser cannot say why"),
        Err(error) => refused(&format!("no thread can be started to parse this expression: {error}")),
    }
}

fn parser() -> Parser {
    Parser::new().max_recursion_depth(MAX_NESTING).error_recovery_limit(5)
}

/// Runs the parser on its own thread. Nothing if the parser, which is not ours, panics: then the source is refused like
/// any other that it cannot read.
fn on_large_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> std::io::Result<Option<T>> {
    let thread = std::thread::Builder::new().name("cel".into()).stack_size(STACK_BYTES).spawn(work)?;
    Ok(thread.join().ok())
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
    fn sources_that_nest_too_deep_or_are_too_long_are_refused_and_overflow_nothing() {
        let nested = |(open, close): (&str, &str), times: usize, inner: &str| {
            format!("{}{inner}{}", open.repeat(times), close.repeat(times))
        };
        for brackets in [("(", ")"), ("[", "]"), ("{'a': ", "}"), ("size(", ")"), ("[1].map(x, ", ")"), ("1?1:", "")] {
            let times = usize::from(MAX_NESTING);
            for too_many in [times + 1, 8000 / (brackets.0.len() + brackets.1.len())] {
                assert!(refused(&nested(brackets, too_many, "1")).contains("32 brackets"), "{brackets:?}");
            }
            for chain in ["+1", ".a", "[0]"] {
                let inner = format!("1{}", chain.repeat((7800 - 12 * times) / chain.len()));
                let _ = parse(&nested(brackets, times, &inner), Purpose::Value);
            }
        }
        for brackets in [("(", ")"), ("[", "]"), ("{'a': ", "}"), ("1?1:", "")] {
            let deepest = nested(brackets, usize::from(MAX_NESTING), "1");
            assert!(parse(&deepest, Purpose::Value).root.is_some(), "{brackets:?}");
        }
        assert!(refused(&"a".repeat(9000)).contains("9000 bytes"));
        for part in ["+1", ".a", "[0]", "<1", ".map(x,x)", "&&a", "?1:1", "-", "!", "- ", "1?", "in 1 ", "(", "[", "{"]
        {
            let _ = parse(&format!("1{}", part.repeat(8000 / part.len())), Purpose::Value);
            let _ = parse(&format!("{}1", part.repeat(8000 / part.len())), Purpose::Value);
        }
    }

    #[test]
    fn brackets_and_numbers_within_strings_and_comments_do_not_count() {
        let brackets = "(".repeat(40);
        for source in [
            format!("'{brackets}'"),
            format!("\"\\\"{brackets}\""),
            format!("r'\\' + '{brackets}'"),
            format!("'''it's {brackets}'''"),
            format!("1 // {brackets}"),
            "'0.12345678901234567890'".into(),
            "item.a1234567890123456789012 == 0.1 + 1e10".into(),
        ] {
            assert!(parse(&source, Purpose::Value).root.is_some(), "{source}");
        }
    }

    #[test]
    fn a_number_that_would_be_rounded_is_refused_where_it_stands() {
        for source in [
            "0.12345678901234567890 + 1",
            "-0.12345678901234567890",
            "'\u{e9}\u{1F600}' + [1.0, 0.12345678901234567890]",
        ] {
            let finding = &parse(source, Purpose::Value).findings[0];
            assert_eq!(&source[finding.span.clone()], "0.12345678901234567890");
            assert!(finding.summary().contains("decimal('0.12345678901234567890')"));
        }
    }

    proptest! {
        #[test]
        fn no_source_makes_the_parser_panic(source in "[-a-z0-9.,:?+*/%!<>=&|'\"\\\\ ()\\[\\]{}\u{e9}\u{1F600}]{0,60}") {
            let _ = parse(&source, Purpose::ValueOfElement);
        }
    }
}
