//! The application, which writes while the workers do, and the migrations, specified independently of the workers' code.

pub mod application;
pub mod migrations;
