//! `where` pushed down to DynamoDB: a FilterExpression that leaves out items for which `where` is false, so that they
//! never cross the wire.
//!
//! The filter may let too much through, never too little. An expression can be true, false, or an error (a missing
//! attribute, a wrong type), and an error must reach the worker, which calls the item invalid. So two questions are
//! answered for each part of the expression: what surely holds of an item for which the part is *not false*, and for
//! which it is *not true*. A part that has no DynamoDB form answers nothing, which lets everything through.

use crate::change::filter::Filter;
use crate::item::value::Value;
use crate::language::expression::functions::Function;
use crate::language::expression::node::{Node, Operator, Variable};

/// The longest expression. Source: DynamoDB developer guide, "Quotas", Expression parameters.
const MAX_BYTES: usize = 4096;
/// The most operators and functions that are used here; DynamoDB's limit is 300.
const MAX_PARTS: usize = 200;
/// The most values that IN takes. Source: DynamoDB developer guide, "Quotas", Expression parameters.
const MAX_IN: usize = 100;

impl Filter {
    /// What surely holds of every item for which the expression is not false, if anything is known.
    pub(crate) fn of(expression: &Node) -> Option<Self> {
        Self::of_any(&[expression])
    }

    /// What surely holds of every item for which one of the expressions is not false, if something is known of each.
    pub(crate) fn of_any(expressions: &[&Node]) -> Option<Self> {
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
            Condition::Exists(path) => format!("attribute_exists({})", self.path(path)),
            Condition::Missing(path) => format!("attribute_not_exists({})", self.path(path)),
            Condition::Is(path, kind, wanted) => {
                let kind = self.value(&Value::s(kind.as_str()));
                format!("{}attribute_type({}, {kind})", not(*wanted), self.path(path))
            }
            Condition::Compare(path, operator, value) => {
                format!("{} {operator} {}", self.path(path), self.value(value))
            }
            Condition::Text(function, path, text, wanted) => {
                let text = self.value(&Value::s(text.as_str()));
                format!("{}{function}({}, {text})", not(*wanted), self.path(path))
            }
            Condition::In(path, values, wanted) => {
                *parts += values.len();
                let values: Vec<String> = values.iter().map(|value| self.value(value)).collect();
                format!("{}({} IN ({}))", not(*wanted), self.path(path), values.join(", "))
            }
            Condition::All(all) => self.join(all, " AND ", parts),
            Condition::Any(any) => self.join(any, " OR ", parts),
        }
    }

    fn join(&mut self, conditions: &[Condition], between: &str, parts: &mut usize) -> String {
        let rendered: Vec<String> = conditions.iter().map(|condition| self.render(condition, parts)).collect();
        format!("({})", rendered.join(between))
    }

    fn path(&mut self, path: &[String]) -> String {
        let names: Vec<String> = path.iter().map(|name| self.name(name)).collect();
        names.join(".")
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

fn not(wanted: bool) -> &'static str {
    if wanted { "" } else { "NOT " }
}

/// Names from an attribute on, within maps.
type Path = Vec<String>;

