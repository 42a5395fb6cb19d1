//! Operators on values. A result is exact, or it is an error.

use crate::item::numbers;
use crate::item::value::{Binary, Value};
use crate::language::expression::budget::Budget;
use crate::language::expression::datum::{Datum, Evaluated};
use crate::language::expression::error::EvaluationError;
use crate::language::expression::node::Operator;
use bigdecimal::{BigDecimal, Zero as _};
use std::cmp::Ordering;

/// Evaluates `a operator b`.
pub(crate) fn binary<'v>(operator: Operator, a: Datum<'v>, b: Datum<'v>, budget: &Budget) -> Evaluated<'v> {
    use Operator as O;
    let holds = match operator {
        O::Add | O::Subtract | O::Multiply | O::Divide | O::Modulo => return compute(operator, a, b, budget),
        O::Equal => equal(&a, &b, budget)?,
        O::NotEqual => !equal(&a, &b, budget)?,
        O::Less => order(&a, &b, "<", budget)?.is_lt(),
        O::LessEqual => order(&a, &b, "<=", budget)?.is_le(),
        O::Greater => order(&a, &b, ">", budget)?.is_gt(),
        O::GreaterEqual => order(&a, &b, ">=", budget)?.is_ge(),
        O::In => is_in(&a, &b, budget)?,
    };
    Ok(Datum::Own(Value::Bool(holds)))
}

/// Evaluates `-a`.
pub(crate) fn negate<'v>(a: &Datum<'v>) -> Evaluated<'v> {
    if let Datum::Decimal(number) = a {
        return Ok(Datum::Decimal(-number));
    }
    // Only the sign of the digits changes, so numbers of any size are allowed: nothing can be rounded.
    match a.number() {
        Some(number) => match numbers::normal(&number) {
            Some(zero) if zero == "0" => Ok(Datum::Own(Value::N(zero))),
            Some(number) => Ok(Datum::Own(Value::N(match number.strip_prefix('-') {
                Some(positive) => positive.to_owned(),
                None => format!("-{number}"),
            }))),
            None => Err(EvaluationError::inexact()),
        },
        None => Err(EvaluationError::wrong_type("`-`", &[a.plain()])),
    }
}

fn compute<'v>(operator: Operator, a: Datum<'v>, b: Datum<'v>, budget: &Budget) -> Evaluated<'v> {
    if let (Some(x), Some(y)) = (a.number(), b.number()) {
        if matches!(a, Datum::Decimal(_)) || matches!(b, Datum::Decimal(_)) {
            budget.charge(10)?;
            return decimals(operator, &x, &y).map(Datum::Decimal);
        }
        return integers(operator, &x, &y).map(|result| Datum::Own(Value::N(result.to_string())));
    }
    match operator {
        Operator::Add => concatenate(a, b, budget),
        _ => Err(EvaluationError::wrong_type(symbol(operator), &[a.plain(), b.plain()])),
    }
}

fn symbol(operator: Operator) -> &'static str {
    match operator {
        Operator::Add => "`+`",
        Operator::Subtract => "`-`",
        Operator::Multiply => "`*`",
        Operator::Divide => "`/`",
        Operator::Modulo => "`%`",
        Operator::In => "`in`",
        _ => "a comparison",
    }
}

fn integers(operator: Operator, a: &str, b: &str) -> Result<i64, EvaluationError> {
    let whole = |digits| {
        numbers::integer(digits).ok_or_else(|| {
            EvaluationError::Execution(format!(
                "{} needs 64-bit integers; write decimal(...) around the number to compute exactly",
                symbol(operator)
            ))
        })
    };
    let (a, b) = (whole(a)?, whole(b)?);
    let overflow = || {
        let operator = symbol(operator);
        EvaluationError::Execution(format!(
            "{operator} overflows 64 bits; write decimal(...) to compute with 38 digits"
        ))
    };
    let result = match operator {
        Operator::Add => a.checked_add(b),
        Operator::Subtract => a.checked_sub(b),
        Operator::Multiply => a.checked_mul(b),
        _ if b == 0 => return Err(EvaluationError::Execution("a division by zero".into())),
        Operator::Divide if a.checked_rem(b).unwrap_or(0) != 0 => {
            return Err(EvaluationError::Execution(
                "`/` leaves a remainder; subtract `a % b` first, or write decimal(...) for an exact quotient".into(),
            ));
        }
        Operator::Divide => a.checked_div(b),
        _ => a.checked_rem(b),
    };
    result.ok_or_else(overflow)
}

fn decimals(operator: Operator, a: &str, b: &str) -> Result<BigDecimal, EvaluationError> {
    let (a, b) = numbers::decimal(a).zip(numbers::decimal(b)).ok_or_else(EvaluationError::inexact)?;
    let result = match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        _ if b.is_zero() => return Err(EvaluationError::Execution("a division by zero".into())),
        Operator::Divide => {
            let quotient = &a / &b;
            // BigDecimal divides to 100 digits. The quotient is exact if multiplying gives `a` again.
            if &quotient * &b != a {
                return Err(EvaluationError::inexact());
            }
            quotient
        }
        _ => a % b,
    };
    match numbers::of_decimal(&result) {
        Some(_) => Ok(result.normalized()),
        None => Err(EvaluationError::inexact()),
    }
}

