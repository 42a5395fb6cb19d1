//! Holds the parts to what they promise one another: the definition, the workers, the template and the pages that
//! describe them. Reads files only: no network, no emulator, no clock.

// How the tests read the project
mod definition; // the state machine's definition as states, edges and paths
mod project; // where things are, and how they are read
mod promises; // what each Task's worker promises to answer

// The state machine by itself
mod flow; // where every state leads, and that every error leads to Conclude
mod maps; // what every Map must say
mod pages; // that every README's examples are what the code takes
mod paths; // that no JSONPath can miss
mod retries; // the four kinds of Retry, and which Task has which
mod tasks; // what every Task must say: worker, time-out, Retry, Catch

// The state machine and its neighbours
mod dependencies; // which crate may know which
mod inputs; // the examples of good and bad inputs
mod readme; // the page that describes the state machine
mod rooms; // which of core's rooms may import which, and that no files import each other in a circle
mod schemas; // the schemas that editors read
mod template; // functions and substitutions
mod workers; // what a worker's folder holds
