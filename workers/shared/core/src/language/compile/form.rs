//! Rules about the document as a whole: its id, and which of `change`, `rules` and `code` it has. Steps and expressions
//! are for [`reading`](super::reading).

use crate::language::compile::fault::Fault;
use crate::language::document::Document;
use crate::language::document::field::Field;
use crate::language::document::requires::Requirement;
use crate::language::finding::Code;

/// The faults of a document outside of its rules and steps.
pub(crate) fn check(document: &Document) -> Vec<Fault> {
    let requirement = Requirement::of(document).err();
    let has = |name: &str| match name {
        "change" => !document.change.is_empty(),
        "rules" => !document.rules.is_empty(),
        "where" => document.r#where.is_some(),
        "check" => document.check.is_some(),
        _ => document.code.is_some(),
    };
    let id = id(&document.id).into_iter();
    id.chain(requirement.as_ref().map(Fault::of_requirement)).chain(fields(has)).collect()
}

/// Which fields a document may not have together, and which it lacks, given those that it has.
pub(crate) fn fields(has: impl Fn(&str) -> bool) -> Vec<Fault> {
    let present = |names: &[&'static str]| names.iter().copied().filter(|name| has(name)).collect::<Vec<_>>();
    if has("code") {
        let others = present(&["where", "change", "check", "rules"]).into_iter();
        return others.map(|name| excluded(name, "code").help("take one of them out")).collect();
    }
    match (has("change"), has("rules")) {
        (false, false) => {
            let fault = Fault::of_name("change", Code::MissingField, "the document has no `change`");
            vec![fault.help("write the steps under `change:`, each beginning with `- `")]
        }
        (true, true) => {
            let message = "a document has either `change` or `rules`";
            let mut fault = Fault::of_name("rules", Code::Form, message).beside("change", "the one");
            fault.finding = fault.finding.label("and the other");
            vec![fault.help("put the steps of `change` into a rule of their own: `- change:` under `rules:`")]
        }
        (false, true) => {
            let outside = present(&["where", "check"]).into_iter();
            outside.map(|name| excluded(name, "rules").help("write it in each rule that it is for")).collect()
        }
        (true, false) => Vec::new(),
    }
}

fn excluded(name: &'static str, beside: &'static str) -> Fault {
    let fault = Fault::of_name(name, Code::Form, format!("`{name}` cannot be beside `{beside}`"));
    match beside {
        "code" => fault.beside(beside, "the steps are written in Rust"),
        _ => fault,
    }
}

/// The fault of an id that cannot name a file, a part of an S3 key and a ledger entry.
pub(crate) fn id(id: &str) -> Option<Fault> {
    if is_name(id) {
        return None;
    }
    let legal: String = id.chars().take(80).map(|c| if is_legal(c) { c } else { '-' }).collect();
    let mut fault = Fault::of_value(Field::of(None, "id"), Code::Id, "this cannot be an id")
        .help("an id names a file and a ledger entry: 1 to 80 letters, digits, `.`, `_` and `-`");
    let legal = legal.trim_matches('-');
    if is_name(legal) {
        fault.finding = fault.finding.suggest("one that can be", 0..0, legal);
    }
    Some(fault)
}

/// Whether a string can name a file, a part of an S3 key and a ledger entry.
pub fn is_name(string: &str) -> bool {
    (1..=80).contains(&string.len()) && string.chars().all(is_legal) && !string.chars().all(|c| c == '.')
}

fn is_legal(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}
