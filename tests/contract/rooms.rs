//! The layout of the code: core's rooms import only the rooms above them, and no two files import each other, not even
//! through others.

use crate::project;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;

const CORE: &str = "workers/shared/core/src";

/// The crates whose files must not import each other in a circle.
const CRATES: [&str; 5] =
    [CORE, "workers/shared/aws/src", "workers/shared/segment/src", "scripts/cli/src", "tests/src"];

/// The most files in a folder of core, not counting its subfolders: about as many as a reader takes in at a glance.
const MOST_FILES: usize = 18;

/// A module's path within its crate, such as `item::path`; empty for the root.
type Module = String;

/// The files of a crate, with what each imports from the same crate.
struct Crate {
    /// Each module with its file's path in the project.
    files: BTreeMap<Module, String>,
    /// Each module with the paths that it imports, absolute within the crate.
    imports: BTreeMap<Module, BTreeSet<String>>,
}

impl Crate {
    fn read(folder: &str) -> Self {
        let mut sources = BTreeMap::new();
        collect(&project::root().join(folder), folder, &mut sources);
        let mut files: BTreeMap<Module, String> = BTreeMap::new();
        let mut texts = BTreeMap::new();
        let mut tests = BTreeSet::new();
        for (path, text) in sources {
            let module = module_of(&path[folder.len() + 1..]);
            let (code, test_modules) = without_tests(&text);
            tests.extend(test_modules.into_iter().map(|name| joined(&module, &name)));
            texts.insert(module.clone(), code);
            files.insert(module, path);
        }
        let is_test = |module: &str| tests.iter().any(|test| is_within(module, test));
        files.retain(|module, _| !is_test(module));
        let imports = texts.iter().filter(|(module, _)| files.contains_key(*module));
        let imports = imports.map(|(module, code)| (module.clone(), imports_of(module, code, &files))).collect();
        Self { files, imports }
    }

    /// The module that contains what a path names.
    fn target(&self, path: &str) -> Module {
        let mut path = path;
        while !self.files.contains_key(path) {
            path = path.rsplit_once("::").map_or("", |(parent, _)| parent);
        }
        path.to_owned()
    }

    /// For each module, the other modules that it imports.
    fn edges(&self) -> BTreeMap<Module, BTreeSet<Module>> {
        let targets = |module: &Module, paths: &BTreeSet<String>| {
            paths.iter().map(|path| self.target(path)).filter(|target| target != module).collect()
        };
        self.imports.iter().map(|(module, paths)| (module.clone(), targets(module, paths))).collect()
    }

    /// One circle for each group of modules that reach each other, as the list of its modules.
    fn circles(&self) -> Vec<Vec<Module>> {
        let edges = self.edges();
        let mut circles: Vec<Vec<Module>> = Vec::new();
        let mut seen = BTreeSet::new();
        for module in self.files.keys() {
            let Some(circle) = shortest_circle(module, &edges) else { continue };
            if !seen.contains(module) {
                seen.extend(
                    self.files
                        .keys()
                        .filter(|other| {
                            shortest_path(module, other, &edges).is_some()
                                && shortest_path(other, module, &edges).is_some()
                        })
                        .cloned(),
                );
                circles.push(circle);
            }
        }
        circles
    }
}

fn collect(folder: &Path, name: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{name} cannot be listed: {error}")) {
        let path = entry.expect("a folder's entry").path();
        let name = format!("{name}/{}", path.file_name().expect("an entry has a name").to_string_lossy());
        if path.is_dir() {
            collect(&path, &name, found);
        } else if name.ends_with(".rs") {
            found.insert(name.clone(), project::read(&name));
        }
    }
}

/// `item/path/mod.rs` to `item::path`.
fn module_of(file: &str) -> Module {
    let name = file.trim_end_matches(".rs").replace('/', "::");
    match name.as_str() {
        "lib" | "main" => String::new(),
        name => name.strip_suffix("::mod").unwrap_or(name).to_owned(),
    }
}

fn joined(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

fn is_within(path: &str, module: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The code without comments and without what is compiled for tests only, and the names of the test modules in files.
fn without_tests(text: &str) -> (String, Vec<String>) {
    let (mut code, mut tests) = (String::new(), Vec::new());
    let mut lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            code += line;
            code.push('\n');
            continue;
        }
        let mut depth = 0;
        for line in lines.by_ref() {
            if let Some(name) = line.trim().strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
                tests.push(name.to_owned());
            }
            depth += line.matches('{').count() as i64 - line.matches('}').count() as i64;
            if depth <= 0 && !line.trim().starts_with("#[") {
                break;
            }
        }
    }
    (code, tests)
}

