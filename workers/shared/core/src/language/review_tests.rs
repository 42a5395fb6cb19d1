use super::*;

fn found(text: &str) -> Vec<(Code, &str)> {
    let review = Review::of(text, None);
    review.findings.into_iter().map(|f| (f.code, &text[f.span])).collect()
}

#[test]
fn a_document_without_problems_has_no_findings() {
    let text =
        "id: a\nwhere: has(item.a) && !has(item.b)\nchange:\n  - set: b\n    to: lower(item.a)\ncheck: has(item.b)\n";
    assert_eq!(found(text), []);
    assert!(Review::of(text, None).document.is_some());
}
