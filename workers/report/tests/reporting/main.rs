//! The report as its readers get it: what is folded from a bucket, and what the page shows of it.

mod fixture;
mod folding;
mod page;
mod store;
