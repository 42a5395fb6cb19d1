//! Where a part of a decoded scalar is in the text that it was written in.
//!
//! YAML folds lines, drops indentation and resolves escapes, so an offset in an expression is not an offset in the file.

use super::yaml::{Kind, Node};
use serde_saphyr::granit_parser::ScalarStyle;
use std::ops::Range;

/// The bytes of the document that hold these bytes of a scalar's text. The scalar's whole place if that cannot be told.
pub fn within(document: &str, node: &Node, part: Range<usize>) -> Range<usize> {
    let Kind::Scalar(text, style) = &node.kind else { return node.span.clone() };
    let Some(places) = places(document, &node.span, text, *style) else { return node.span.clone() };
    let end_of_text = places.last().map_or(node.span.end, |last| last.end);
    let at = |offset: usize| places.iter().find(|place| place.decoded >= offset);
    let start = at(part.start).map_or(end_of_text, |place| place.start);
    let last = places.iter().rev().find(|place| place.decoded < part.end).map_or(start, |place| place.end);
    start..last.max(start)
}

/// One decoded character: its offset in the scalar's text, and its bytes in the document.
struct Char {
    decoded: usize,
    start: usize,
    end: usize,
}

/// Walks text and document side by side. `None` where they cannot be brought together.
fn places(document: &str, span: &Range<usize>, text: &str, style: ScalarStyle) -> Option<Vec<Char>> {
    let quotes = usize::from(matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted));
    let mut at = span.start + quotes;
    let mut places = Vec::with_capacity(text.len());
    let mut characters = text.char_indices().peekable();
    while let Some((decoded, character)) = characters.next() {
        let rest = document.get(at..)?;
        let blank_follows = characters.peek().is_some_and(|(_, next)| next.is_whitespace());
        let length = if let Some(length) = escape(rest, style) {
            length
        } else if character.is_whitespace() {
            blanks(rest, blank_follows)
        } else if rest.starts_with(character) {
            let doubled = style == ScalarStyle::SingleQuoted && character == '\'';
            if doubled { 2 } else { character.len_utf8() }
        } else if at >= span.end {
            return None;
        } else {
            let skipped = blanks(rest, false);
            (skipped > 0 && rest[skipped..].starts_with(character)).then_some(())?;
            at += skipped;
            character.len_utf8()
        };
        places.push(Char { decoded, start: at, end: at + length });
        at += length;
    }
    Some(places)
}

/// The length of an escape in double quotes, if one begins here.
fn escape(rest: &str, style: ScalarStyle) -> Option<usize> {
    let after = rest.strip_prefix('\\').filter(|_| style == ScalarStyle::DoubleQuoted)?;
    match after.chars().next()? {
        'x' => Some(4),
        'u' => Some(6),
        'U' => Some(10),
        other => Some(1 + other.len_utf8()),
    }
}

/// The blanks that one decoded blank stands for: one if more follow, else all of them, with a folded line's indentation.
fn blanks(rest: &str, more: bool) -> usize {
    let all = rest.len() - rest.trim_start().len();
    if more { all.min(1) } else { all }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::diagnostics::yaml;

    fn found<'d>(document: &'d str, part: &str) -> &'d str {
        let root = yaml::read(document).unwrap();
        let node = root.field("w").unwrap();
        let start = node.text().unwrap().find(part).unwrap();
        &document[within(document, node, start..start + part.len())]
    }

    #[test]
    fn parts_are_found_in_every_style_of_scalar() {
        for document in [
            "w: has(item.a) && frob(item.b)\n",
            "w: 'has(item.a) && frob(item.b)' # why\n",
            "w: \"has(item.a) && frob(item.b)\"\n",
            "w: >-\n  has(item.a)\n  && frob(item.b)\n",
            "w: |\n  has(item.a)\n\n    && frob(item.b)\n",
            "w: has(item.a)\n  && frob(item.b)\n",
            "w: '''ü'' == item.a && frob(item.b)'\n",
            "w: \"\\\"\\u00e9\\\" == item.a && frob(item.b)\"\n",
        ] {
            assert_eq!(found(document, "frob"), "frob", "{document}");
            assert_eq!(found(document, "item.b"), "item.b", "{document}");
        }
    }

    #[test]
    fn the_end_of_a_text_is_a_place_too() {
        let document = "w: item.a &&\n";
        let root = yaml::read(document).unwrap();
        let node = root.field("w").unwrap();
        assert_eq!(within(document, node, 9..9), 12..12);
    }
}
