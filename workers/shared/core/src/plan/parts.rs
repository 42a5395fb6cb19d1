//! The parts of a dry run: what each dry-run worker reads.

use crate::plan::segments;
use serde::{Deserialize, Serialize};

/// One part of a dry run: an element of `runs/<run>/dry-run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The part's name, unique in the run, such as `segment-000003`.
    pub part: String,
    /// The number of the segment to read, if the dry run reads the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<u32>,
    /// The data file to read, if the dry run reads an export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<ExportFile>,
}

/// A data file of an export. Source: DynamoDB developer guide, "DynamoDB table export output format".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExportFile {
    /// The file's key in the stack's bucket.
    pub key: String,
    /// The MD5 of the compressed file in S3, in base64.
    pub md5: String,
    /// The number of items in the file.
    pub items: u64,
}

impl Part {
    /// The part that reads a segment.
    pub fn of_segment(segment: u32) -> Self {
        Self { part: format!("segment-{}", segments::name(segment)), segment: Some(segment), file: None }
    }

    /// The part that reads a data file; `index` is the file's position in the export, from 0.
    pub fn of_file(index: usize, file: ExportFile) -> Self {
        Self { part: format!("file-{index:06}"), segment: None, file: Some(file) }
    }
}
