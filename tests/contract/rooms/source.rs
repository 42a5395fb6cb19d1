//! The source files of a crate: the module of each, and its code without comments and tests.

use crate::project;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A module's path within its crate, such as `item::path`; empty for the root.
pub type Module = String;

/// The files of a crate that are not tests.
pub struct Source {
    /// Each module with its file's path in the project.
    pub files: BTreeMap<Module, String>,
    /// Each module with its code, without comments and without what is compiled for tests only.
    pub code: BTreeMap<Module, String>,
}

impl Source {
    /// Reads the files of a crate in this folder of the project.
    pub fn read(folder: &str) -> Self {
        let mut found = BTreeMap::new();
        collect(&project::root().join(folder), folder, &mut found);
        if found.contains_key(&format!("{folder}/lib.rs")) {
            // A program beside a library is another crate, and imports only the library.
            found.remove(&format!("{folder}/main.rs"));
        }
        let (mut files, mut code, mut tests) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        for (path, text) in found {
            let module = module_of(&path[folder.len() + 1..]);
            let (without_tests, test_modules) = without_tests(&text);
            tests.extend(test_modules.into_iter().map(|name| joined(&module, &name)));
            code.insert(module.clone(), without_tests);
            files.insert(module, path);
        }
        let is_test = |module: &str| tests.iter().any(|test| is_within(module, test));
        files.retain(|module, _| !is_test(module));
        code.retain(|module, _| !is_test(module));
        Self { files, code }
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

/// The path of what a module calls by this name.
pub fn joined(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

/// Whether a path is that of this module or of something in it.
pub fn is_within(path: &str, module: &str) -> bool {
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