fn concatenate<'v>(a: Datum<'v>, b: Datum<'v>, budget: &Budget) -> Evaluated<'v> {
    let joined = match (a.plain(), b.plain()) {
        (Some(Value::S(x)), Some(Value::S(y))) => {
            budget.charge_created(x.len() + y.len())?;
            Value::S([x.as_str(), y].concat())
        }
        (Some(Value::B(x)), Some(Value::B(y))) => {
            budget.charge_created(x.0.len() + y.0.len())?;
            Value::B(Binary([x.0.as_slice(), &y.0].concat()))
        }
        (Some(Value::L(x)), Some(Value::L(y))) => {
            let bytes = [&a, &b].map(|list| list.plain().map_or(0, crate::item::value::value_bytes));
            budget.charge_created(bytes.iter().sum())?;
            Value::L([x.as_slice(), y].concat())
        }
        (x, y) => return Err(EvaluationError::wrong_type("`+`", &[x, y])),
    };
    Ok(Datum::Own(joined))
}

/// Whether two values are equal. Values of different types are not; numbers are if they are the same number, however
/// they are written.
pub(crate) fn equal(a: &Datum<'_>, b: &Datum<'_>, budget: &Budget) -> Result<bool, EvaluationError> {
    match (a.plain(), b.plain()) {
        (Some(a), Some(b)) => same(a, b, budget),
        _ => Ok(a.number().zip(b.number()).is_some_and(|(a, b)| numbers::compare(&a, &b) == Some(Ordering::Equal))),
    }
}

fn same(a: &Value, b: &Value, budget: &Budget) -> Result<bool, EvaluationError> {
    budget.charge(1)?;
    Ok(match (a, b) {
        (Value::S(a), Value::S(b)) => {
            budget.charge_bytes(a.len().min(b.len()))?;
            a == b
        }
        (Value::N(a), Value::N(b)) => a == b || numbers::compare(a, b) == Some(Ordering::Equal),
        (Value::B(a), Value::B(b)) => {
            budget.charge_bytes(a.0.len().min(b.0.len()))?;
            a == b
        }
        (Value::L(a), Value::L(b)) if a.len() == b.len() => {
            for (a, b) in a.iter().zip(b) {
                if !same(a, b, budget)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::M(a), Value::M(b)) if a.len() == b.len() => {
            for ((name, a), (other, b)) in a.iter().zip(b) {
                if name != other || !same(a, b, budget)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::L(_), _) | (Value::M(_), _) => false,
        (Value::Ss(_) | Value::Ns(_) | Value::Bs(_), _) => same_set(a, b, budget)?,
        _ => a == b,
    })
}

fn same_set(a: &Value, b: &Value, budget: &Budget) -> Result<bool, EvaluationError> {
    if a.type_name() != b.type_name() {
        return Ok(false);
    }
    budget.charge_created(crate::item::value::value_bytes(a).min(crate::item::value::value_bytes(b)))?;
    Ok(match (a, b) {
        (Value::Ns(a), Value::Ns(b)) => {
            let (a, b) = (numbers::ascending(a), numbers::ascending(b));
            a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| numbers::compare(a, b) == Some(Ordering::Equal))
        }
        (a, b) => a == b,
    })
}

fn order(a: &Datum<'_>, b: &Datum<'_>, symbol: &str, budget: &Budget) -> Result<Ordering, EvaluationError> {
    let wrong = || EvaluationError::wrong_type(&format!("`{symbol}`"), &[a.plain(), b.plain()]);
    if let (Some(a), Some(b)) = (a.number(), b.number()) {
        return numbers::compare(&a, &b).ok_or_else(EvaluationError::inexact);
    }
    match (a.plain(), b.plain()) {
        (Some(Value::S(a)), Some(Value::S(b))) => {
            budget.charge_bytes(a.len().min(b.len()))?;
            Ok(a.cmp(b))
        }
        (Some(Value::B(a)), Some(Value::B(b))) => {
            budget.charge_bytes(a.0.len().min(b.0.len()))?;
            Ok(a.cmp(b))
        }
        (Some(Value::Bool(a)), Some(Value::Bool(b))) => Ok(a.cmp(b)),
        _ => Err(wrong()),
    }
}

fn is_in(a: &Datum<'_>, b: &Datum<'_>, budget: &Budget) -> Result<bool, EvaluationError> {
    match (a.plain(), b.plain()) {
        (_, Some(Value::L(list))) => {
            for element in list {
                budget.charge(1)?;
                if equal(a, &Datum::Ref(element), budget)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        (Some(Value::S(string)), Some(Value::Ss(set))) => Ok(set.contains(string)),
        (Some(Value::S(name)), Some(Value::M(map))) => Ok(map.contains_key(name)),
        (Some(Value::B(bytes)), Some(Value::Bs(set))) => Ok(set.contains(bytes)),
        (_, Some(Value::Ns(set))) => {
            budget.charge(set.len() * 4)?;
            Ok(a.number().is_some_and(|a| set.iter().any(|n| numbers::compare(&a, n) == Some(Ordering::Equal))))
        }
        // As in CEL: a number or a boolean is never a key, which is not an error.
        (Some(Value::N(_) | Value::Bool(_)) | None, Some(Value::M(_))) => Ok(false),
        (_, Some(Value::Ss(_) | Value::Bs(_))) => Ok(false),
        (a, b) => Err(EvaluationError::wrong_type("`in`", &[a, b])),
    }
}
