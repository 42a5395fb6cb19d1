//! The layout of the code: core's rooms import only the rooms above them, and no two files import each other, not even
//! through others.

mod circles; // finds modules that import each other
mod imports; // what each module of a crate imports from it
mod source; // the source files of a crate

use crate::project;
use circles::circles;
use imports::Imports;
use source::{Module, Source, is_within};
use std::collections::{BTreeMap, BTreeSet};

const CORE: &str = "workers/shared/core/src";

/// Crates whose files must not import each other in a circle, besides the workers.
const CRATES: [&str; 7] = [
    CORE,
    "workers/shared/aws/src",
    "workers/shared/migrations/src",
    "workers/shared/runtime/src",
    "workers/shared/segment/src",
    "scripts/cli/src",
    "tests/src",
];

/// The most files in a folder of core, not counting its subfolders: about as many as a reader takes in at a glance.
const MOST_FILES: usize = 15;

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
    let (rooms, core) = (rooms(), Imports::read(CORE));
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
    let (rooms, core) = (rooms(), Source::read(CORE));
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

/// The circles of these imports, each as a list of its files.
fn described_circles(edges: &BTreeMap<Module, BTreeSet<Module>>, imports: &Imports) -> Vec<String> {
    let file = |module: &Module| imports.files[module].as_str();
    let describe = |circle: Vec<Module>| circle.iter().chain(circle.first()).map(file).collect::<Vec<_>>();
    circles(edges).into_iter().map(|circle| describe(circle).join("\n  imports ")).collect()
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut found = Vec::new();
    for folder in CRATES {
        let imports = Imports::read(folder);
        found.extend(described_circles(&imports.edges(), &imports));
    }
    assert!(found.is_empty(), "these files import each other:\n{}", found.join("\n"));
}

/// A worker's lib.rs calls the other files, and they use its input and output. Therefore it may be in a circle.
#[test]
fn no_files_of_a_worker_import_each_other_in_a_circle_without_its_root() {
    let mut found = Vec::new();
    for worker in project::worker_folders() {
        let imports = Imports::read(&format!("workers/{worker}/src"));
        let mut edges = imports.edges();
        for targets in edges.values_mut() {
            targets.remove("");
        }
        found.extend(described_circles(&edges, &imports));
    }
    assert!(found.is_empty(), "these files import each other:\n{}", found.join("\n"));
}

#[test]
fn no_folder_of_core_has_too_many_files() {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for file in Source::read(CORE).files.values() {
        *count.entry(file.rsplit_once('/').expect("a file is in a folder").0.to_owned()).or_default() += 1;
    }
    for (folder, files) in count {
        assert!(files <= MOST_FILES, "{folder} has {files} files, more than {MOST_FILES}; split it into folders");
    }
}
