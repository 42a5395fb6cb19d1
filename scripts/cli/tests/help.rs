//! The help of every command.

use crate::command::{commands, hold, root, run};

#[test]
fn the_help_of_every_command_is_as_in_the_golden_file() {
    let commands = commands();
    assert!(commands.len() >= 20, "{commands:?}");
    let mut text = String::new();
    for command in std::iter::once("").chain(commands.iter().map(String::as_str)) {
        let arguments: Vec<&str> = [command, "--help"].into_iter().filter(|argument| !argument.is_empty()).collect();
        let ran = run(&root(), &arguments);
        assert_eq!(ran.code, 0, "{}", ran.err);
        text += &format!("$ tableshift {}\n{}\n", arguments.join(" "), ran.out);
    }
    hold(&root().join("scripts/cli/tests/golden/help.txt"), &text);
}

#[test]
fn wrong_arguments_end_with_exit_code_2() {
    for arguments in
        [&["chekc"][..], &["check"], &["new", "add-tags", "--date", "tomorrow"], &["run", "a"], &["throttle", "r"], &[]]
    {
        assert_eq!(run(&root(), arguments).code, 2, "{arguments:?}");
    }
}
