//! Reads the manifests of an export and checks that they are consistent.
//!
//! Source: DynamoDB developer guide, "DynamoDB table export output format". It names the checksum file of a manifest
//! both `.md5` and `.checksum`, so both are accepted. Its content is the MD5 in base64; hex is accepted as well.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde::Deserialize;
use tableshift_core::plan::parts::{ExportFile, Part};

/// The fields of `manifest-summary.json` that are used here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The ARN of the exported table.
    pub table_arn: String,
    /// The key of `manifest-files.json`.
    pub manifest_files_s3_key: String,
    /// How many items all files contain.
    pub item_count: u64,
    /// The format of the data files: `DYNAMODB_JSON` or `ION`.
    pub output_format: String,
}

/// A line of `manifest-files.json`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    item_count: u64,
    md5_checksum: String,
    data_file_s3_key: String,
}

/// Why an export cannot be used. The message starts with the file that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The MD5 of the content is not the one in the checksum file.
    #[error("{key}: its MD5 is {found}, but {checksum_key} says {expected}")]
    Checksum {
        /// The manifest's key.
        key: String,
        /// The key of the checksum file.
        checksum_key: String,
        /// The MD5 in the checksum file.
        expected: String,
        /// The MD5 of the content, in base64.
        found: String,
    },
    /// The manifest has no checksum file.
    #[error("{key}: its checksum file is missing")]
    NoChecksum {
        /// The manifest's key.
        key: String,
    },
    /// A line is not the expected JSON.
    #[error("{key}: line {line} cannot be read")]
    Unreadable {
        /// The manifest's key.
        key: String,
        /// The line number, starting at 1.
        line: usize,
        /// What is wrong with the line.
        #[source]
        source: serde_json::Error,
    },
    /// The content contradicts the plan or another manifest.
    #[error("{key}: {problem}")]
    Contradiction {
        /// The manifest's key.
        key: String,
        /// What is wrong.
        problem: String,
    },
}

/// The keys that the checksum file of the manifest `key` may have.
pub fn checksum_keys(key: &str) -> [String; 2] {
    let stem = key.strip_suffix(".json").unwrap_or(key);
    [format!("{stem}.md5"), format!("{stem}.checksum")]
}

/// The key of `manifest-summary.json`: the one from DescribeExport, or else the one in the documented layout.
pub fn summary_key(described: Option<&str>, prefix: &str, arn: &str) -> String {
    let id = arn.rsplit('/').next().unwrap_or_default();
    let documented = format!("{prefix}/AWSDynamoDB/{id}/manifest-summary.json");
    // Some responses omit the prefix.
    let complete = described.filter(|key| key.starts_with(prefix));
    complete.map_or(documented, str::to_owned)
}

/// The MD5 of a content in base64, as manifests contain it.
pub fn md5_base64(content: &[u8]) -> String {
    STANDARD.encode(Md5::digest(content))
}

/// Checks a manifest against the content of its checksum file.
pub fn check_md5(key: &str, content: &[u8], checksum_key: &str, checksum: &[u8]) -> Result<(), ManifestError> {
    let base64 = md5_base64(content);
    let hex: String = Md5::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = String::from_utf8_lossy(checksum);
    let expected = expected.trim().trim_matches('"');
    if expected == base64 || expected.eq_ignore_ascii_case(&hex) {
        return Ok(());
    }
    Err(ManifestError::Checksum {
        key: key.to_owned(),
        checksum_key: checksum_key.to_owned(),
        expected: expected.to_owned(),
        found: base64,
    })
}

/// Reads `manifest-summary.json` and checks that it is about this table and that its files are in DynamoDB JSON.
pub fn read_summary(key: &str, content: &[u8], table_arn: &str) -> Result<Summary, ManifestError> {
    let summary: Summary = serde_json::from_slice(content).map_err(|source| unreadable(key, 1, source))?;
    if summary.table_arn != table_arn {
        return Err(contradiction(key, format!("it is about {}, not {table_arn}", summary.table_arn)));
    }
    if summary.output_format != "DYNAMODB_JSON" {
        return Err(contradiction(key, format!("its files are in {}, not DYNAMODB_JSON", summary.output_format)));
    }
    Ok(summary)
}

/// Reads `manifest-files.json` and returns the parts of the dry run: every file that contains items. DynamoDB writes a file
/// for an empty partition too, which the dry run does not need to read.
pub fn read_parts(key: &str, content: &[u8], summary: &Summary) -> Result<Vec<Part>, ManifestError> {
    let text = String::from_utf8_lossy(content);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let lines = lines
        .map(|(index, line)| serde_json::from_str::<Line>(line).map_err(|source| unreadable(key, index + 1, source)));
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    let found: u64 = lines.iter().map(|line| line.item_count).sum();
    if found != summary.item_count {
        let problem = format!("its files contain {found} items, but the summary says {}", summary.item_count);
        return Err(contradiction(key, problem));
    }
    let files = lines.into_iter().filter(|line| line.item_count > 0).map(|line| ExportFile {
        key: line.data_file_s3_key,
        md5: line.md5_checksum,
        items: line.item_count,
    });
    Ok(files.enumerate().map(|(index, file)| Part::of_file(index, file)).collect())
}

fn unreadable(key: &str, line: usize, source: serde_json::Error) -> ManifestError {
    ManifestError::Unreadable { key: key.to_owned(), line, source }
}

