use super::*;
use proptest::prelude::*;

fn item(json: &str) -> Item {
    serde_json::from_str(json).unwrap()
}

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

#[test]
fn quoted_names_keep_their_dots_and_brackets() {
    assert_eq!(path(r#""a.b".c"#).root(), "a.b");
    assert_eq!(path(r#""a.b".c"#).to_string(), r#""a.b".c"#);
    assert_eq!(Path::parse(r#""x[0]"[0]."say ""hi""""#).unwrap().to_string(), r#""x[0]"[0]."say ""hi""""#);
}

#[test]
fn invalid_paths_are_refused() {
    for empty in ["", "a.", ".a", "a..b", "[0]", "\"\""] {
        assert!(matches!(Path::parse(empty), Err(PathError::EmptyPart { .. })), "{empty}");
    }
    for quote in ["\"a", "\"a\"b", "a[0]b"] {
        assert!(matches!(Path::parse(quote), Err(PathError::Quote { .. })), "{quote}");
    }
    for position in ["a[", "a[]", "a[x]", "a[-1]", "a[99999999]", "a[0", "a[+1]"] {
        assert!(matches!(Path::parse(position), Err(PathError::Position { .. })), "{position}");
    }
    assert!(matches!(Path::parse(&"a.".repeat(40)), Err(PathError::TooDeep { .. })));
}

proptest! {
    #[test]
    fn a_displayed_path_parses_to_itself(root in ".{1,8}", parts in proptest::collection::vec((0..3u8, ".{1,8}", 0usize..200), 0..5)) {
        let rest = parts.into_iter().map(|(kind, name, index)| match kind {
            0 => Part::Name(name),
            1 => Part::Index(index),
            _ => Part::Every,
        });
        let path = Path { root, rest: rest.collect() };
        prop_assert_eq!(Path::parse(&path.to_string()), Ok(path));
    }

    #[test]
    fn no_string_makes_the_parser_panic(text in ".{0,40}") {
        let _ = Path::parse(&text);
    }
}

#[test]
fn values_are_set_read_and_removed_within_existing_maps_and_lists() {
    let mut item = item(r#"{"m":{"M":{}},"s":{"S":"x"},"l":{"L":[{"M":{}},{"N":"1"}]}}"#);
    for place in ["m.a", "l[0].a", "l[1]"] {
        let path = path(place);
        path.put(&mut item, Value::n("5")).unwrap();
        assert_eq!(path.get(&item), Some(&Value::n("5")), "{place}");
        assert_eq!(path.take(&mut item), Some(Value::n("5")), "{place}");
        assert_eq!(path.get(&item), None, "{place}");
    }
    let refused = |text: &str| path(text).put(&mut item.clone(), Value::n("1")).unwrap_err().to_string();
    assert_eq!(refused("q.a"), "cannot set `q.a`: `q` is missing");
    assert_eq!(refused("s.a"), "cannot set `s.a`: `s` is not a map but of type S");
    assert_eq!(refused("s[0]"), "cannot follow `s[0]`: `s` is not a list but of type S");
    assert_eq!(refused("l[7]"), "cannot set `l[7]`: the list `l` has 1 elements");
    assert_eq!(refused("l[7].a"), "cannot set `l[7].a`: `l[7]` is missing");
}

#[test]
fn a_star_matches_each_element_of_each_list() {
    let item = item(r#"{"o":{"L":[{"M":{"p":{"L":[{"N":"1"},{"N":"2"}]}}},{"M":{}},{"M":{"p":{"L":[{"N":"3"}]}}}]}}"#);
    let every = path("o[*].p[*]");
    let places = every.places(&item).unwrap();
    assert_eq!(places.iter().map(ToString::to_string).collect::<Vec<_>>(), ["o[0].p[0]", "o[0].p[1]", "o[2].p[0]"]);
    assert_eq!(path("o[*].q").at(&path("o[2].p")).to_string(), "o[2].q");
    assert!(path("none[*].x").places(&item).unwrap().is_empty());
    assert!(matches!(path("o[0][*]").places(&item), Err(PlaceError::NotList { found: "M", .. })));
}

#[test]
fn put_deep_creates_missing_maps_and_never_replaces_another_value() {
    let mut item = item(r#"{"s":{"S":"x"}}"#);
    path("a.b.c").put_deep(&mut item, Value::n("1")).unwrap();
    assert_eq!(path("a.b.c").get(&item), Some(&Value::n("1")));
    assert!(path("s.b.c").put_deep(&mut item, Value::n("1")).is_err());
}
