//! Operating runs on a deployed stage.

pub mod answer;
mod question;
