//! The colours of the output. They are removed again if the output is not a terminal.

use anstyle::{AnsiColor, Style};

/// Success, and added lines.
pub const GREEN: Style = AnsiColor::Green.on_default();
/// Problems, and removed lines.
pub const RED: Style = AnsiColor::Red.on_default();
/// What deserves attention.
pub const YELLOW: Style = AnsiColor::Yellow.on_default();
/// Names.
pub const BOLD: Style = Style::new().bold();
/// What matters less.
pub const DIM: Style = Style::new().dimmed();

/// A string in a style.
pub fn painted(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
