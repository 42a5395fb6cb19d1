//! The message that an execution has started.

use std::collections::BTreeMap;

use tableshift_core::report::event::Event;
use tableshift_core::report::message::Notice;

use crate::Output;

/// The notice of the start. `at` is in epoch milliseconds.
pub(crate) fn started<'a>(output: &'a Output, stage: &'a str, execution: &'a str, at: i64) -> Notice<'a> {
    Notice {
        event: Event::Started { action: output.action },
        at,
        stage,
        run: &output.run,
        table: Some(&output.table),
        migration: Some(&output.migration),
        execution,
        bucket: &output.bucket,
        reported: false,
        counts: BTreeMap::new(),
    }
}
