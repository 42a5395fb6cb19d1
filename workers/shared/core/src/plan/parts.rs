//! The parts of a dry run: what each child of the Map DryRun reads.

use crate::plan::segments;
use serde::{Deserialize, Serialize};

/// One part, an element of `runs/<run>/dry-run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its name, unique in the run.
    pub part: String,
    /// The segment of the table that it reads, if it reads the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<u32>,
    /// The export file that it reads, if it reads an export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<ExportFile>,
}

/// A data file of an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportFile {
    /// Its key in the stack's bucket.
    pub key: String,
    /// The MD5 of its bytes as they lie in S3, in base64.
    pub md5: String,
    /// How many items it holds.
    pub items: u64,
}

impl Part {
    /// The part that reads a segment.
    pub fn of_segment(segment: u32) -> Self {
        Self { part: format!("segment-{}", segments::name(segment)), segment: Some(segment), file: None }
    }

    /// The part that reads an export file, the `index`th of its export.
    pub fn of_file(index: usize, file: ExportFile) -> Self {
        Self { part: format!("file-{index:06}"), segment: None, file: Some(file) }
    }
}