fn contradiction(key: &str, problem: String) -> ManifestError {
    ManifestError::Contradiction { key: key.to_owned(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:dynamodb:eu-central-1:000000000000:table/airports";

    fn summary_of(items: u64) -> Summary {
        let json = serde_json::json!({
            "version": "2020-06-30", "tableArn": ARN, "manifestFilesS3Key": "p/manifest-files.json",
            "itemCount": items, "outputFormat": "DYNAMODB_JSON", "s3SseKmsKeyId": null,
        });
        read_summary("p/manifest-summary.json", json.to_string().as_bytes(), ARN).unwrap()
    }

    fn line(items: u64, key: &str) -> String {
        format!(r#"{{"itemCount":{items},"md5Checksum":"m==","etag":"e","dataFileS3Key":"{key}"}}"#)
    }

    #[test]
    fn a_checksum_is_accepted_in_base64_and_in_hex() {
        // MD5 of "abc": RFC 1321, A.5.
        let hex = b"900150983cd24fb0d6963f7d28e17f72";
        check_md5("k", b"abc", "k.md5", b"kAFQmDzST7DWlj99KOF/cg==").unwrap();
        check_md5("k", b"abc", "k.md5", b"kAFQmDzST7DWlj99KOF/cg==\n").unwrap();
        check_md5("k", b"abc", "k.md5", hex).unwrap();
        check_md5("k", b"abc", "k.md5", &hex.to_ascii_uppercase()).unwrap();
    }

    #[test]
    fn another_content_is_detected_and_the_file_is_named() {
        let error = check_md5("p/manifest-files.json", b"abd", "p/manifest-files.md5", b"kAFQmDzST7DWlj99KOF/cg==");
        let message = error.unwrap_err().to_string();
        assert!(message.starts_with("p/manifest-files.json: "), "{message}");
        assert!(message.contains("p/manifest-files.md5 says kAFQ"), "{message}");
        assert!(check_md5("k", b"abc", "k.md5", b"").is_err());
    }

    #[test]
    fn the_checksum_file_may_have_either_name() {
        let keys = checksum_keys("p/manifest-summary.json");
        assert_eq!(keys, ["p/manifest-summary.md5", "p/manifest-summary.checksum"]);
    }

    #[test]
    fn the_summary_has_the_key_from_the_export_or_the_one_in_the_documented_layout() {
        let arn = "arn:aws:dynamodb:r:a:table/t/export/01-ab";
        let documented = "runs/r/export/AWSDynamoDB/01-ab/manifest-summary.json";
        assert_eq!(summary_key(None, "runs/r/export", arn), documented);
        assert_eq!(summary_key(Some("AWSDynamoDB/01-ab/manifest-summary.json"), "runs/r/export", arn), documented);
        assert_eq!(summary_key(Some("runs/r/export/x.json"), "runs/r/export", arn), "runs/r/export/x.json");
    }

    #[test]
    fn a_summary_of_another_table_or_format_is_refused() {
        let other = serde_json::to_vec(&serde_json::json!({
            "tableArn": "arn:other", "manifestFilesS3Key": "k", "itemCount": 1, "outputFormat": "DYNAMODB_JSON",
        }));
        let message = read_summary("s.json", &other.unwrap(), ARN).unwrap_err().to_string();
        assert!(message.contains("about arn:other"), "{message}");
        let ion = serde_json::to_vec(&serde_json::json!({
            "tableArn": ARN, "manifestFilesS3Key": "k", "itemCount": 1, "outputFormat": "ION",
        }));
        let message = read_summary("s.json", &ion.unwrap(), ARN).unwrap_err().to_string();
        assert!(message.contains("in ION"), "{message}");
        assert!(read_summary("s.json", b"{", ARN).is_err());
    }

    #[test]
    fn every_file_with_items_is_a_part() {
        let content = format!("{}\n{}\n\n{}\n", line(2, "a.gz"), line(0, "b.gz"), line(3, "c.gz"));
        let parts = read_parts("f.json", content.as_bytes(), &summary_of(5)).unwrap();
        let names = parts.iter().map(|part| (part.part.as_str(), part.file.as_ref().unwrap().key.as_str()));
        let names: Vec<_> = names.collect();
        assert_eq!(names, [("file-000000", "a.gz"), ("file-000001", "c.gz")]);
        let file = parts[1].file.as_ref().unwrap();
        assert_eq!((file.items, file.md5.as_str()), (3, "m=="));
    }

    #[test]
    fn an_empty_table_has_no_parts() {
        assert_eq!(read_parts("f.json", line(0, "a.gz").as_bytes(), &summary_of(0)).unwrap(), []);
        assert_eq!(read_parts("f.json", b"", &summary_of(0)).unwrap(), []);
    }

    #[test]
    fn items_that_do_not_add_up_and_truncated_lines_are_detected() {
        let short = read_parts("f.json", line(2, "a.gz").as_bytes(), &summary_of(5)).unwrap_err().to_string();
        assert_eq!(short, "f.json: its files contain 2 items, but the summary says 5");
        let truncated = format!("{}\n{}", line(5, "a.gz"), r#"{"itemCount":"#);
        let truncated = read_parts("f.json", truncated.as_bytes(), &summary_of(5)).unwrap_err().to_string();
        assert_eq!(truncated, "f.json: line 2 cannot be read");
    }
}
