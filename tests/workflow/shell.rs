//! Commands as people type them, with the AWS CLI of `.venv`.

use std::process::Command;

use serde_json::Value;

use crate::stack::{Stack, root};

impl Stack {
    /// Runs a shell command. Returns its output; fails if the command fails.
    pub fn shell(&self, line: &str) -> String {
        let tools = root().join(".venv/bin");
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new("bash");
        command.args(["-euc", line]).envs(&self.variables).env("PATH", path).env("AWS_PAGER", "");
        // A person's own AWS files must have no influence here, neither a profile nor an endpoint.
        command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        let done = command.output().expect("bash can be run");
        let printed = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success(), "{line}\nfailed: {printed}{}", String::from_utf8_lossy(&done.stderr));
        printed
    }

    /// Runs the AWS CLI. Returns the JSON that it prints; null if it prints nothing.
    pub fn aws(&self, arguments: &str) -> Value {
        // This CLI would use another endpoint for SQS despite AWS_ENDPOINT_URL.
        let endpoint = self.variable("AWS_ENDPOINT_URL");
        let printed = self.shell(&format!("aws --endpoint-url {endpoint} --output json {arguments}"));
        match printed.trim() {
            "" => Value::Null,
            json => serde_json::from_str(json).unwrap_or_else(|error| panic!("aws {arguments}: {error}: {printed}")),
        }
    }
}
