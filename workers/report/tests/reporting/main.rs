//! The report: which results are folded, and what the page shows.

mod fixture;
mod folding;
mod page;
mod store;
