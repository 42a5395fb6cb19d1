//! The command as a person or a pipeline runs it: what it prints and how it ends.
//!
//! `UPDATE_GOLDEN=1` writes the golden texts anew.

mod authoring; // from a new file to an explained migration
mod command; // running it
mod faulty; // what it says of faulty documents
mod help; // what it says of itself
mod pages; // the reference, the schemas, the cookbook
