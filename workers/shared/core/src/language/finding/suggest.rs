//! Which known word an author may have meant.

/// Known words, each with the words that people who come from other tools and languages write for it.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("id", &["name"]),
    ("description", &["title"]),
    ("where", &["filter", "condition"]),
    ("when", &["if"]),
    ("change", &["steps", "transform", "update", "up"]),
    ("check", &["assert", "validate", "verify", "ensure"]),
    ("set", &["add", "put", "assign"]),
    ("remove", &["delete", "drop", "unset"]),
    ("to", &["value", "as", "into", "with", "type", "target", "default_value"]),
    ("from", &["source"]),
    ("path", &["attribute", "field"]),
    ("convert", &["cast"]),
    ("map_values", &["map"]),
    ("values", &["mapping"]),
    ("otherwise", &["else"]),
    ("exists", &["any", "some"]),
    ("all", &["every"]),
    ("size", &["length", "len", "count"]),
    ("lower", &["lowercase", "tolower", "tolowercase", "lowerascii"]),
    ("upper", &["uppercase", "toupper", "touppercase", "upperascii"]),
    ("trim", &["strip"]),
    ("string", &["tostring", "str"]),
    ("number", &["tonumber", "parseint", "parsefloat", "float"]),
    ("extract", &["regex", "regexp", "substring"]),
    ("contains", &["includes"]),
    ("string_set", &["set"]),
    ("epoch_seconds", &["epoch", "unix"]),
    ("iso_time", &["iso", "date"]),
    ("sha256", &["hash"]),
    ("uuid_from", &["uuid"]),
];

/// The known word that an author most likely meant: the same but for case and underscores, a synonym, or the nearest by
/// edit distance (one edit, and one more for every four characters). Nothing if none is near enough.
pub fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let known: Vec<&str> = known.into_iter().collect();
    let small = written.to_lowercase();
    let alike = |word: &&&str| word.to_lowercase().replace('_', "") == small.replace(['_', '-'], "");
    if let Some(same) = known.iter().find(alike) {
        return Some(same);
    }
    let mut synonyms = SYNONYMS.iter().filter(|(_, words)| words.contains(&small.as_str()));
    if let Some(word) = synonyms.find_map(|(meant, _)| known.iter().find(|word| *word == meant)) {
        return Some(word);
    }
    let far = 1 + written.chars().count() / 4;
    let near = known.iter().map(|word| (strsim::damerau_levenshtein(&small, &word.to_lowercase()), *word));
    near.filter(|(distance, _)| *distance <= far).min().map(|(_, word)| word)
}

/// `a`, `b` and `c`, each in backquotes.
pub fn listed<'w>(words: impl IntoIterator<Item = &'w str>, last: &str) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [&str; 5] = ["id", "description", "where", "change", "check"];

    #[test]
    fn misspelt_words_and_words_of_other_tools_are_understood() {
        assert_eq!(nearest("chnage", FIELDS), Some("change"));
        assert_eq!(nearest("Where", FIELDS), Some("where"));
        assert_eq!(nearest("filter", FIELDS), Some("where"));
        assert_eq!(nearest("startswith", ["startsWith", "endsWith"]), Some("startsWith"));
        assert_eq!(nearest("len", ["size"]), Some("size"));
    }

    #[test]
    fn what_is_like_nothing_known_gets_no_guess() {
        assert_eq!(nearest("budget", FIELDS), None);
        assert_eq!(nearest("add", FIELDS), None);
    }

    #[test]
    fn words_are_listed_as_in_a_sentence() {
        assert_eq!(listed(["a"], "and"), "`a`");
        assert_eq!(listed(["a", "b", "c"], "or"), "`a`, `b` or `c`");
    }
}
