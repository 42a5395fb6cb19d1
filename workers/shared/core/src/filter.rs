//! `where` pushed down to DynamoDB: a FilterExpression that leaves out items for which `where` is false, so that they
//! never cross the wire.
//!
//! The filter may let too much through, never too little. An expression can be true, false, or an error (a missing
//! attribute, a wrong type), and an error must reach the worker, which calls the item invalid. So two questions are
//! answered for each part of the expression: what surely holds of an item for which the part is *not false*, and for
//! which it is *not true*. A part that has no DynamoDB form answers nothing, which lets everything through. Comparing
//! numbers by order is such a part: DynamoDB orders numbers that an expression would refuse to compute with.

use crate::value::Value;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};
use std::collections::BTreeMap;

/// A FilterExpression with its names and values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// The expression.
    pub expression: String,
    /// ExpressionAttributeNames.
    pub names: BTreeMap<String, String>,
    /// ExpressionAttributeValues.
    pub values: BTreeMap<String, Value>,
}

/// The longest expression. Source: DynamoDB developer guide, "Quotas", Expression parameters.
const MAX_BYTES: usize = 4096;
/// The most operators and functions that are used here; DynamoDB's limit is 300.
const MAX_PARTS: usize = 200;

impl Filter {
    /// What surely holds of every item for which the expression is not false, if anything is known.
    pub fn of(expression: &IdedExpr) -> Option<Self> {
        Self::of_any(&[expression])
    }

    /// What surely holds of every item for which one of the expressions is not false, if something is known of each.
    pub fn of_any(expressions: &[&IdedExpr]) -> Option<Self> {
        let mut conditions = expressions.iter().map(|one| not_false(one)).collect::<Option<Vec<_>>>()?;
        let condition = match conditions.len() {
            1 => conditions.remove(0),
            _ => Condition::Any(conditions),
        };
        let mut filter = Self::default();
        let mut parts = 0;
        filter.expression = filter.render(&condition, &mut parts);
        (filter.expression.len() <= MAX_BYTES && parts <= MAX_PARTS).then_some(filter)
    }

    fn render(&mut self, condition: &Condition, parts: &mut usize) -> String {
        *parts += 1;
        match condition {
            Condition::Exists(name) => format!("attribute_exists({})", self.name(name)),
            Condition::Missing(name) => format!("attribute_not_exists({})", self.name(name)),
            Condition::IsNot(name, kind) => {
                let kind = self.value(&Value::s(*kind));
                format!("NOT attribute_type({}, {kind})", self.name(name))
            }
            Condition::Compare(name, operator, value) => {
                format!("{} {operator} {}", self.name(name), self.value(value))
            }
            Condition::Begins(name, prefix) => {
                let prefix = self.value(&Value::s(prefix.as_str()));
                format!("begins_with({}, {prefix})", self.name(name))
            }
            Condition::BeginsNot(name, prefix) => {
                let prefix = self.value(&Value::s(prefix.as_str()));
                format!("NOT begins_with({}, {prefix})", self.name(name))
            }
            Condition::All(all) => self.join(all, " AND ", parts),
            Condition::Any(any) => self.join(any, " OR ", parts),
        }
    }

    fn join(&mut self, conditions: &[Condition], between: &str, parts: &mut usize) -> String {
        let rendered: Vec<String> = conditions.iter().map(|condition| self.render(condition, parts)).collect();
        format!("({})", rendered.join(between))
    }

    fn name(&mut self, attribute: &str) -> String {
        let known = self.names.iter().find(|(_, name)| *name == attribute).map(|(placeholder, _)| placeholder.clone());
        known.unwrap_or_else(|| {
            let placeholder = format!("#f{}", self.names.len());
            self.names.insert(placeholder.clone(), attribute.to_owned());
            placeholder
        })
    }

    fn value(&mut self, value: &Value) -> String {
        let known = self.values.iter().find(|(_, v)| *v == value).map(|(placeholder, _)| placeholder.clone());
        known.unwrap_or_else(|| {
            let placeholder = format!(":f{}", self.values.len());
            self.values.insert(placeholder.clone(), value.clone());
            placeholder
        })
    }
}

/// A condition that DynamoDB can evaluate.
#[derive(Debug, Clone, PartialEq)]
enum Condition {
    Exists(String),
    Missing(String),
    IsNot(String, &'static str),
    Compare(String, &'static str, Value),
    Begins(String, String),
    BeginsNot(String, String),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

fn not_false(expression: &IdedExpr) -> Option<Condition> {
    match &expression.expr {
        Expr::Select(select) if select.test => {
            attribute_of_item(&select.operand).map(|()| Condition::Exists(select.field.clone()))
        }
        Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_NOT, [inner]) => not_true(inner),
            (operators::LOGICAL_AND, [a, b]) => both(not_false(a), not_false(b)),
            (operators::LOGICAL_OR, [a, b]) => either(not_false(a), not_false(b)),
            (operators::EQUALS, [a, b]) => comparison(a, b, "="),
            (operators::NOT_EQUALS, [a, b]) => comparison(a, b, "<>"),
            _ => begins_with(call, true),
        },
        _ => None,
    }
}

fn not_true(expression: &IdedExpr) -> Option<Condition> {
    match &expression.expr {
        Expr::Select(select) if select.test => {
            attribute_of_item(&select.operand).map(|()| Condition::Missing(select.field.clone()))
        }
        Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_NOT, [inner]) => not_false(inner),
            (operators::LOGICAL_AND, [a, b]) => either(not_true(a), not_true(b)),
            (operators::LOGICAL_OR, [a, b]) => both(not_true(a), not_true(b)),
            (operators::EQUALS, [a, b]) => comparison(a, b, "<>"),
            (operators::NOT_EQUALS, [a, b]) => comparison(a, b, "="),
            _ => begins_with(call, false),
        },
        _ => None,
    }
}

