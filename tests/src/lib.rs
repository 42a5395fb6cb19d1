//! Test doubles and engines for the tests of the workers and for the fault campaign.
//!
//! The engines run in the test's process: dynoxide answers as DynamoDB and s3s as S3, each on its own port on 127.0.0.1,
//! and the real SDK clients talk to them.

pub mod campaign;
pub mod cloudtrail;
pub mod dynamodb;
mod engines;
mod items;
mod monitors;
mod planned_run;
mod recorder;
mod run;
pub mod s3;
pub mod sts;

pub use engines::{BUCKET, Engines, LEDGER};
pub use items::{old_item_of_size, old_items, old_items_of_size};
pub use monitors::{NoMonitors, ScriptedMonitors};
pub use planned_run::{EXECUTION, NOW, RUN, TABLE, plan};
pub use recorder::{MissingTopic, Recorder};
pub use run::{MIGRATION, PEOPLE, TestRun};
