//! The workers and their AWS adapters against real engines, with the real SDK clients.

mod await_window;
mod back_up;
mod canary;
mod conclude;
mod dry_run;
mod export;
mod fencing;
mod ledger;
mod monitors;
mod objects;
mod plan;
mod request_approval;
mod requester;
mod roll_back;
mod segments;
mod shell;
mod steering;
mod throttles;
mod updates;
mod verify;
