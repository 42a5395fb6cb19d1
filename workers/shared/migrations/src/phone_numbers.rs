//! An example: phone numbers of North America as people write them, `(617) 555-0123`, become E.164, `+16175550123`. It
//! reads a string character by character, which expressions cannot do.

use std::collections::BTreeSet;
use std::sync::Arc;
use tableshift_core::change::filter::Filter;
use tableshift_core::change::footprint::Footprint;
use tableshift_core::change::invalid::Invalid;
use tableshift_core::change::item_change::Change;
use tableshift_core::change::migration::{Migration, Outcome};
use tableshift_core::item::value::{Item, Value};
use tableshift_core::language::expression::cel::Expression;

/// The migration's id, which inputs name.
pub const ID: &str = "20261122-phone-numbers";

/// Which items to change, as an expression, so that DynamoDB can leave out the others as it does for documents.
const WHERE: &str = "has(item.phone) && !item.phone.startsWith('+')";

/// Makes the migration, for the registry.
pub fn make() -> Arc<dyn Migration> {
    Arc::new(PhoneNumbers::new())
}

struct PhoneNumbers {
    matches: Expression,
    footprint: Arc<Footprint>,
}

impl PhoneNumbers {
    fn new() -> Self {
        let matches = Expression::compile(WHERE).expect("a fixed expression that a test compiles");
        let footprint = Footprint::new(BTreeSet::from(["phone".to_owned()]), matches.reads().iter().cloned());
        Self { matches, footprint }
    }

    fn judge(&self, item: &Item) -> Result<Outcome, Invalid> {
        if !self.matches.holds(item).map_err(|error| Invalid::Where(error.to_string()))? {
            return Ok(if self.check(item) { Outcome::AlreadyDone } else { Outcome::NotMatched });
        }
        let number = match item.get("phone") {
            Some(Value::S(text)) => {
                e164(text).ok_or(Invalid::Unfit("`phone` is not a phone number of North America"))?
            }
            _ => return Err(Invalid::Unfit("`phone` is not a string")),
        };
        let changed = Item::from([("phone".into(), Value::S(number))]);
        Ok(Change::between(item, changed, &self.footprint).map_or(Outcome::AlreadyDone, Outcome::Changed))
    }
}

impl Migration for PhoneNumbers {
    fn id(&self) -> &str {
        ID
    }

    fn apply(&self, item: &Item) -> Outcome {
        self.judge(item).unwrap_or_else(Outcome::Invalid)
    }

    fn footprint(&self) -> &Arc<Footprint> {
        &self.footprint
    }

    fn filter(&self) -> Option<Filter> {
        self.matches.filter()
    }

    fn check(&self, item: &Item) -> bool {
        matches!(item.get("phone"), Some(Value::S(text)) if text.starts_with('+'))
    }
}

/// The E.164 form of ten digits, or of eleven that start with 1, with the usual separators between them.
fn e164(text: &str) -> Option<String> {
    let legible = text.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')'));
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    match (legible, digits.len(), digits.starts_with('1')) {
        (true, 10, false) => Some(format!("+1{digits}")),
        (true, 11, true) => Some(format!("+{digits}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(json: &str) -> String {
        let item: Item = serde_json::from_str(json).expect("an item");
        match PhoneNumbers::new().apply(&item) {
            Outcome::Changed(change) => format!("{:?}", change.image_after()["phone"]),
            Outcome::Invalid(reason) => reason.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn numbers_as_people_write_them_become_e164() {
        for text in ["(617) 555-0123", "617.555.0123", "1-617-555-0123", "6175550123"] {
            assert_eq!(outcome(&format!(r#"{{"phone":{{"S":"{text}"}}}}"#)), r#"Some(S("+16175550123"))"#);
        }
    }

    #[test]
    fn an_invalid_number_is_reported_without_its_value() {
        for text in ["555-0123", "617 555 0123 x4", "2-617-555-0123", ""] {
            let reason = outcome(&format!(r#"{{"phone":{{"S":"{text}"}}}}"#));
            assert_eq!(reason, "`phone` is not a phone number of North America");
        }
        assert!(outcome(r#"{"phone":{"N":"6175550123"}}"#).starts_with("where: startsWith() cannot be applied"));
    }

    #[test]
    fn a_changed_item_is_done_and_one_without_a_number_does_not_match() {
        assert_eq!(outcome(r#"{"phone":{"S":"+16175550123"}}"#), "AlreadyDone");
        assert_eq!(outcome("{}"), "NotMatched");
        let filter = PhoneNumbers::new().filter().expect("DynamoDB can leave items out");
        assert!(filter.expression.starts_with("(attribute_exists("), "{}", filter.expression);
    }
}
