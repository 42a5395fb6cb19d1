//! Promises broken on purpose, between the worker and the engine, to show that the campaign notices.

use serde_json::{Map, Value as Json};

use crate::campaign::engines::history::Invocation;

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// Writes to the table lose their conditions.
    Condition,
    /// Journal objects are acknowledged at once and put later; never, if the worker is killed meanwhile.
    Journal,
    /// Every worker finds that the lock and the checkpoint are its own.
    Epoch,
}

impl Sabotage {
    /// Reads it as the command line has it.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "condition" => Self::Condition,
            "journal" => Self::Journal,
            "epoch" => Self::Epoch,
            _ => return None,
        })
    }

    /// Its word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Condition => "condition",
            Self::Journal => "journal",
            Self::Epoch => "epoch",
        }
    }
}

/// Takes the condition out of a write, with the names and values that only it used.
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

/// A PartiQL UPDATE as its parts: what it does, and its conditions, each with the parameters that it takes.
pub struct Parts {
    /// The text before WHERE.
    pub head: String,
    /// How many parameters that takes.
    pub taken: usize,
    /// The conditions.
    pub conditions: Vec<(String, Option<Json>)>,
}

/// Takes a statement apart.
pub fn parts(statement: &Json) -> Parts {
    let text = statement["Statement"].as_str().expect("a statement has a text");
    let parameters = statement["Parameters"].as_array().cloned().unwrap_or_default();
    let (head, tail) = text.split_once(" WHERE ").expect("an update has conditions");
    let taken = head.matches('?').count();
    let mut left = parameters.into_iter().skip(taken);
    let condition = |text: &str| (text.trim().to_owned(), text.contains('?').then(|| left.next()).flatten());
    Parts { head: head.to_owned(), taken, conditions: tail.split(" AND ").map(condition).collect() }
}

/// Whether a condition names the key attribute `name`.
pub fn is_about(condition: &str, name: &str) -> bool {
    let attribute = condition.split(['=', ' ']).next().unwrap_or_default();
    attribute.trim_matches('"') == name && condition.contains('?')
}

/// Takes the guards out of a statement and leaves the key.
pub fn without_guards(statement: &mut Json) {
    let parts = parts(statement);
    let key = parts.conditions.iter().filter(|(text, _)| is_about(text, "pk") || is_about(text, "sk"));
    let (texts, values): (Vec<&str>, Vec<Json>) =
        key.map(|(text, value)| (text.as_str(), value.clone().expect("a key has a value"))).unzip();
    let all = statement["Parameters"].as_array().cloned().unwrap_or_default();
    let parameters: Vec<Json> = all.into_iter().take(parts.taken).chain(values).collect();
    statement["Statement"] = format!("{} WHERE {}", parts.head, texts.join(" AND ")).into();
    statement["Parameters"] = parameters.into();
}

/// An answer about the lock that says it is this worker's.
pub fn always_ours(answer: &str, worker: &Invocation) -> String {
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
    fn a_write_without_its_condition_keeps_only_what_it_uses() {
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
    fn a_statement_without_its_guards_keeps_its_key() {
        let mut statement = json!({
            "Statement": r#"UPDATE "t" SET "a"=? REMOVE "b" WHERE "pk"=? AND "sk"=? AND "a"=? AND "c" IS MISSING"#,
            "Parameters": [{"S": "new"}, {"S": "k"}, {"S": "s"}, {"S": "old"}]
        });
        without_guards(&mut statement);
        assert_eq!(statement["Statement"], r#"UPDATE "t" SET "a"=? REMOVE "b" WHERE "pk"=? AND "sk"=?"#);
        assert_eq!(statement["Parameters"], json!([{"S": "new"}, {"S": "k"}, {"S": "s"}]));
    }
}
