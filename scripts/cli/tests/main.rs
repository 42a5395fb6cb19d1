//! Runs the command as a person or a pipeline does, and checks its output and exit code.
//!
//! `UPDATE_GOLDEN=1` rewrites the golden files.

mod authoring; // new, check, test and explain
mod command; // runs the command
mod faulty; // the findings in faulty documents
mod help; // the help of every command
mod pages; // the pages, schemas and examples
