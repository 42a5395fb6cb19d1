//! Running the command, and holding what it prints.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How a run of the command ended.
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// What it printed for people and programs.
    pub out: String,
    /// What it printed about itself.
    pub err: String,
}

/// Runs the command in a folder.
pub fn run(folder: &Path, arguments: &[&str]) -> Ran {
    run_with_input(folder, arguments, "")
}

/// Runs the command in a folder with a text on its standard input.
pub fn run_with_input(folder: &Path, arguments: &[&str], input: &str) -> Ran {
    use std::io::Write as _;
    let mut command = Command::new(env!("CARGO_BIN_EXE_tableshift"));
    command.current_dir(folder).args(arguments).env("NO_COLOR", "1").env("COLUMNS", "100");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    // A command that does not read its input may be gone before it is written.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("the command ends");
    Ran {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// The project's root folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the project")
}

/// Holds a text against a golden file of the project.
pub fn hold(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, text).expect("the golden file is written");
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(golden, text, "{} is not what the command says; update it with UPDATE_GOLDEN=1", path.display());
}
