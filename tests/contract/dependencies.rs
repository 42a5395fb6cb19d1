//! Which crate may depend on which: worker -> runtime, aws, core; aws -> core; core -> no AWS crate.

use crate::project;
use cargo_metadata::{Metadata, MetadataCommand, Package};
use std::collections::BTreeSet;

/// The workspace's crates with what they declare. Nothing is resolved, so nothing is downloaded.
fn metadata() -> Metadata {
    let manifest = project::root().join("Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().expect("cargo metadata reads the workspace")
}

/// A crate's folder in the project.
fn folder(package: &Package) -> String {
    let root = project::root();
    let folder = package.manifest_path.as_std_path().parent().expect("a manifest is in a folder");
    folder.strip_prefix(root).expect("a crate is in the project").to_string_lossy().into_owned()
}

/// The workspace crates that it depends on, including build and development dependencies.
fn neighbours(package: &Package) -> BTreeSet<String> {
    package.dependencies.iter().filter(|on| on.path.is_some()).map(|on| on.name.clone()).collect()
}

/// The crates of the workspace that a crate in this folder may depend on; `None` if there is no limit.
fn may_know(folder: &str) -> Option<&'static [&'static str]> {
    match folder {
        "tests" => None,
        "workers/shared/core" => Some(&[]),
        "workers/shared/migrations" | "workers/shared/runtime" => Some(&["tableshift-core"]),
        "workers/shared/aws" => Some(&["tableshift-core"]),
        "workers/shared/segment" => Some(&["tableshift-core", "tableshift-aws", "tableshift-runtime"]),
        "scripts/cli" => Some(&["tableshift-core", "tableshift-aws"]),
        "workers/dry-run" | "workers/migrate-segment" | "workers/verify-segment" | "workers/roll-back-segment" => {
            Some(&[
                "tableshift-core",
                "tableshift-migrations",
                "tableshift-aws",
                "tableshift-runtime",
                "tableshift-segment",
            ])
        }
        _ => Some(&["tableshift-core", "tableshift-migrations", "tableshift-aws", "tableshift-runtime"]),
    }
}

#[test]
fn every_crate_depends_only_on_the_crates_that_it_may_use() {
    for package in metadata().workspace_packages() {
        let Some(allowed) = may_know(&folder(package)) else { continue };
        for neighbour in neighbours(package) {
            assert!(allowed.contains(&neighbour.as_str()), "{} must not depend on {neighbour}", package.name);
        }
    }
}

#[test]
fn every_worker_is_a_crate_named_as_its_folder() {
    let crates: BTreeSet<(String, String)> = metadata()
        .workspace_packages()
        .into_iter()
        .map(|package| (folder(package), package.name.to_string()))
        .filter(|(folder, _)| folder.starts_with("workers/") && !folder.starts_with("workers/shared/"))
        .collect();
    let folders = project::worker_folders().into_iter().map(|name| (format!("workers/{name}"), name)).collect();
    assert_eq!(crates, folders);
}

#[test]
fn core_depends_neither_on_aws_nor_on_a_runtime() {
    let metadata = metadata();
    let packages = metadata.workspace_packages();
    let core = packages.iter().find(|package| folder(package) == "workers/shared/core").expect("core exists");
    for on in &core.dependencies {
        let name = on.name.as_str();
        let foreign =
            ["aws", "tokio", "lambda", "futures", "reqwest", "hyper"].iter().any(|start| name.starts_with(start));
        assert!(!foreign, "core is pure and must not depend on {name}");
    }
}

#[test]
fn only_the_aws_crate_depends_on_the_sdk() {
    for package in metadata().workspace_packages() {
        if ["workers/shared/aws", "tests"].contains(&folder(package).as_str()) {
            continue;
        }
        for on in &package.dependencies {
            let sdk = on.name.starts_with("aws-sdk-") || on.name == "aws-config" || on.name.starts_with("aws-smithy-");
            assert!(!sdk, "{} must reach AWS through tableshift-aws, not {}", package.name, on.name);
        }
    }
}

#[test]
fn every_crate_takes_lints_and_versions_from_the_workspace() {
    for package in metadata().workspace_packages() {
        let manifest = project::read(&format!("{}/Cargo.toml", folder(package)));
        let lints = manifest.contains("[lints]\nworkspace = true") || manifest.contains("lints.workspace = true");
        assert!(lints, "{} does not take the workspace's lints", package.name);
        assert!(manifest.contains("version.workspace = true"), "{} has a version of its own", package.name);
        for on in package.dependencies.iter().filter(|on| on.path.is_none()) {
            let own = manifest.lines().any(|line| line.starts_with(&format!("{} = \"", on.name)));
            assert!(!own, "{} gives {} a version of its own", package.name, on.name);
        }
    }
}
