//! Conditions in words, where they are simple enough for words to be as exact as the expression.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

/// What a condition says of items, to follow "items that": `have "address", and have no "addressDetails"`. None where
/// only the expression itself is exact.
pub fn of_condition(tree: &IdedExpr) -> Option<String> {
    let parts = joined(tree, operators::LOGICAL_AND);
    if parts.len() > 1 {
        let words = parts.into_iter().map(one).collect::<Option<Vec<_>>>()?;
        return Some(words.join(", and "));
    }
    let parts = joined(tree, operators::LOGICAL_OR);
    let words = parts.into_iter().map(one).collect::<Option<Vec<_>>>()?;
    Some(words.join(", or "))
}

/// The operands of a chain of one operator.
fn joined<'e>(node: &'e IdedExpr, operator: &str) -> Vec<&'e IdedExpr> {
    match &node.expr {
        Expr::Call(call) if call.func_name == operator => {
            call.args.iter().flat_map(|part| joined(part, operator)).collect()
        }
        _ => vec![node],
    }
}

fn one(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Expr::Select(select) if select.test => {
            let path = path(&select.operand)?;
            let path = if path.is_empty() { select.field.clone() } else { format!("{path}.{}", select.field) };
            Some(format!("have `{path}`"))
        }
        Expr::Call(call) => of_call(call),
        _ => None,
    }
}

fn of_call(call: &CallExpr) -> Option<String> {
    if let Some(target) = &call.target {
        let path = path(target).filter(|path| !path.is_empty())?;
        let [argument] = call.args.as_slice() else { return None };
        let verb = match call.func_name.as_str() {
            "startsWith" => "begins with",
            "endsWith" => "ends with",
            "contains" => "contains",
            _ => return None,
        };
        return Some(format!("have a `{path}` that {verb} {}", literal(argument)?));
    }
    match (call.func_name.as_str(), call.args.as_slice()) {
        (operators::LOGICAL_NOT, [inner]) => {
            let words = one(inner)?;
            let present =
                words.strip_prefix("have `").filter(|rest| rest.ends_with('`') && rest.matches('`').count() == 1);
            present.map(|rest| format!("have no `{rest}"))
        }
        (operators::IN, [of, list]) => {
            let Expr::List(list) = &list.expr else { return None };
            let choices = list.elements.iter().map(literal).collect::<Option<Vec<_>>>()?;
            Some(format!("have a `{}` that is one of {}", named(of)?, choices.join(", ")))
        }
        (operator, [of, to]) => {
            let relation = match operator {
                operators::EQUALS => "equal to",
                operators::NOT_EQUALS => "other than",
                operators::LESS => "below",
                operators::LESS_EQUALS => "of at most",
                operators::GREATER => "above",
                operators::GREATER_EQUALS => "of at least",
                _ => return None,
            };
            Some(format!("have a `{}` {relation} {}", named(of)?, literal(to)?))
        }
        _ => None,
    }
}

fn named(node: &IdedExpr) -> Option<String> {
    path(node).filter(|path| !path.is_empty())
}

/// The path below `item` or `key`; empty for these themselves.
fn path(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Expr::Ident(name) if name == "item" || name == "key" => Some(String::new()),
        Expr::Select(select) if !select.test => {
            let above = path(&select.operand)?;
            Some(if above.is_empty() { select.field.clone() } else { format!("{above}.{}", select.field) })
        }
        _ => None,
    }
}

fn literal(node: &IdedExpr) -> Option<String> {
    let Expr::Literal(literal) = &node.expr else { return None };
    Some(match literal {
        LiteralValue::Boolean(b) => b.inner().to_string(),
        LiteralValue::Int(i) => i.inner().to_string(),
        LiteralValue::UInt(u) => u.inner().to_string(),
        LiteralValue::Double(d) => d.inner().to_string(),
        LiteralValue::String(text) => format!("\"{}\"", text.inner()),
        LiteralValue::Null => "null".into(),
        LiteralValue::Bytes(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Option<String> {
        of_condition(&cel::parser::Parser::new().parse(text).unwrap())
    }

    #[test]
    fn simple_conditions_are_told_in_words() {
        assert_eq!(
            words("has(item.address) && !has(item.a.b) && item.version == 1").unwrap(),
            "have `address`, and have no `a.b`, and have a `version` equal to 1"
        );
        assert_eq!(words("key.sk.startsWith('ORDER#')").unwrap(), "have a `sk` that begins with \"ORDER#\"");
        assert_eq!(
            words("item.type in ['a', 'b'] || item.n < 2").unwrap(),
            "have a `type` that is one of \"a\", \"b\", or have a `n` below 2"
        );
    }

    #[test]
    fn what_words_could_blur_is_left_to_the_expression() {
        assert_eq!(words("has(item.a) && (has(item.b) || has(item.c))"), None);
        assert_eq!(words("!(item.a == 1)"), None);
        assert_eq!(words("size(item.a) > 3"), None);
    }
}
