//! Any bytes as an export's data file: as they are, and as the content of a gzip file that is read in pieces.

#![no_main]

#[path = "../../../workers/dry-run/src/export_file.rs"]
#[allow(dead_code)]
mod export_file;

use export_file::ItemReader;
use flate2::Compression;
use flate2::write::GzEncoder;
use libfuzzer_sys::fuzz_target;
use std::io::Write as _;
use tableshift_core::item::value::{Item, item_bytes};

fn read(bytes: &[u8], piece: usize) {
    let mut reader = ItemReader::new(0);
    for piece in bytes.chunks(piece.max(1)) {
        let mut each = |item: Item| {
            let text = serde_json::to_string(&item).expect("an item is JSON");
            assert_eq!(serde_json::from_str::<Item>(&text).ok().as_ref(), Some(&item));
            let _ = item_bytes(&item);
        };
        if reader.take(piece, &mut each).is_err() {
            return;
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let piece = bytes.first().map_or(1, |first| usize::from(*first) + 1);
    read(bytes, piece);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    if gzip.write_all(bytes).is_ok() && let Ok(bytes) = gzip.finish() {
        read(&bytes, piece);
    }
});
