//! Finds modules that import each other, directly or through others.

use super::source::Module;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// For each module, the modules that it imports.
type Edges = BTreeMap<Module, BTreeSet<Module>>;

/// One circle for each group of modules that reach each other, as the list of its modules.
pub fn circles(edges: &Edges) -> Vec<Vec<Module>> {
    let mut circles: Vec<Vec<Module>> = Vec::new();
    let mut seen = BTreeSet::new();
    for module in edges.keys() {
        let Some(circle) = shortest_path(module, module, edges) else { continue };
        if !seen.contains(module) {
            let reach_each_other = |other: &&Module| {
                shortest_path(module, other, edges).is_some() && shortest_path(other, module, edges).is_some()
            };
            seen.extend(edges.keys().filter(reach_each_other).cloned());
            circles.push(circle);
        }
    }
    circles
}

/// The modules from one to another, the first one left out; `None` if it cannot be reached.
fn shortest_path(from: &str, to: &str, edges: &Edges) -> Option<Vec<Module>> {
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

#[test]
fn each_group_of_modules_that_reach_each_other_is_one_circle() {
    let imports = [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a"), ("e", "f"), ("f", "e")];
    let edges = imports.map(|(module, imported)| (module.to_owned(), BTreeSet::from([imported.to_owned()]))).into();
    assert_eq!(circles(&edges), [vec!["b", "c", "a"], vec!["f", "e"]]);
}
