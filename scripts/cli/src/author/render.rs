//! Findings as text, in the manner of rustc: the message, the place with a caret, and what to write instead.

use annotate_snippets::{AnnotationKind, Group, Level as Shown, Patch, Renderer, Snippet};
use std::ops::Range;
use tableshift_core::language::finding::{Finding, Level};

/// One finding in a text with this name.
pub fn finding(finding: &Finding, name: &str, text: &str) -> String {
    let level = match finding.level {
        Level::Error => Shown::ERROR,
        Level::Warning => Shown::WARNING,
        Level::Note => Shown::NOTE,
    };
    let primary = AnnotationKind::Primary.span(visible(&finding.span, text)).label(finding.label.as_str());
    let also = finding
        .also
        .iter()
        .map(|place| AnnotationKind::Context.span(visible(&place.span, text)).label(place.label.as_str()));
    let snippet = Snippet::source(text).path(name).annotation(primary).annotations(also);
    let code = finding.code.as_str();
    let mut group = level.primary_title(finding.message.as_str()).id(code.as_str()).element(snippet);
    group = group.elements(finding.notes.iter().map(|note| Shown::NOTE.message(note.as_str())));
    group = group.elements(finding.help.iter().map(|help| Shown::HELP.message(help.as_str())));
    let mut report: Vec<Group<'_>> = vec![group];
    if let Some(suggestion) = &finding.suggestion {
        let patch = Patch::new(suggestion.span.clone(), suggestion.replacement.as_str());
        let patched = Snippet::source(text).path(name).patch(patch);
        report.push(Shown::HELP.secondary_title(suggestion.message.as_str()).element(patched));
    }
    Renderer::styled().render(&report) + "\n\n"
}

/// The end of the text is shown at its last character.
fn visible(span: &Range<usize>, text: &str) -> Range<usize> {
    if span.start < text.len() || text.is_empty() {
        return span.clone();
    }
    let end = text.trim_end().len();
    end..end
}

/// `2 errors and 1 warning`.
pub fn counted(errors: usize, warnings: usize) -> String {
    let part = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{count} {word}s")),
    };
    let parts: Vec<String> = [part(errors, "error"), part(warnings, "warning")].into_iter().flatten().collect();
    if parts.is_empty() { "no findings".into() } else { parts.join(" and ") }
}
