//! Checks that files which must agree do agree: the definition, the workers, the template and the pages that describe
//! them. These tests only read files: no network, no emulator, no clock.

// How the tests read the project
mod definition; // the state machine's definition as states, edges and paths
mod project; // paths in the project, and how to read its files
mod promises; // the output of each Task's worker

// The state machine by itself
mod flow; // the edges between states, and that every error leads to Conclude
mod maps; // the fields that every Map must have
mod pages; // that the code accepts the examples on every page
mod paths; // that every JSONPath finds its field
mod retries; // the four kinds of Retry, and the Tasks that use them
mod tasks; // the fields that every Task must have: worker, time-out, Retry, Catch

// The state machine and its neighbours
mod dependencies; // which crate may depend on which
mod inputs; // the examples of valid and invalid inputs
mod readme; // the page that describes the state machine
mod rooms; // which of core's rooms may import which, and that no files import each other in a circle
mod schemas; // the schemas that editors read
mod supply_chain; // that code from registries runs pinned and without credentials
mod template; // functions and substitutions
mod workers; // the files of a worker's folder
