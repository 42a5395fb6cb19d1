//! The few colours. They are taken out again where the output is no terminal.

use anstyle::{AnsiColor, Style};

/// What is right, and what comes.
pub const GREEN: Style = AnsiColor::Green.on_default();
/// What is wrong, and what goes.
pub const RED: Style = AnsiColor::Red.on_default();
/// What to look at.
pub const YELLOW: Style = AnsiColor::Yellow.on_default();
/// Names.
pub const BOLD: Style = Style::new().bold();
/// What is beside the point.
pub const DIM: Style = Style::new().dimmed();

/// A text in a style.
pub fn painted(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
