//! What an author does on their own machine, before anything runs: write, check, test and explain a migration.

pub mod check;
pub mod explain;
mod fixture;
mod migration;
pub mod new;
mod paint;
#[cfg(test)]
mod reference;
mod render;
mod table_description;
mod template;
pub mod test;
