//! What an author does on their own machine, before anything runs: write, check, test and explain a migration.

pub mod check;
pub mod explain;
mod migration;
pub mod new;
mod paint;
mod render;
mod template;
pub mod test;