/// A condition that DynamoDB can evaluate.
#[derive(Debug, Clone, PartialEq)]
enum Condition {
    Exists(Path),
    Missing(Path),
    Is(Path, String, bool),
    Compare(Path, &'static str, Value),
    Text(&'static str, Path, String, bool),
    In(Path, Vec<Value>, bool),
    All(Vec<Condition>),
    Any(Vec<Condition>),
}

fn not_false(node: &Node) -> Option<Condition> {
    unless(node, true)
}

/// What surely holds of an item for which the part is an error, or is what is wanted.
fn unless(node: &Node, wanted: bool) -> Option<Condition> {
    match node {
        Node::HasAttribute(Variable::Item | Variable::Key, name) => Some(match wanted {
            true => Condition::Exists(vec![name.clone()]),
            false => Condition::Missing(vec![name.clone()]),
        }),
        Node::Has(of, name) => has(attribute(of)?, name, wanted),
        Node::Not(inner) => unless(inner, !wanted),
        Node::And(a, b) if wanted => both(unless(a, true), unless(b, true)),
        Node::And(a, b) => either(unless(a, false), unless(b, false)),
        Node::Or(a, b) if wanted => either(unless(a, true), unless(b, true)),
        Node::Or(a, b) => both(unless(a, false), unless(b, false)),
        Node::Binary(operator, sides) => comparison(*operator, &sides[0], &sides[1], wanted),
        Node::Call(function, arguments) => text_test(*function, arguments, wanted),
        Node::Path(..) => {
            let path = attribute(node)?;
            Some(or_error(&path, None, Condition::Compare(path.clone(), "<>", Value::Bool(!wanted))))
        }
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

/// A test that is an error where the attribute is missing, or of another type than this: such items pass.
fn or_error(path: &Path, kind: Option<&str>, test: Condition) -> Condition {
    let missing = Condition::Missing(path.clone());
    let other = kind.map(|kind| Condition::Is(path.clone(), kind.into(), false));
    Condition::Any([missing].into_iter().chain(other).chain([test]).collect())
}

/// `has(item.a.b)` is an error where `item.a` is no map.
fn has(of: Path, name: &str, wanted: bool) -> Option<Condition> {
    let path: Path = of.iter().cloned().chain([name.to_owned()]).collect();
    Some(match wanted {
        true => or_error(&of, Some("M"), Condition::Exists(path)),
        false => Condition::Missing(path),
    })
}

fn comparison(operator: Operator, a: &Node, b: &Node, wanted: bool) -> Option<Condition> {
    if operator == Operator::In {
        return membership(a, b, wanted);
    }
    if let (Node::Call(Function::Type, of), Some(Value::S(kind))) = (a, literal(b)) {
        return kind_test(operator, of, kind, wanted);
    }
    let (path, operator, value) = match attribute(a).zip(literal(b)) {
        Some((path, value)) => (path, operator, value),
        None => attribute(b).zip(literal(a)).map(|(path, value)| (path, operator.turned(), value))?,
    };
    let operator = if wanted { operator } else { opposite(operator)? };
    let test = Condition::Compare(path.clone(), sign(operator)?, value.clone());
    Some(match (operator, &value) {
        (Operator::Equal | Operator::NotEqual, _) => or_error(&path, None, test),
        (_, Value::S(_) | Value::N(_)) => or_error(&path, Some(value.type_name()), test),
        _ => return None,
    })
}

fn opposite(operator: Operator) -> Option<Operator> {
    Some(match operator {
        Operator::Equal => Operator::NotEqual,
        Operator::NotEqual => Operator::Equal,
        Operator::Less => Operator::GreaterEqual,
        Operator::LessEqual => Operator::Greater,
        Operator::Greater => Operator::LessEqual,
        Operator::GreaterEqual => Operator::Less,
        _ => return None,
    })
}

fn sign(operator: Operator) -> Option<&'static str> {
    Some(match operator {
        Operator::Equal => "=",
        Operator::NotEqual => "<>",
        Operator::Less => "<",
        Operator::LessEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterEqual => ">=",
        _ => return None,
    })
}

/// `item.status in ['a', 'b']`.
fn membership(a: &Node, b: &Node, wanted: bool) -> Option<Condition> {
    let (path, Node::List(values)) = (attribute(a)?, b) else { return None };
    let values = values.iter().map(literal).collect::<Option<Vec<_>>>()?;
    let counted = (1..=MAX_IN).contains(&values.len());
    counted.then(|| or_error(&path, None, Condition::In(path.clone(), values, wanted)))
}

/// `type(item.a) == 'S'`.
fn kind_test(operator: Operator, of: &[Node], kind: String, wanted: bool) -> Option<Condition> {
    const KINDS: [&str; 10] = ["S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"];
    let path = attribute(of.first()?)?;
    let wanted = match operator {
        Operator::Equal => wanted,
        Operator::NotEqual => !wanted,
        _ => return None,
    };
    KINDS.contains(&kind.as_str()).then(|| or_error(&path, None, Condition::Is(path.clone(), kind, wanted)))
}

/// `item.name.startsWith("text")` and `item.name.contains("text")`.
fn text_test(function: Function, arguments: &[Node], wanted: bool) -> Option<Condition> {
    let [of, part] = arguments else { return None };
    let name = match function {
        Function::StartsWith => "begins_with",
        Function::Contains => "contains",
        _ => return None,
    };
    let (path, Value::S(part)) = (attribute(of)?, literal(part)?) else { return None };
    // Every text holds the empty one; DynamoDB need not be asked.
    (!part.is_empty()).then(|| or_error(&path, Some("S"), Condition::Text(name, path.clone(), part, wanted)))
}

/// The attribute that `item.name`, `item["name"]` or `key.name` names, or one within maps.
fn attribute(node: &Node) -> Option<Path> {
    match node {
        Node::Path(Variable::Item | Variable::Key, names) => Some(names.clone()),
        _ => None,
    }
}

/// Texts, booleans and numbers: what compares alike in an expression and in DynamoDB.
fn literal(node: &Node) -> Option<Value> {
    match node {
        Node::Literal(value @ (Value::S(_) | Value::Bool(_) | Value::N(_))) => Some(value.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