/// Where nothing is known of one side, the other alone surely holds.
fn both(a: Option<Condition>, b: Option<Condition>) -> Option<Condition> {
    match (a, b) {
        (Some(a), Some(b)) => Some(Condition::All(vec![a, b])),
        (one, other) => one.or(other),
    }
}

fn either(a: Option<Condition>, b: Option<Condition>) -> Option<Condition> {
    Some(Condition::Any(vec![a?, b?]))
}

/// A comparison of an attribute with a fixed value. A missing attribute is an error of the expression, and so passes.
fn comparison(a: &IdedExpr, b: &IdedExpr, operator: &'static str) -> Option<Condition> {
    let (name, value) = attribute(a).zip(literal(b)).or_else(|| attribute(b).zip(literal(a)))?;
    let missing = Condition::Missing(name.clone());
    Some(Condition::Any(vec![missing, Condition::Compare(name, operator, value)]))
}

/// `item.name.startsWith("text")`. A missing attribute and one of another type are errors, and so pass.
fn begins_with(call: &CallExpr, wanted: bool) -> Option<Condition> {
    let [prefix] = call.args.as_slice() else { return None };
    let (name, Value::S(prefix)) = (attribute(call.target.as_ref()?)?, literal(prefix)?) else { return None };
    if call.func_name != "startsWith" {
        return None;
    }
    let errors = [Condition::Missing(name.clone()), Condition::IsNot(name.clone(), "S")];
    let test = if wanted { Condition::Begins(name, prefix) } else { Condition::BeginsNot(name, prefix) };
    Some(Condition::Any(errors.into_iter().chain([test]).collect()))
}

/// The attribute that `item.name`, `item["name"]`, `key.name` or `key["name"]` names.
fn attribute(expression: &IdedExpr) -> Option<String> {
    match &expression.expr {
        Expr::Select(select) if !select.test => attribute_of_item(&select.operand).map(|()| select.field.clone()),
        Expr::Call(call) if call.func_name == operators::INDEX => match call.args.as_slice() {
            [of, name] => match (attribute_of_item(of), literal(name)) {
                (Some(()), Some(Value::S(name))) => Some(name),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

fn attribute_of_item(expression: &IdedExpr) -> Option<()> {
    matches!(&expression.expr, Expr::Ident(name) if name == "item" || name == "key").then_some(())
}

/// Texts, booleans and integers: what compares alike in CEL and in DynamoDB.
fn literal(expression: &IdedExpr) -> Option<Value> {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(Value::s(text.inner())),
        Expr::Literal(LiteralValue::Boolean(b)) => Some(Value::Bool(*b.inner())),
        Expr::Literal(LiteralValue::Int(i)) => Some(Value::N(i.inner().to_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cel::Program;

    fn filter(source: &str) -> Option<String> {
        let program = Program::compile(source).unwrap();
        let filter = Filter::of(program.expression())?;
        let values: Vec<(String, String)> = filter.values.iter().map(|(p, v)| (p.clone(), format!("{v:?}"))).collect();
        let named = filter.names.iter().rev().fold(filter.expression, |text, (p, name)| text.replace(p, name));
        Some(values.iter().rev().fold(named, |text, (p, value)| text.replace(p, value)))
    }

    #[test]
    fn presence_and_its_combinations_are_pushed_down() {
        assert_eq!(
            filter("has(item.address) && !has(item.addressDetails)").unwrap(),
            "(attribute_exists(address) AND attribute_not_exists(addressDetails))"
        );
        assert_eq!(
            filter("!(has(item.a) && has(item.b))").unwrap(),
            "(attribute_not_exists(a) OR attribute_not_exists(b))"
        );
    }

    #[test]
    fn comparisons_let_missing_attributes_through() {
        assert_eq!(filter("item.v == 1").unwrap(), r#"(attribute_not_exists(v) OR v = N("1"))"#);
        assert_eq!(filter("item.v != 'x'").unwrap(), r#"(attribute_not_exists(v) OR v <> S("x"))"#);
        assert_eq!(
            filter("key.pk.startsWith('USER#')").unwrap(),
            r#"(attribute_not_exists(pk) OR NOT attribute_type(pk, S("S")) OR begins_with(pk, S("USER#")))"#
        );
    }

    #[test]
    fn what_has_no_certain_form_lets_everything_through() {
        assert_eq!(filter("item.v < 2"), None);
        assert_eq!(filter("size(item.tags) > 0 || has(item.a)"), None);
        assert_eq!(filter("size(item.tags) > 0 && has(item.a)").unwrap(), "attribute_exists(a)");
        assert_eq!(filter("item.m.n == 1"), None);
    }
}
