//! Reading a data file of an export while it streams in: it is decompressed line by line and checked against its
//! manifest.
//!
//! Format: gzip of lines `{"Item":{...}}` in DynamoDB JSON.
//! Source: DynamoDB developer guide, "DynamoDB table export output format".

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::write::MultiGzDecoder;
use md5::{Digest as _, Md5};
use serde::Deserialize;
use tableshift_core::item::value::Item;
use tableshift_core::plan::parts::ExportFile;

/// Why a file is not what its manifest says.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The bytes are not gzip, or end early.
    #[error("it is not a complete gzip file")]
    Gzip(#[source] std::io::Error),
    /// A line is not an item.
    #[error("line {line} is not an item in DynamoDB JSON")]
    Line {
        /// The line's number, from 1.
        line: u64,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The checksum differs.
    #[error("its MD5 is {found}, but its manifest says {expected}")]
    Checksum {
        /// The MD5 of the file's bytes, in base64.
        found: String,
        /// The MD5 in the manifest, in base64.
        expected: String,
    },
    /// A line is longer than any item. The file would fill the memory.
    #[error("line {line} is longer than {MAX_LINE_BYTES} bytes, which no item is")]
    LongLine {
        /// The line's number, from 1.
        line: u64,
    },
    /// The number of items differs.
    #[error("it has {found} items, but its manifest says {expected}")]
    Items {
        /// How many items the file has.
        found: u64,
        /// How many items the manifest says.
        expected: u64,
    },
}

/// How many compressed bytes are decoded at a time.
const PIECE_BYTES: usize = 8 * 1024;
/// The longest line. An item has at most 400 KB (source: DynamoDB developer guide, *Quotas*). As JSON, a byte takes at most 6
/// characters, and the shortest attributes with their type a dozen times their size.
const MAX_LINE_BYTES: usize = 8 * 1024 * 1024;

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "Item")]
    item: Item,
}

/// Turns the bytes of a file into its items.
pub struct ItemReader {
    decoder: MultiGzDecoder<Vec<u8>>,
    checksum: Md5,
    lines: u64,
    skip: u64,
}

impl ItemReader {
    /// Reads a file without the items of its first `skip` lines, which were read before.
    pub fn new(skip: u64) -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()), checksum: Md5::new(), lines: 0, skip }
    }

    /// How many lines were read, including the skipped ones.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Reads bytes and calls `each` with every item that they complete.
    pub fn take(&mut self, bytes: &[u8], each: &mut impl FnMut(Item)) -> Result<(), FileError> {
        self.checksum.update(bytes);
        // Gzip expands by a factor of at most 1032, so a small piece bounds what is in memory.
        for piece in bytes.chunks(PIECE_BYTES) {
            self.decoder.write_all(piece).map_err(FileError::Gzip)?;
            self.decoder.flush().map_err(FileError::Gzip)?;
            self.take_lines(each)?;
        }
        Ok(())
    }

    /// Calls `each` with the items of the decoded lines, and keeps the start of the next line.
    fn take_lines(&mut self, each: &mut impl FnMut(Item)) -> Result<(), FileError> {
        let whole = self.decoder.get_ref().iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let rest = self.decoder.get_mut().split_off(whole);
        let complete = std::mem::replace(self.decoder.get_mut(), rest);
        self.items_of(&complete, each)?;
        match self.decoder.get_ref().len() > MAX_LINE_BYTES {
            true => Err(FileError::LongLine { line: self.lines + 1 }),
            false => Ok(()),
        }
    }

    /// Ends the file: calls `each` with the items that are left, and compares the file with its manifest. Returns its
    /// number of lines.
    pub fn finish(&mut self, file: &ExportFile, each: &mut impl FnMut(Item)) -> Result<u64, FileError> {
        self.decoder.try_finish().map_err(FileError::Gzip)?;
        let rest = std::mem::take(self.decoder.get_mut());
        self.items_of(&rest, each)?;
        let found = STANDARD.encode(std::mem::take(&mut self.checksum).finalize());
        if found != file.md5 {
            return Err(FileError::Checksum { found, expected: file.md5.clone() });
        }
        match self.lines == file.items {
            true => Ok(self.lines),
            false => Err(FileError::Items { found: self.lines, expected: file.items }),
        }
    }

    fn items_of(&mut self, lines: &[u8], each: &mut impl FnMut(Item)) -> Result<(), FileError> {
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            self.lines += 1;
            if self.lines > self.skip {
                let parsed = serde_json::from_slice::<Line>(line);
                each(parsed.map_err(|source| FileError::Line { line: self.lines, source })?.item);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    fn file(items: &[&str]) -> (Vec<u8>, ExportFile) {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        for item in items {
            writeln!(encoder, r#"{{"Item":{{"pk":{{"S":"{item}"}}}}}}"#).unwrap();
        }
        let bytes = encoder.finish().unwrap();
        let md5 = STANDARD.encode(Md5::digest(&bytes));
        (bytes, ExportFile { key: "k".into(), md5, items: items.len() as u64 })
    }

    fn read(bytes: &[u8], file: &ExportFile, chunk: usize, skip: u64) -> Result<usize, FileError> {
        let mut count = 0;
        let mut reader = ItemReader::new(skip);
        for piece in bytes.chunks(chunk) {
            reader.take(piece, &mut |_| count += 1)?;
        }
        reader.finish(file, &mut |_| count += 1)?;
        Ok(count)
    }

    #[test]
    fn items_are_complete_however_the_bytes_are_cut() {
        let (bytes, file) = file(&["a", "b", "c"]);
        for chunk in [1, 7, 1000] {
            assert_eq!(read(&bytes, &file, chunk, 0).unwrap(), 3);
        }
        assert_eq!(read(&bytes, &file, 5, 2).unwrap(), 1);
    }

    #[test]
    fn an_altered_a_truncated_and_a_miscounted_file_are_refused() {
        let (bytes, file) = file(&["a", "b", "c"]);
        let truncated = read(&bytes[..bytes.len() - 9], &file, 7, 0);
        assert!(matches!(truncated, Err(FileError::Gzip(_) | FileError::Checksum { .. })), "{truncated:?}");
        let other = ExportFile { md5: "AAAA".into(), ..file.clone() };
        assert!(matches!(read(&bytes, &other, 7, 0), Err(FileError::Checksum { .. })));
        let more = ExportFile { items: 4, ..file };
        assert!(matches!(read(&bytes, &more, 7, 0), Err(FileError::Items { found: 3, expected: 4 })));
    }

    #[test]
    fn a_file_that_expands_without_end_is_refused_before_it_fills_the_memory() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let zeros = vec![0; 1 << 20];
        (0..64).for_each(|_| encoder.write_all(&zeros).unwrap());
        let bytes = encoder.finish().unwrap();
        let error = ItemReader::new(0).take(&bytes, &mut |_| ()).unwrap_err();
        assert!(error.to_string().contains("longer than"), "{error}");
    }
}
