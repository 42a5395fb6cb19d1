//! What an expression may cost has a limit, whatever the item holds.

use crate::item::value::{Item, Value};
use crate::language::expression::cel::Expression;
use crate::language::expression::error::EvaluationError;
use std::time::{Duration, Instant};

/// As large as items come.
fn item() -> Item {
    let list = vec![Value::Bool(true); 200_000];
    let numbers = (0..60_000).map(|n| Value::N(n.to_string())).collect();
    Item::from([
        ("list".into(), Value::L(list)),
        ("numbers".into(), Value::L(numbers)),
        ("text".into(), Value::s("ab,".repeat(133_000))),
        ("zeros".into(), Value::s("a".repeat(400_000))),
    ])
}

#[test]
fn what_costs_too_much_is_cut_off_and_soon() {
    let item = item();
    for source in [
        "item.list.all(x, item.list.all(y, x == y))",
        "item.list.map(x, item.text)",
        "item.list.map(x, item.list.map(y, x))",
        "item.list.all(x, item.text == item.text + '')",
        "item.list.all(x, item.list == item.list)",
        "item.list.map(x, split(item.text, ','))",
        "item.list.all(x, size(split(item.text, 'b')) > 0)",
        "item.list.all(x, item.text.contains('zzz') == false)",
        "item.list.all(x, item.text.matches('z$') == false)",
        "item.list.all(x, sha256(item.text) != '')",
        "item.list.all(x, upper(item.text) != '')",
        "item.numbers.all(n, n in item.numbers)",
        "item.list.filter(x, true) + item.list.filter(x, true) + item.list.filter(x, true) == [] || item.list.all(x, item.numbers != [])",
    ] {
        let begun = Instant::now();
        let ended = Expression::compile(source).unwrap().value(&item);
        // Debug builds are some twenty times slower than what is deployed.
        assert!(begun.elapsed() < Duration::from_secs(20), "{source} took {:?}", begun.elapsed());
        assert_eq!(ended, Err(EvaluationError::TooCostly), "{source} in {:?}", begun.elapsed());
    }
}

#[test]
fn one_pass_over_the_largest_item_is_not_too_much() {
    let item = item();
    for source in [
        "item.list.all(x, x == true)",
        "size(item.numbers.filter(n, n % 2 == 0)) == 30000",
        "size(split(item.text, ',')) == 133001",
        "item.zeros.matches('^(a|b)+$')",
        "item.zeros + 'x' != item.text",
    ] {
        assert_eq!(Expression::compile(source).unwrap().holds(&item), Ok(true), "{source}");
    }
}

#[test]
fn patterns_that_blow_up_elsewhere_take_time_in_proportion_to_the_text() {
    let item = item();
    for pattern in [
        "(a*)*b",
        "(a|aa)+$",
        "(a|a)*b",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(x+x+)+y",
        "(.*)(.*)(.*)(.*)(.*)b",
        "(?:a?){200}b",
    ] {
        for source in [format!("item.zeros.matches(r'{pattern}')"), format!("extract(item.zeros, r'(?<g>{pattern})')")]
        {
            let begun = Instant::now();
            if let Ok(expression) = Expression::compile(&source) {
                let _ = expression.value(&item);
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{source} took {:?}", begun.elapsed());
        }
    }
}

#[test]
fn everyday_patterns_are_not_too_large_and_monstrous_ones_are() {
    for pattern in [
        r"^\w+@\w+\.\w+$",
        r"(?i)^[\w.+-]+@[\w-]+\.[\w.-]+$",
        r"^(?<y>\d{4})-(?<m>\d{2})-(?<d>\d{2})T(?<h>\d{2}):(?<i>\d{2}):(?<s>\d{2})(?:\.(?<f>\d+))?Z$",
        r"^\p{L}+( \p{L}+)*$",
    ] {
        assert!(Expression::compile(&format!("item.a.matches(r'{pattern}')")).is_ok(), "{pattern}");
    }
    for pattern in [r"(\w+\s?){1,20}$", "(a{100}){100}{100}", &"(".repeat(60)] {
        assert!(Expression::compile(&format!("item.a.matches(r'{pattern}')")).is_err(), "{pattern}");
    }
}

#[test]
fn what_an_expression_creates_has_a_limit() {
    let item = item();
    let made =
        Expression::compile("item.zeros + item.zeros + item.zeros").unwrap().value(&item).unwrap_err().to_string();
    assert_eq!(made, "creates a value of 1200000 bytes, which is more than an item can hold");
}

#[test]
fn expressions_as_deep_as_they_may_be_are_evaluated_on_an_ordinary_stack() {
    let sum = format!("0{}", " + 1".repeat(98));
    assert_eq!(Expression::compile(&sum).unwrap().value(&Item::new()), Ok(Value::n("98")));
    let brackets = format!("{}true{}", "[".repeat(24), "][0]".repeat(24));
    assert_eq!(Expression::compile(&brackets).unwrap().holds(&Item::new()), Ok(true));
    let long = format!("0{}", " + 1".repeat(100));
    assert!(Expression::compile(&long).is_err());
}
