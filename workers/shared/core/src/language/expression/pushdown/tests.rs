use crate::language::expression::cel::Expression;

fn filter(source: &str) -> Option<String> {
    let filter = Expression::compile(source).unwrap().filter()?;
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
    assert_eq!(
        filter("has(item.m.n)").unwrap(),
        r#"(attribute_not_exists(m) OR NOT attribute_type(m, S("M")) OR attribute_exists(m.n))"#
    );
    assert_eq!(filter("!has(item.m.n)").unwrap(), "attribute_not_exists(m.n)");
}

#[test]
fn comparisons_let_errors_through() {
    assert_eq!(filter("item.v == 1").unwrap(), r#"(attribute_not_exists(v) OR v = N("1"))"#);
    assert_eq!(filter("item.m.v != 'x'").unwrap(), r#"(attribute_not_exists(m.v) OR m.v <> S("x"))"#);
    let less = r#"(attribute_not_exists(v) OR NOT attribute_type(v, S("N")) OR v < N("2.5"))"#;
    assert_eq!(filter("item.v < 2.5").unwrap(), less);
    assert_eq!(filter("!(2.5 <= item.v)").unwrap(), less);
    assert_eq!(filter("item.on").unwrap(), "(attribute_not_exists(on) OR on <> Bool(false))");
}

#[test]
fn texts_types_and_membership_are_pushed_down() {
    assert_eq!(
        filter("key.pk.startsWith('USER#')").unwrap(),
        r#"(attribute_not_exists(pk) OR NOT attribute_type(pk, S("S")) OR begins_with(pk, S("USER#")))"#
    );
    assert_eq!(filter("type(item.a) != 'N'").unwrap(), r#"(attribute_not_exists(a) OR NOT attribute_type(a, S("N")))"#);
    assert_eq!(filter("!(item.s in ['x', 1])").unwrap(), r#"(attribute_not_exists(s) OR NOT (s IN (S("x"), N("1"))))"#);
}

#[test]
fn what_has_no_certain_form_lets_everything_through() {
    assert_eq!(filter("size(item.tags) > 0 || has(item.a)"), None);
    assert_eq!(filter("size(item.tags) > 0 && has(item.a)").unwrap(), "attribute_exists(a)");
    assert_eq!(filter("item.a.startsWith('')"), None);
    assert_eq!(filter("item.a == item.b"), None);
    assert_eq!(filter("item.on < true"), None);
}
