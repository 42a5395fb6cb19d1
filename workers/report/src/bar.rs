//! Stacked bars: how many items a phase counted, by result.

use crate::format::percent;
use tableshift_core::plan::phase::Phase;
use tableshift_core::report::number_format::with_commas;
use tableshift_core::write::counts::{Counts, JournalCounts};

/// The bar's width, in units of the SVG.
const WIDTH: f64 = 1000.0;
/// The width of a very small slice, so that it stays visible.
const MIN_WIDTH: f64 = 8.0;

/// A stacked bar with its legend.
#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) title: &'static str,
    pub(crate) total: String,
    pub(crate) slices: Vec<Slice>,
}

/// A part of a bar and a line of its legend.
#[derive(Debug)]
pub(crate) struct Slice {
    /// The CSS class of the colour.
    pub(crate) colour: &'static str,
    pub(crate) name: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) count: String,
    pub(crate) share: String,
    pub(crate) is_empty: bool,
    pub(crate) x: String,
    pub(crate) width: String,
}

/// Colour, name, meaning and count of a slice.
type Part = (&'static str, &'static str, &'static str, u64);

impl Bar {
    /// The bars of a phase; empty if it counted nothing.
    pub(crate) fn all(phase: Phase, counts: &Counts, journal: &JournalCounts) -> Vec<Self> {
        let bars = match phase {
            Phase::DryRun | Phase::Migrate => vec![items(phase, counts)],
            Phase::Verify => vec![items(phase, counts), verified_journal(journal)],
            Phase::RollBack => vec![restored_journal(counts, journal)],
        };
        bars.into_iter().flatten().collect()
    }

    fn new(title: &'static str, parts: &[Part]) -> Option<Self> {
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
            Slice::new(part, total, at, width * scale)
        });
        Some(Self { title, slices: slices.collect(), total: with_commas(total) })
    }
}

impl Slice {
    fn new(&(colour, name, meaning, count): &Part, total: u64, x: f64, width: f64) -> Self {
        let (x, width) = (format!("{x:.1}"), format!("{width:.1}"));
        let (share, is_empty) = (percent(count, total), count == 0);
        Self { colour, name, meaning, count: with_commas(count), share, is_empty, x, width }
    }
}

fn width(count: u64, total: u64) -> f64 {
    if count == 0 { 0.0 } else { (WIDTH * count as f64 / total as f64).max(MIN_WIDTH) }
}

fn items(phase: Phase, counts: &Counts) -> Option<Bar> {
    let (title, changed) = match phase {
        Phase::DryRun => ("Items scanned", "would be changed by the migration"),
        Phase::Verify => ("Items scanned again", "changed by the run"),
        Phase::Migrate | Phase::RollBack => ("Items scanned", "changed by the run"),
    };
    let mut parts = vec![
        ("blue", "changed", changed, counts.changed),
        ("green", "already done", "already in the migrated shape", counts.already_done),
        ("grey", "not matched", "no rule of the migration applies to them", counts.not_matched),
        ("amber", "conflicts", "not changed, because the application kept writing them", counts.conflicts),
        ("red", "invalid", "a rule applies, but they cannot be changed", counts.invalid),
    ];
    if phase == Phase::Verify {
        parts.push(("purple", "late", "not migrated: written by old code, or missed by the run", counts.late));
    }
    Bar::new(title, &parts)
}

fn verified_journal(journal: &JournalCounts) -> Option<Bar> {
    let unchanged = journal.as_written.saturating_sub(journal.check_failed + journal.check_unclear);
    Bar::new(
        "Items in the journal",
        &[
            ("blue", "as written", "unchanged since the run wrote them", unchanged),
            ("green", "changed since", "changed by the application after the run wrote them", journal.changed_since),
            ("grey", "gone", "deleted by the application after the run wrote them", journal.gone),
            (
                "amber",
                "check unclear",
                "`check` is not true, and it also reads attributes that the run does not touch",
                journal.check_unclear,
            ),
            (
                "red",
                "check failed",
                "unchanged since the run wrote them, but `check` is not true",
                journal.check_failed,
            ),
        ],
    )
}

fn restored_journal(counts: &Counts, journal: &JournalCounts) -> Option<Bar> {
    Bar::new(
        "Items in the journal",
        &[
            ("blue", "restored", "the run's changes are undone", journal.restored),
            ("green", "already back", "were already as before the run", journal.already_restored),
            ("amber", "spared", "changed by the application after the run; left as they are", journal.spared),
            ("grey", "gone", "deleted by the application after the run; not created again", journal.gone),
            ("red", "invalid", "could not be restored", counts.invalid),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slices_fill_the_bar_and_the_smallest_is_visible() {
        let bar = Bar::new("t", &[("blue", "a", "", 999_999), ("red", "b", "", 1), ("grey", "c", "", 0)]).unwrap();
        let widths: Vec<f64> = bar.slices.iter().map(|slice| slice.width.parse().unwrap()).collect();
        assert!((widths.iter().sum::<f64>() - WIDTH).abs() < 0.3, "{widths:?}");
        assert!(widths[1] >= 7.9 && widths[2] == 0.0, "{widths:?}");
        assert_eq!((bar.total.as_str(), bar.slices[1].share.as_str()), ("1,000,000", "< 0.1%"));
    }

    #[test]
    fn there_is_no_bar_without_items() {
        let (counts, journal) = (Counts::default(), JournalCounts::default());
        for phase in [Phase::DryRun, Phase::Migrate, Phase::Verify, Phase::RollBack] {
            assert!(Bar::all(phase, &counts, &journal).is_empty());
        }
    }

    #[test]
    fn an_item_whose_check_fails_is_in_one_slice_only() {
        let journal =
            JournalCounts { as_written: 6, check_failed: 2, check_unclear: 1, gone: 1, ..JournalCounts::default() };
        let bar = verified_journal(&journal).unwrap();
        let counts: Vec<_> = bar.slices.iter().map(|slice| slice.count.as_str()).collect();
        assert_eq!((bar.total.as_str(), counts), ("7", vec!["3", "0", "1", "1", "2"]));
    }
}
