//! What each module of a crate imports from its own crate.

use super::source::{Module, Source, joined};
use std::collections::{BTreeMap, BTreeSet};

/// The imports between the modules of a crate.
pub struct Imports {
    /// Each module with its file's path in the project.
    pub files: BTreeMap<Module, String>,
    /// Each module with the paths that it imports, absolute within the crate.
    paths: BTreeMap<Module, BTreeSet<String>>,
    /// The names that the root re-exports, each with the path that it stands for.
    exports: BTreeMap<String, String>,
}

impl Imports {
    /// Reads the imports of the crate in this folder of the project.
    pub fn read(folder: &str) -> Self {
        let Source { files, code } = Source::read(folder);
        let paths = code.iter().map(|(module, code)| (module.clone(), imports_of(module, code, &files))).collect();
        let exports = code.get("").map(|root| exports_of(root, &files)).unwrap_or_default();
        Self { files, paths, exports }
    }

    /// The module that contains what a path names. A name that the root re-exports is in the module that it comes from.
    fn target(&self, path: &str) -> Module {
        let mut path = self.exports.get(path).map_or(path, String::as_str);
        while !self.files.contains_key(path) {
            path = path.rsplit_once("::").map_or("", |(parent, _)| parent);
        }
        path.to_owned()
    }

    /// For each module, the other modules that it imports.
    pub fn edges(&self) -> BTreeMap<Module, BTreeSet<Module>> {
        let targets = |module: &Module, paths: &BTreeSet<String>| {
            paths.iter().map(|path| self.target(path)).filter(|target| target != module).collect()
        };
        self.paths.iter().map(|(module, paths)| (module.clone(), targets(module, paths))).collect()
    }
}

/// The paths that a module imports from its own crate: by `use`, and where the code names `crate::...`.
fn imports_of(module: &str, code: &str, files: &BTreeMap<Module, String>) -> BTreeSet<String> {
    let mut paths: BTreeSet<String> = use_trees(code).flat_map(|(_, tree)| expanded(tree)).collect();
    for (at, _) in code.match_indices("crate::") {
        let boundary = code[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric() && before != '_');
        let path = code[at..].split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').next().unwrap_or_default();
        if boundary {
            paths.insert(path.trim_end_matches(':').to_owned());
        }
    }
    paths.iter().filter_map(|path| absolute(module, path, files)).collect()
}

/// The names that the root re-exports from the crate's modules, each with its path.
fn exports_of(root: &str, files: &BTreeMap<Module, String>) -> BTreeMap<String, String> {
    let public = use_trees(root).filter(|(visibility, _)| !visibility.is_empty());
    let paths = public.flat_map(|(_, tree)| expanded(tree)).filter_map(|path| absolute("", &path, files));
    paths.filter_map(|path| Some((path.rsplit_once("::")?.1.to_owned(), path.clone()))).collect()
}

/// The `use` declarations in the code: the visibility of each, such as `pub `, and its tree.
fn use_trees(code: &str) -> impl Iterator<Item = (&str, &str)> {
    let starts = code.match_indices("use ").filter_map(|(at, _)| {
        let before = &code[code[..at].rfind('\n').map_or(0, |newline| newline + 1)..at];
        let visibility = before.trim_start();
        ["", "pub ", "pub(crate) "].contains(&visibility).then_some((at, visibility))
    });
    starts.map(|(at, visibility)| {
        let tree = &code[at + "use ".len()..];
        (visibility, tree.split(';').next().unwrap_or_default())
    })
}

/// The paths of a `use` tree such as `a::{b, c::d}`.
fn expanded(tree: &str) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    expand("", tree, &mut paths);
    paths
}

/// Adds the paths of a `use` tree that follows this prefix.
fn expand(prefix: &str, tree: &str, paths: &mut BTreeSet<String>) {
    let tree = tree.trim();
    let Some((start, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        let path = path.strip_suffix("::*").unwrap_or(path);
        paths.insert(format!("{prefix}{path}").trim_end_matches("::self").to_owned());
        return;
    };
    let prefix = format!("{prefix}{}", start.trim());
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut depth, mut from) = (0, 0);
    for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !inner[from..at].trim().is_empty() {
                    expand(&prefix, &inner[from..at], paths);
                }
                from = at + 1;
            }
            _ => {}
        }
    }
}

/// A path within the crate; `None` if it leads to another crate.
fn absolute(module: &str, path: &str, files: &BTreeMap<Module, String>) -> Option<String> {
    if path == "crate" {
        return Some(String::new());
    }
    if let Some(rest) = path.strip_prefix("crate::") {
        return Some(rest.to_owned());
    }
    if let Some(rest) = path.strip_prefix("self::") {
        return Some(joined(module, rest));
    }
    if path == "super" || path.starts_with("super::") {
        let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
        let rest = path.strip_prefix("super").unwrap_or_default().trim_start_matches("::");
        return match rest {
            "" => Some(parent.to_owned()),
            rest if rest.starts_with("super") => absolute(parent, rest, files),
            rest => Some(joined(parent, rest)),
        };
    }
    let child = joined(module, path.split("::").next().unwrap_or_default());
    files.contains_key(&child).then(|| joined(module, path))
}

#[test]
fn use_trees_and_relative_paths_are_read() {
    let paths = expanded("crate::a::{self, b::{C, D as E}, f::*}");
    let expected = ["crate::a", "crate::a::b::C", "crate::a::b::D", "crate::a::f"].map(str::to_owned);
    assert_eq!(paths, expected.into());
    let files = BTreeMap::from([("a::b".to_owned(), String::new())]);
    assert_eq!(absolute("a::b", "super::super::c", &files).as_deref(), Some("c"));
    assert_eq!(absolute("a", "b::c", &files).as_deref(), Some("a::b::c"));
    assert_eq!(absolute("a", "serde::Serialize", &files), None);
}

#[test]
fn a_name_that_the_root_re_exports_is_found_in_its_module() {
    let files = BTreeMap::from([("a".to_owned(), String::new())]);
    let exports = exports_of("pub use a::{B, c::D};\nuse a::E;\npub use std::fmt::Display;\n", &files);
    let expected = [("B", "a::B"), ("D", "a::c::D")].map(|(name, path)| (name.to_owned(), path.to_owned()));
    assert_eq!(exports, expected.into());
}
