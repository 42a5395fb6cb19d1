//! Code from registries and marketplaces runs without AWS credentials, and only in pinned versions.

use crate::project;
use serde_json::Value;
use std::process::Command;

const WORKFLOWS: [&str; 2] = [".github/workflows/ci.yaml", "infra/pipelines/github-actions.yaml"];

/// The script that removes the credentials from the environment; other scripts source it.
const WITHOUT_CREDENTIALS: &str = "infra/local/without-credentials.sh";

fn jobs(path: &str) -> Vec<(String, Value)> {
    let workflow: Value = serde_saphyr::from_str(&project::read(path)).expect("a workflow is YAML");
    let jobs = workflow["jobs"].as_object().expect("a workflow has jobs");
    jobs.iter().map(|(name, job)| (name.clone(), job.clone())).collect()
}

fn actions(job: &Value) -> Vec<&str> {
    let steps = job["steps"].as_array().expect("a job has steps");
    steps.iter().filter_map(|step| step["uses"].as_str()).collect()
}

#[test]
fn workflows_pin_every_action_by_its_commit() {
    for path in WORKFLOWS {
        for (job, action) in
            jobs(path).iter().flat_map(|(name, job)| actions(job).into_iter().map(move |uses| (name, uses)))
        {
            let commit = action.split_once('@').map_or("", |(_, commit)| commit);
            let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_commit, "{path}: job {job} uses {action}; a tag can be moved, so write the commit");
        }
    }
}

#[test]
fn only_jobs_that_use_aws_may_get_an_identity_token() {
    for path in WORKFLOWS {
        let workflow: Value = serde_saphyr::from_str(&project::read(path)).expect("a workflow is YAML");
        assert_eq!(workflow["permissions"], serde_json::json!({"contents": "read"}), "{path}");
        for (name, job) in jobs(path) {
            let uses_aws = actions(&job).iter().any(|action| action.starts_with("aws-actions/"));
            let may = job["permissions"]["id-token"] == "write";
            assert_eq!(uses_aws, may, "{path}: job {name}");
        }
    }
}

#[test]
fn installers_and_build_scripts_run_without_credentials() {
    for (script, tools) in
        [("scripts/setup", ["bin/pip\" install", "npm ci"]), ("scripts/build", ["cargo lambda build", "rustup target"])]
    {
        let text = project::read(script);
        let sourced = text.find(&format!(". \"$root/{WITHOUT_CREDENTIALS}\"")).expect("the script sources it");
        for tool in tools {
            assert!(sourced < text.find(tool).expect("the script calls the tool"), "{script}: {tool}");
        }
    }
    assert!(project::read("scripts/setup").contains("npm ci --ignore-scripts "), "npm must not run install scripts");
}

#[test]
fn the_script_removes_every_source_of_credentials() {
    let script = project::root().join(WITHOUT_CREDENTIALS);
    let shown = Command::new("bash")
        .args(["-euc", ". \"$0\"; env"])
        .arg(script)
        .envs([
            ("AWS_ACCESS_KEY_ID", "secret-a"),
            ("AWS_SECRET_ACCESS_KEY", "secret-b"),
            ("AWS_SESSION_TOKEN", "secret-c"),
            ("AWS_PROFILE", "secret-d"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "secret-e"),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "secret-f"),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret-g"),
        ])
        .output()
        .expect("bash runs");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(!shown.contains("secret-"), "{shown}");
    for set in ["AWS_EC2_METADATA_DISABLED=true", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_CONFIG_FILE=/dev/null"]
    {
        assert!(shown.contains(set), "{set} is missing in\n{shown}");
    }
}
