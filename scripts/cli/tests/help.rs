//! What the command says of itself.

use crate::command::{hold, root, run};

#[test]
fn the_help_of_every_command_is_what_a_reader_last_approved() {
    let mut text = String::new();
    for command in [
        &[][..],
        &["new"],
        &["check"],
        &["test"],
        &["explain"],
        &["run"],
        &["dry-run"],
        &["verify"],
        &["roll-back"],
        &["resume"],
        &["approve"],
        &["reject"],
        &["watch"],
        &["status"],
        &["pause"],
        &["throttle"],
        &["abort"],
        &["history"],
        &["report"],
        &["ensure-finished"],
        &["completions"],
    ] {
        let ran = run(&root(), &[command, &["--help"]].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
        text += &format!("$ tableshift {}\n{}\n", [command, &["--help"]].concat().join(" "), ran.out);
    }
    hold(&root().join("scripts/cli/tests/golden/help.txt"), &text);
}

#[test]
fn wrong_arguments_are_a_matter_of_usage() {
    for arguments in
        [&["chekc"][..], &["check"], &["new", "add-tags", "--date", "tomorrow"], &["run", "a"], &["throttle", "r"], &[]]
    {
        assert_eq!(run(&root(), arguments).code, 2, "{arguments:?}");
    }
}
