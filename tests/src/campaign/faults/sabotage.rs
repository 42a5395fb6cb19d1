//! Guarantees broken on purpose, between the worker and the engine, to show that the oracle notices.

use serde_json::{Map, Value as Json};

use crate::campaign::engines::history::Invocation;

/// The guarantee that is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Writes to the table lose their conditions.
    Condition,
    /// Journal objects are acknowledged at once and put later, or never if the worker is killed in between.
    Journal,
    /// Every worker finds that it owns the lock and the checkpoint.
    Epoch,
    /// The roll-back begins at once after the fence, without the settling wait.
    Settle,
    /// Every worker finds that no later attempt has claimed its part.
    Attempt,
    /// The roll-back takes an item's entries in the opposite order.
    Order,
    /// Migrate finds nothing in the journal of earlier attempts.
    Uncounted,
    /// A roll-back that continues has lost one journal object, as if its place were an index into the listing.
    Cursor,
    /// Voids are not stored.
    Void,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Condition,
        Self::Journal,
        Self::Epoch,
        Self::Settle,
        Self::Attempt,
        Self::Order,
        Self::Uncounted,
        Self::Cursor,
        Self::Void,
    ];

    /// Reads the name that the command line uses.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sabotage| sabotage.as_str() == name)
    }

    /// The name that the command line uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Condition => "condition",
            Self::Journal => "journal",
            Self::Epoch => "epoch",
            Self::Settle => "settle",
            Self::Attempt => "attempt",
            Self::Order => "order",
            Self::Uncounted => "uncounted",
            Self::Cursor => "cursor",
            Self::Void => "void",
        }
    }
}

/// Removes the condition from a write, with the names and values that only the condition used.
pub fn without_condition(body: &mut Json) {
    let Some(fields) = body.as_object_mut() else { return };
    fields.remove("ConditionExpression");
    let left = fields.get("UpdateExpression").and_then(Json::as_str).unwrap_or_default().to_owned();
    for placeholders in ["ExpressionAttributeNames", "ExpressionAttributeValues"] {
        let Some(Json::Object(used)) = fields.get_mut(placeholders) else { continue };
        used.retain(|placeholder, _| mentions(&left, placeholder));
        if used.is_empty() {
            fields.remove(placeholders);
        }
    }
}

fn mentions(expression: &str, placeholder: &str) -> bool {
    let mut rest = expression;
    while let Some(found) = rest.find(placeholder) {
        rest = &rest[found + placeholder.len()..];
        if !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            return true;
        }
    }
    false
}

/// The parts of a PartiQL UPDATE: what it does, and its conditions with their parameters.
pub struct StatementParts {
    /// Everything before WHERE.
    pub head: String,
    /// The number of parameters before WHERE.
    pub head_parameters: usize,
    /// Each condition with its parameter, if it has one.
    pub conditions: Vec<(String, Option<Json>)>,
}

/// Splits a statement into its parts.
pub fn parts(statement: &Json) -> StatementParts {
    let partiql = statement["Statement"].as_str().expect("a statement is a string");
    let parameters = statement["Parameters"].as_array().cloned().unwrap_or_default();
    let (head, tail) = partiql.split_once(" WHERE ").expect("an update has conditions");
    let head_parameters = head.matches('?').count();
    let mut left = parameters.into_iter().skip(head_parameters);
    let condition =
        |condition: &str| (condition.trim().to_owned(), condition.contains('?').then(|| left.next()).flatten());
    StatementParts { head: head.to_owned(), head_parameters, conditions: tail.split(" AND ").map(condition).collect() }
}

/// Whether a condition compares the key attribute `name` with a parameter.
pub fn compares_key(condition: &str, name: &str) -> bool {
    let attribute = condition.split(['=', ' ']).next().unwrap_or_default();
    attribute.trim_matches('"') == name && condition.contains('?')
}

/// Removes the guards from a statement and keeps the conditions on its key.
pub fn without_guards(statement: &mut Json) {
    let parts = parts(statement);
    let key =
        parts.conditions.iter().filter(|(condition, _)| compares_key(condition, "pk") || compares_key(condition, "sk"));
    let (conditions, values): (Vec<&str>, Vec<Json>) =
        key.map(|(condition, value)| (condition.as_str(), value.clone().expect("a key has a value"))).unzip();
    let all = statement["Parameters"].as_array().cloned().unwrap_or_default();
    let parameters: Vec<Json> = all.into_iter().take(parts.head_parameters).chain(values).collect();
    statement["Statement"] = format!("{} WHERE {}", parts.head, conditions.join(" AND ")).into();
    statement["Parameters"] = parameters.into();
}

/// Changes the response to a read of the lock so that this worker owns it.
pub fn claim_lock(answer: &str, worker: &Invocation) -> String {
    let mut answer: Json = serde_json::from_str(answer).expect("an answer in JSON");
    if let Some(Json::Object(item)) = answer.get_mut("Item") {
        let mut set = |name: &str, kind: &str, value: &str| {
            item.insert(name.into(), Json::Object(Map::from_iter([(kind.to_owned(), value.into())])));
        };
        set("run", "S", &worker.run);
        set("epoch", "N", &worker.epoch.to_string());
        set("execution", "S", "arn:ours");
    }
    answer.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_write_without_its_condition_keeps_only_the_placeholders_that_it_uses() {
        let mut body = json!({
            "UpdateExpression": "SET #n1 = :v1", "ConditionExpression": "attribute_exists(#n10) AND #n1 = :v10",
            "ExpressionAttributeNames": {"#n1": "a", "#n10": "pk"},
            "ExpressionAttributeValues": {":v1": {"S": "x"}, ":v10": {"S": "y"}}
        });
        without_condition(&mut body);
        let left = json!({
            "UpdateExpression": "SET #n1 = :v1", "ExpressionAttributeNames": {"#n1": "a"},
            "ExpressionAttributeValues": {":v1": {"S": "x"}}
        });
        assert_eq!(body, left);
    }

    #[test]
    fn a_statement_without_guards_keeps_its_key() {
        let mut statement = json!({
            "Statement": r#"UPDATE "t" SET "a"=? REMOVE "b" WHERE "pk"=? AND "sk"=? AND "a"=? AND "c" IS MISSING"#,
            "Parameters": [{"S": "new"}, {"S": "k"}, {"S": "s"}, {"S": "old"}]
        });
        without_guards(&mut statement);
        assert_eq!(statement["Statement"], r#"UPDATE "t" SET "a"=? REMOVE "b" WHERE "pk"=? AND "sk"=?"#);
        assert_eq!(statement["Parameters"], json!([{"S": "new"}, {"S": "k"}, {"S": "s"}]));
    }
}
