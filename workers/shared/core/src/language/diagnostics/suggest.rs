//! Which known word an author may have meant.

/// Words that people write, and what they are called here.
const SYNONYMS: &[(&str, &str)] = &[
    ("filter", "where"),
    ("condition", "where"),
    ("shouldmigrate", "where"),
    ("if", "when"),
    ("changes", "change"),
    ("steps", "change"),
    ("transform", "change"),
    ("up", "change"),
    ("update", "change"),
    ("assert", "check"),
    ("validate", "check"),
    ("verify", "check"),
    ("ensure", "check"),
    ("name", "id"),
    ("title", "description"),
    ("add", "set"),
    ("put", "set"),
    ("assign", "set"),
    ("delete", "remove"),
    ("drop", "remove"),
    ("unset", "remove"),
    ("value", "to"),
    ("as", "to"),
    ("into", "to"),
    ("with", "to"),
    ("source", "from"),
    ("target", "to"),
    ("attribute", "path"),
    ("field", "path"),
    ("cast", "convert"),
    ("type", "to"),
    ("map", "map_values"),
    ("mapping", "values"),
    ("else", "otherwise"),
    ("default_value", "to"),
    ("length", "size"),
    ("len", "size"),
    ("count", "size"),
    ("lowercase", "lower"),
    ("lowerascii", "lower"),
    ("tolower", "lower"),
    ("tolowercase", "lower"),
    ("uppercase", "upper"),
    ("upperascii", "upper"),
    ("toupper", "upper"),
    ("touppercase", "upper"),
    ("strip", "trim"),
    ("tostring", "string"),
    ("str", "string"),
    ("tonumber", "number"),
    ("parseint", "number"),
    ("parsefloat", "number"),
    ("float", "number"),
    ("regex", "extract"),
    ("regexp", "extract"),
    ("substring", "extract"),
    ("match", "matches"),
    ("includes", "contains"),
    ("set", "string_set"),
    ("epoch", "epoch_seconds"),
    ("unix", "epoch_seconds"),
    ("iso", "iso_time"),
    ("date", "iso_time"),
    ("hash", "sha256"),
    ("uuid", "uuid_from"),
];

/// The known word that is nearest to what was written, if one is near enough to be meant.
pub fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let known: Vec<&str> = known.into_iter().collect();
    let small = written.to_lowercase();
    let alike = |word: &&&str| word.to_lowercase().replace('_', "") == small.replace(['_', '-'], "");
    if let Some(same) = known.iter().find(alike) {
        return Some(same);
    }
    let synonyms = SYNONYMS.iter().filter(|(said, _)| *said == small).map(|(_, meant)| *meant);
    if let Some(word) = synonyms.filter_map(|meant| known.iter().find(|word| **word == meant)).next() {
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