/// The paths that a module imports from its own crate: by `use`, and where the code names `crate::...`.
fn imports_of(module: &str, code: &str, files: &BTreeMap<Module, String>) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for line in code.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    }) {
        let (start, line) = line;
        let words = line.trim_start();
        let words = words.strip_prefix("pub(crate) ").or_else(|| words.strip_prefix("pub ")).unwrap_or(words);
        if words.starts_with("use ") {
            let from = start + line.find("use ").expect("it starts so") + 4;
            let tree = code[from..].split(';').next().unwrap_or_default();
            expand("", tree, &mut paths);
        }
    }
    for (at, _) in code.match_indices("crate::") {
        let boundary = code[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric() && before != '_');
        let path = code[at..].split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').next().unwrap_or_default();
        if boundary {
            paths.insert(path.trim_end_matches(':').to_owned());
        }
    }
    paths.iter().filter_map(|path| absolute(module, path, files)).collect()
}

/// The paths of a `use` tree such as `a::{b, c::d}`.
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

/// The modules from one to another, the first one left out; `None` if it cannot be reached.
fn shortest_path(from: &str, to: &str, edges: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Vec<Module>> {
    let mut queue = VecDeque::from([(from.to_owned(), Vec::new())]);
    let mut seen = BTreeSet::new();
    while let Some((module, path)) = queue.pop_front() {
        for next in edges.get(&module).into_iter().flatten() {
            let path: Vec<Module> = path.iter().chain([next]).cloned().collect();
            if next == to {
                return Some(path);
            }
            if seen.insert(next.clone()) {
                queue.push_back((next.clone(), path));
            }
        }
    }
    None
}

fn shortest_circle(module: &str, edges: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Vec<Module>> {
    shortest_path(module, module, edges)
}

/// The rooms of core from the numbered list in its documentation, the lowest one first.
fn rooms() -> Vec<Module> {
    let text = project::read(&format!("{CORE}/lib.rs"));
    let numbered = text.lines().filter_map(|line| line.strip_prefix("//! ")?.split_once(". [`"));
    let rooms: Vec<(usize, Module)> = numbered
        .filter_map(|(number, rest)| Some((number.parse().ok()?, rest.split_once("`]")?.0.to_owned())))
        .collect();
    let numbers: Vec<usize> = rooms.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=rooms.len()).collect::<Vec<_>>(), "the rooms in core's lib.rs are numbered from 1");
    assert!(!rooms.is_empty(), "core's lib.rs lists its rooms");
    rooms.into_iter().map(|(_, room)| room).collect()
}

#[test]
fn every_room_imports_only_rooms_above_it() {
    let (rooms, core) = (rooms(), Crate::read(CORE));
    let room_of = |module: &str| rooms.iter().position(|room| is_within(module, room));
    let mut wrong = Vec::new();
    for (module, targets) in core.edges() {
        let Some(room) = room_of(&module) else { continue };
        for target in targets {
            if room_of(&target).is_none_or(|other| other > room) {
                wrong.push(format!("{module} imports {target}, which is not in its room or above it"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_of_core_is_in_a_listed_room() {
    let (rooms, core) = (rooms(), Crate::read(CORE));
    for room in &rooms {
        assert!(core.files.contains_key(room), "core's lib.rs lists `{room}`, which is not a module");
    }
    // The root and a module that only contains rooms belong to no room.
    let holds_rooms =
        |module: &str| rooms.iter().any(|room| room != module && (module.is_empty() || is_within(room, module)));
    for module in core.files.keys().filter(|module| !holds_rooms(module)) {
        assert!(
            rooms.iter().any(|room| is_within(module, room)),
            "`{module}` is in none of the rooms in core's lib.rs"
        );
    }
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut circles = Vec::new();
    for folder in CRATES {
        let modules = Crate::read(folder);
        for circle in modules.circles() {
            let files = circle.iter().chain(circle.first()).map(|module| modules.files[module].as_str());
            circles.push(files.collect::<Vec<_>>().join("\n  imports "));
        }
    }
    assert!(circles.is_empty(), "these files import each other:\n{}", circles.join("\n"));
}

#[test]
fn no_folder_of_core_has_too_many_files() {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for file in Crate::read(CORE).files.values() {
        *count.entry(file.rsplit_once('/').expect("a file is in a folder").0.to_owned()).or_default() += 1;
    }
    for (folder, files) in count {
        assert!(files <= MOST_FILES, "{folder} has {files} files, more than {MOST_FILES}; split it into folders");
    }
}

#[test]
fn use_trees_and_relative_paths_are_read() {
    let mut paths = BTreeSet::new();
    expand("", "crate::a::{self, b::{C, D as E}, f::*}", &mut paths);
    assert_eq!(
        paths.iter().map(String::as_str).collect::<Vec<_>>(),
        ["crate::a", "crate::a::b::C", "crate::a::b::D", "crate::a::f"]
    );
    let files = BTreeMap::from([("a::b".to_owned(), String::new())]);
    assert_eq!(absolute("a::b", "super::super::c", &files).as_deref(), Some("c"));
    assert_eq!(absolute("a", "b::c", &files).as_deref(), Some("a::b::c"));
    assert_eq!(absolute("a", "serde::Serialize", &files), None);
}
