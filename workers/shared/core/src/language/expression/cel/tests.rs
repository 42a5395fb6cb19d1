use super::*;
use crate::language::finding::{Code, Level};

fn item(json: &str) -> Item {
    serde_json::from_str(json).unwrap()
}

fn value(source: &str, json: &str) -> String {
    match Expression::compile(source).unwrap().value(&item(json)) {
        Ok(value) => serde_json::to_string(&value).unwrap(),
        Err(error) => format!("error: {error}"),
    }
}

fn refused(source: &str) -> String {
    Expression::compile(source).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn the_attributes_that_an_expression_reads_are_known() {
    let e = Expression::compile(r#"has(item.a) && item["b c"].d == 1 && [1].exists(x, x == item.e) && key.pk == 's'"#);
    let e = e.unwrap();
    assert_eq!(e.reads().iter().map(String::as_str).collect::<Vec<_>>(), ["a", "b c", "e"]);
    assert_eq!(e.key_reads().iter().map(String::as_str).collect::<Vec<_>>(), ["pk"]);
}

#[test]
fn what_expressions_may_not_do_is_refused_with_what_to_write_instead() {
    assert!(refused("address == 'x'").contains("with `item.` before it: item.address"));
    assert!(refused("frob(item.a)").contains("no function `frob()`"));
    assert!(refused("size(item) > 1").contains("`item` cannot be used as a whole"));
    assert!(refused("item[item.a]").contains("`item` cannot be used as a whole"));
    assert!(refused("item.").contains("the expression ends too soon"));
    assert!(
        refused("trim(item.a, 'x')").contains("takes 1 argument, and 2 are given (write it as in `trim(item.name)`)")
    );
    assert!(refused("item.a.trim()").contains("is not called on a value (write it as in `trim(item.name)`)"));
    assert!(
        refused("startsWith(item.a, 'x')")
            .contains("is called on a value (write it as in `key.sk.startsWith('ORDER#')`)")
    );
    assert!(refused("extract(item.a, item.b)").contains("fixed string"));
    assert!(refused("item.a.matches('(')").contains("not a regular expression"));
    assert!(refused("[1].map(item, 1)").contains("another name"));
    assert!(refused("[[[1]]].map(a, a.map(b, b.map(c, c)))").contains("nest two deep"));
    assert!(refused("element == 1").contains("`element`"));
    for clock in ["now()", "timestamp('2026-01-01T00:00:00Z')", "duration('1s')", "double(item.a)", "uint(1)", "dyn(1)"]
    {
        assert!(refused(clock).contains("there is no function"), "{clock}");
    }
}

#[test]
fn every_fault_of_an_expression_is_found_at_its_place() {
    let source = "frob(item.a) && itm.b == lower(item.c, 1) || item.d.matches('(') && size(key) > 1.12345678901234567";
    let found = |source: &'static str| {
        let (expression, findings) = Expression::examine(source, Purpose::Condition);
        assert!(expression.is_none());
        findings.into_iter().map(|finding| (finding.code, &source[finding.span])).collect::<Vec<_>>()
    };
    assert_eq!(
        found(source),
        [
            (Code::UnknownFunction, "frob"),
            (Code::UnknownName, "itm"),
            (Code::Arguments, "lower"),
            (Code::Pattern, "'('"),
            (Code::WholeItem, "key"),
            (Code::Literal, "1.12345678901234567"),
        ]
    );
}

#[test]
fn what_fails_for_every_item_is_found_in_an_expression_that_compiles() {
    let found = |source: &str, purpose| {
        let (expression, findings) = Expression::examine(source, purpose);
        assert!(expression.is_some(), "{source}");
        findings.into_iter().map(|finding| (finding.code, finding.level)).collect::<Vec<_>>()
    };
    assert_eq!(found("size(item.a)", Purpose::Condition), [(Code::Type, Level::Error)]);
    assert_eq!(found("size(item.a)", Purpose::Value), []);
    assert_eq!(found("item.a < 1 || item.l.all(x, 'x')", Purpose::Condition), [(Code::Type, Level::Error)]);
    assert_eq!(found("lower(item.a) == 1", Purpose::Condition), [(Code::NeverEqual, Level::Warning)]);
    assert_eq!(found("item.a == null", Purpose::Condition), []);
}

#[test]
fn a_path_gives_the_very_value_whatever_its_type() {
    let set = r#"{"NS":["1","12345678901234567890123456789012345678"]}"#;
    let given = format!(r#"{{"m":{{"M":{{"s":{set}}}}}}}"#);
    assert_eq!(value("item.m.s", &given), set);
    assert_eq!(value("{'a': item.m.s}", &given), format!(r#"{{"M":{{"a":{set}}}}}"#));
    assert_eq!(value("true ? item.m.s : 1", &given), set);
}

#[test]
fn extract_gives_the_named_groups_and_no_match_is_an_error_without_the_value() {
    let source = r"extract(item.a, r'^(?<street>[^,]+), *(?<city>.+)$')";
    let split = r#"{"M":{"city":{"S":"Boston"},"street":{"S":"1 Main St"}}}"#;
    assert_eq!(value(source, r#"{"a":{"S":"1 Main St, Boston"}}"#), split);
    assert_eq!(value(source, r#"{"a":{"S":"secret"}}"#), "error: extract(): the pattern does not match");
}

#[test]
fn integers_compute_exactly_or_not_at_all() {
    let given = r#"{"n":{"N":"41"},"max":{"N":"9223372036854775807"},"half":{"N":"0.5"},"long":{"N":"12345678901234567890123456789012345678"}}"#;
    assert_eq!(value("item.n + 1", given), r#"{"N":"42"}"#);
    assert_eq!(value("-item.n % 7 * 2 - 1", given), r#"{"N":"-13"}"#);
    assert_eq!(value("item.n / 41", given), r#"{"N":"1"}"#);
    assert!(value("item.n / 2", given).contains("leaves a remainder"));
    assert!(value("item.n / 0", given).contains("division by zero"));
    assert!(value("item.n % 0", given).contains("division by zero"));
    assert!(value("item.max + 1", given).contains("overflows 64 bits; write decimal(...)"));
    assert!(value("-9223372036854775807 - 2", given).contains("overflows"));
    for rounding in ["item.half + 1", "item.long + 1", "0.1 + 0.2"] {
        assert!(value(rounding, given).contains("write decimal(...)"), "{rounding}");
    }
    assert_eq!(value("-item.long", given), r#"{"N":"-12345678901234567890123456789012345678"}"#);
}

#[test]
fn decimals_compute_with_38_digits_and_never_round() {
    let given = r#"{"price":{"N":"19.99"},"text":{"S":"0.1"},"long":{"N":"12345678901234567890123456789012345678"}}"#;
    assert_eq!(value("decimal(item.price) * 100", given), r#"{"N":"1999"}"#);
    assert_eq!(value("decimal(item.text) + 0.2", given), r#"{"N":"0.3"}"#);
    assert_eq!(value("item.price / decimal(8)", given), r#"{"N":"2.49875"}"#);
    assert_eq!(value("decimal(item.long) + 1", given), r#"{"N":"12345678901234567890123456789012345679"}"#);
    assert_eq!(value("[decimal(item.text)]", given), r#"{"L":[{"N":"0.1"}]}"#);
    for inexact in
        ["decimal(1) / 3", "decimal(item.long) * 10.1", "decimal(item.long) + 0.1", "decimal('1e120') * 1e10"]
    {
        assert!(value(inexact, given).contains("would have to be rounded"), "{inexact}");
    }
    assert_eq!(
        value("decimal(item.text) == 0.1 && item.price < decimal(20) && item.long > 0.5", given),
        r#"{"BOOL":true}"#
    );
}

#[test]
fn each_function_gives_what_its_reference_says() {
    let given = r#"{"s":{"S":" a,B "},"n":{"N":"7.50"},"ss":{"SS":["x","y"]},"b":{"B":"AQI="},"t":{"S":"2026-11-22T10:00:00Z"}}"#;
    let cases = [
        ("split(item.s, ',')", r#"{"L":[{"S":" a"},{"S":"B "}]}"#),
        ("join(item.ss, '-')", r#"{"S":"x-y"}"#),
        ("join(['a'], '-') + trim(item.s)", r#"{"S":"aa,B"}"#),
        ("lower(item.s) + upper(item.s)", r#"{"S":" a,b  A,B "}"#),
        ("number('007.50')", r#"{"N":"7.5"}"#),
        ("string(item.n) + string(true) + string(bytes('x'))", r#"{"S":"7.5truex"}"#),
        ("int('42')", r#"{"N":"42"}"#),
        ("int(item.n)", "error: int(): the value is not a 64-bit integer"),
        ("bool('true')", r#"{"BOOL":true}"#),
        ("epoch_seconds(item.t)", r#"{"N":"1795341600"}"#),
        ("iso_time(1795341600)", r#"{"S":"2026-11-22T10:00:00Z"}"#),
        ("string_set(['b', 'a', 'b'])", r#"{"SS":["a","b"]}"#),
        ("number_set([2, 1.0])", r#"{"NS":["1","2"]}"#),
        ("string_set([])", "error: string_set(): DynamoDB has no empty sets"),
        ("binary_set([binary('AQI=')])", r#"{"BS":["AQI="]}"#),
        ("base64(item.b)", r#"{"S":"AQI="}"#),
        ("sha256('')", r#"{"S":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}"#),
        (
            "uuid_from('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')",
            r#"{"S":"2ed6657d-e927-568b-95e1-2665a8aea6a2"}"#,
        ),
        ("uuid_from('x', 'y')", "error: uuid_from(): the namespace is not a UUID"),
        ("[type(item.ss), type(decimal(1)), type(null)]", r#"{"L":[{"S":"SS"},{"S":"N"},{"S":"NULL"}]}"#),
        ("[size(item.s), item.ss.size(), size('üb')]", r#"{"L":[{"N":"5"},{"N":"2"},{"N":"2"}]}"#),
        (
            "item.s.contains('B') && 'ab'.endsWith('b') && 'ab'.startsWith('a') && 'ab'.matches('^a')",
            r#"{"BOOL":true}"#,
        ),
        ("'x' in item.ss && 2 in [1, 2.0] && 'k' in {'k': 1} && !('x' in [])", r#"{"BOOL":true}"#),
        ("split(item.s, '')", "error: split(): the separator is empty"),
        ("trim(item.n)", "error: trim() cannot be applied to (N)"),
    ];
    for (source, wanted) in cases {
        assert_eq!(value(source, given), wanted, "{source}");
    }
}

#[test]
fn loops_run_over_lists_sets_and_keys() {
    let given = r#"{"l":{"L":[{"M":{"q":{"N":"1"}}},{"M":{"q":{"N":"2"}}}]},"ns":{"NS":["10","9"]},"m":{"M":{"b":{"N":"1"},"a":{"N":"2"}}}}"#;
    assert_eq!(value("item.l.map(o, o.q + 1)", given), r#"{"L":[{"N":"2"},{"N":"3"}]}"#);
    assert_eq!(value("item.l.map(o, o.q > 1, o.q)", given), r#"{"L":[{"N":"2"}]}"#);
    assert_eq!(value("item.l.filter(o, o.q < 2)", given), r#"{"L":[{"M":{"q":{"N":"1"}}}]}"#);
    assert_eq!(value("item.ns.map(n, n)", given), r#"{"L":[{"N":"9"},{"N":"10"}]}"#);
    assert_eq!(value("item.m.map(k, k)", given), r#"{"L":[{"S":"a"},{"S":"b"}]}"#);
    assert_eq!(
        value("item.l.all(o, item.ns.exists(n, n > o.q)) && item.l.exists_one(o, o.q == 1)", given),
        r#"{"BOOL":true}"#
    );
    assert!(value("[1][0].map(x, x)", given).contains("error"));
}

#[test]
fn a_side_that_decides_hides_an_error_of_the_other_side() {
    assert_eq!(value("item.a == 1 || true", "{}"), r#"{"BOOL":true}"#);
    assert_eq!(value("item.a == 1 && false", "{}"), r#"{"BOOL":false}"#);
    assert!(value("item.a == 1 || false", "{}").contains("`a` is missing"));
    assert_eq!(value("[1, 2].exists(x, x == 2 || item.a == x)", "{}"), r#"{"BOOL":true}"#);
}

#[test]
fn no_error_contains_a_value_of_the_item() {
    let given = r#"{"m":{"M":{}},"s":{"S":"s3cr3t"},"n":{"N":"31337"},"l":{"L":[{"S":"s3cr3t"}]}}"#;
    for source in [
        "item.s + 1",
        "item.s < 1",
        "number(item.s)",
        "decimal(item.s)",
        "epoch_seconds(item.s)",
        "bool(item.s)",
        "item.l[5]",
        "item.l['x']",
        "item.m[item.s]",
        "{'a': 1}[item.s]",
        "item.s[item.s]",
        "binary(item.s)",
        "uuid_from(item.s, 'x')",
        "item.s.x",
        "int(item.s)",
        "!item.s",
        "item.l + item.n",
        "{item.s: 1, item.s: 2}",
        "item.n / 7",
        "item.n.matches('x')",
        "{item.n: 1}",
        "item.s ? 1 : 2",
        "iso_time(item.s)",
    ] {
        let error = value(source, given);
        assert!(
            error.starts_with("error:") && !error.contains("s3cr3t") && !error.contains("31337"),
            "{source}: {error}"
        );
    }
}
