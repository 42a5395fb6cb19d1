//! The segments of a table: how many, in which order, and their names.

use sha2::{Digest as _, Sha256};

/// The largest size of a segment. A worker needs a few minutes for it, so a lost worker costs little.
const BYTES_PER_SEGMENT: u64 = 256 * 1024 * 1024;
/// The most items of a segment, for tables with small items.
const ITEMS_PER_SEGMENT: u64 = 100_000;
/// A table with fewer items than this is not shared among workers.
const ITEMS_WORTH_SHARING: u64 = 5_000;
/// The most segments of a parallel Scan. Source: DynamoDB API reference, Scan, TotalSegments.
pub const MAX_SEGMENTS: u32 = 1_000_000;

/// The number of segments for a table with this number of items and bytes, shared by this number of workers.
pub fn count(items: u64, bytes: u64, workers: u32) -> u32 {
    let by_size = bytes.div_ceil(BYTES_PER_SEGMENT).max(items.div_ceil(ITEMS_PER_SEGMENT));
    let to_share = if items >= ITEMS_WORTH_SHARING { u64::from(workers) } else { 1 };
    u32::try_from(by_size.max(to_share)).unwrap_or(MAX_SEGMENTS).clamp(1, MAX_SEGMENTS)
}

/// The order in which a run works on its segments: shuffled, but always the same for the same run. Consecutive segments are
/// adjacent in the table, so in ascending order all workers would load the same partition.
pub fn order(segments: u32, run: &str) -> Vec<u32> {
    let mut order: Vec<u32> = (0..segments).collect();
    order.sort_by_cached_key(|segment| Sha256::new().chain_update(run).chain_update(segment.to_be_bytes()).finalize());
    order
}

/// A segment's name in keys: six digits, so that names sort by number.
pub fn name(segment: u32) -> String {
    format!("{segment:06}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_has_every_segment_once_and_depends_only_on_the_run() {
        let order_of_run = order(1_000, "a");
        assert_eq!(order_of_run, order(1_000, "a"));
        assert_ne!(order_of_run, order(1_000, "b"));
        let neighbours = order_of_run.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) == 1).count();
        assert!(neighbours < 20, "{neighbours} of 1,000 follow their neighbour");
        let mut sorted = order_of_run;
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..1_000));
    }

    #[test]
    fn small_tables_have_one_segment_and_large_ones_one_per_quarter_gigabyte() {
        assert_eq!(count(0, 0, 10), 1);
        assert_eq!(count(4_000, 1 << 20, 10), 1);
        assert_eq!(count(28_000, 8 << 20, 4), 4);
        assert_eq!(count(10, 1 << 30, 4), 4);
        assert_eq!(count(3_000_000, 1 << 20, 4), 30);
        assert_eq!(count(u64::MAX, u64::MAX, 4), MAX_SEGMENTS);
    }
}
