//! The processes of the Lambda functions. The local emulator runs each as a process, which a test can kill.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::stack::{Stack, root};

impl Stack {
    /// Kills every process of a worker's function with SIGKILL. Returns how many there were. For tests that have the stack
    /// for themselves.
    pub fn kill(&self, worker: &str) -> usize {
        let function = format!("tableshift-{}-{worker}", self.stage);
        let group = fs::read_to_string(root().join(".local").join(self.port()).join("emulator.pid"));
        let group = group.expect("the emulator wrote its process id");
        let found: Vec<String> = processes().filter(|id| is_of(id, group.trim(), &function)).collect();
        for id in &found {
            let killed = Command::new("kill").args(["-9", id]).status().expect("kill can be run");
            assert!(killed.success(), "process {id} of {function} could not be killed");
        }
        found.len()
    }
}

fn processes() -> impl Iterator<Item = String> {
    let entries = fs::read_dir("/proc").expect("/proc can be listed").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a process belongs to the emulator's group and runs this function.
fn is_of(id: &str, group: &str, function: &str) -> bool {
    let folder = Path::new("/proc").join(id);
    // The name, in brackets, may contain anything; after it come state, parent and group.
    let stat = fs::read_to_string(folder.join("stat")).unwrap_or_default();
    let in_group = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(2)) == Some(group);
    let wanted = format!("AWS_LAMBDA_FUNCTION_NAME={function}");
    let environment = fs::read(folder.join("environ")).unwrap_or_default();
    in_group && environment.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes())
}
