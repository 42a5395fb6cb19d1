//! Who works in the world: the application with its writes, and the migrations, described independently of the workers' code.

pub mod application;
pub mod migrations;
