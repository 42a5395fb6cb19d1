//! Stacked bars: a whole, and what it is made of.

use crate::text::percent;
use tableshift_core::plan::phase::Phase;
use tableshift_core::report::number_format::with_commas;
use tableshift_core::write::counts::{Counts, JournalCounts};

/// The bar's width in the units of its drawing.
const WIDTH: f64 = 1000.0;
/// What is there can be seen, however small its share.
const LEAST_WIDTH: f64 = 8.0;

/// A stacked bar with its legend.
#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) title: &'static str,
    pub(crate) total: String,
    pub(crate) slices: Vec<Slice>,
}

/// A part of the whole.
#[derive(Debug)]
pub(crate) struct Slice {
    /// The colour's class.
    pub(crate) colour: &'static str,
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) count: String,
    pub(crate) share: String,
    pub(crate) is_none: bool,
    pub(crate) x: String,
    pub(crate) width: String,
}

/// A count with its colour, name and meaning.
type Part = (&'static str, &'static str, &'static str, u64);

impl Bar {
    /// The bars of what a phase counted; none of nothing.
    pub(crate) fn all_of(phase: Phase, counts: &Counts, journal: &JournalCounts) -> Vec<Self> {
        let bars = match phase {
            Phase::DryRun | Phase::Migrate => vec![items(phase, counts)],
            Phase::Verify => vec![items(phase, counts), proof(journal)],
            Phase::RollBack => vec![way_back(counts, journal)],
        };
        bars.into_iter().flatten().collect()
    }

    fn of(title: &'static str, parts: &[Part]) -> Option<Self> {
        let total = parts.iter().map(|part| part.3).sum::<u64>();
        if total == 0 {
            return None;
        }
        let widths: Vec<_> = parts.iter().map(|part| width(part.3, total)).collect();
        let scale = WIDTH / widths.iter().sum::<f64>();
        let mut x = 0.0;
        let slices = parts.iter().zip(widths).map(|(part, width)| {
            let at = x;
            x += width * scale;
            Slice::of(part, total, at, width * scale)
        });
        Some(Self { title, slices: slices.collect(), total: with_commas(total) })
    }
}

impl Slice {
    fn of(&(colour, name, meaning, count): &Part, total: u64, x: f64, width: f64) -> Self {
        let (x, width) = (format!("{x:.1}"), format!("{width:.1}"));
        let (share, is_none) = (percent(count, total), count == 0);
        Self { colour, name, meaning, count: with_commas(count), share, is_none, x, width }
    }
}

fn width(count: u64, total: u64) -> f64 {
    if count == 0 { 0.0 } else { (WIDTH * count as f64 / total as f64).max(LEAST_WIDTH) }
}

fn items(phase: Phase, counts: &Counts) -> Option<Bar> {
    let (title, changed) = match phase {
        Phase::DryRun => ("Items scanned", "the migration would change them"),
        Phase::Verify => ("Items scanned again", "the run changed them"),
        Phase::Migrate | Phase::RollBack => ("Items scanned", "the run changed them"),
    };
    let mut parts = vec![
        ("blue", "changed", changed, counts.changed),
        ("green", "already done", "as the migration leaves them, without this run", counts.already_done),
        ("grey", "not matched", "none of this migration's business", counts.not_matched),
        ("amber", "conflicts", "given up: the application kept changing them", counts.conflicts),
        ("red", "invalid", "they match and cannot be changed", counts.invalid),
    ];
    if phase == Phase::Verify {
        parts.push(("purple", "late", "in the old shape: written by old code, or not reached", counts.late));
    }
    Bar::of(title, &parts)
}

fn proof(journal: &JournalCounts) -> Option<Bar> {
    let holds = journal.as_written.saturating_sub(journal.check_failed);
    Bar::of(
        "Items in the journal",
        &[
            ("blue", "as written", "as the run left them", holds),
            ("green", "changed since", "the application changed them after the run", journal.changed_since),
            ("grey", "gone", "the application deleted them after the run", journal.gone),
            ("red", "check failed", "as the run left them, and check does not hold", journal.check_failed),
        ],
    )
}

fn way_back(counts: &Counts, journal: &JournalCounts) -> Option<Bar> {
    Bar::of(
        "Items in the journal",
        &[
            ("blue", "restored", "put back as they were before the run", journal.restored),
            ("green", "already back", "as before the run already", journal.already_restored),
            ("amber", "spared", "changed by the application since; left as they are", journal.spared),
            ("grey", "gone", "deleted by the application since; they stay deleted", journal.gone),
            ("red", "invalid", "they could not be put back", counts.invalid),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slices_fill_the_bar_and_the_smallest_can_be_seen() {
        let bar = Bar::of("t", &[("blue", "a", "", 999_999), ("red", "b", "", 1), ("grey", "c", "", 0)]).unwrap();
        let widths: Vec<f64> = bar.slices.iter().map(|slice| slice.width.parse().unwrap()).collect();
        assert!((widths.iter().sum::<f64>() - WIDTH).abs() < 0.3, "{widths:?}");
        assert!(widths[1] >= 7.9 && widths[2] == 0.0, "{widths:?}");
        assert_eq!((bar.total.as_str(), bar.slices[1].share.as_str()), ("1,000,000", "< 0.1%"));
    }

    #[test]
    fn of_nothing_there_is_no_bar() {
        let (counts, journal) = (Counts::default(), JournalCounts::default());
        for phase in [Phase::DryRun, Phase::Migrate, Phase::Verify, Phase::RollBack] {
            assert!(Bar::all_of(phase, &counts, &journal).is_empty());
        }
    }

    #[test]
    fn an_item_whose_check_fails_is_in_one_slice_only() {
        let journal = JournalCounts { as_written: 5, check_failed: 2, gone: 1, ..JournalCounts::default() };
        let bar = proof(&journal).unwrap();
        let counts: Vec<_> = bar.slices.iter().map(|slice| slice.count.as_str()).collect();
        assert_eq!((bar.total.as_str(), counts), ("6", vec!["3", "0", "1", "2"]));
    }
}
