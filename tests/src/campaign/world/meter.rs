//! What the workers consumed, and when: how gentle a run was is read off here.

use std::collections::BTreeMap;

/// What was consumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Write units of the table.
    Write,
    /// Read units of the table.
    Read,
}

/// A request of a worker that the engines answered, or a statement of one.
#[derive(Debug, Clone)]
pub struct Spent {
    /// When, in simulated milliseconds.
    pub at: i64,
    /// The number of the invocation.
    pub invocation: u32,
    /// Of what kind; none for a request that is not about the table.
    pub what: Option<Use>,
    /// Capacity units.
    pub units: f64,
    /// The partition key of the item, where it is about one.
    pub key: Option<String>,
    /// Whether it was throttled.
    pub refused: bool,
}

/// Everything that the workers asked of the engines.
#[derive(Debug, Clone, Default)]
pub struct Meter(Vec<Spent>);

/// A step with which windows slide, in milliseconds.
const STEP: i64 = 50;

impl Meter {
    /// Notes a request.
    pub fn note(&mut self, spent: Spent) {
        self.0.push(spent);
    }

    /// Every request.
    pub fn all(&self) -> &[Spent] {
        &self.0
    }

    /// What these requests alone consumed.
    pub fn only(&self, those: impl Fn(&Spent) -> bool) -> Self {
        Self(self.0.iter().filter(|spent| those(spent)).cloned().collect())
    }

    /// What was written.
    pub fn writes(&self) -> Self {
        self.only(|spent| spent.what == Some(Use::Write) && !spent.refused)
    }

    /// What was read.
    pub fn reads(&self) -> Self {
        self.only(|spent| spent.what == Some(Use::Read) && !spent.refused)
    }

    /// What was throttled.
    pub fn refused(&self) -> Self {
        self.only(|spent| spent.refused)
    }

    /// How many requests, or statements of requests.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When the first and the last were, in simulated milliseconds.
    pub fn span(&self) -> (i64, i64) {
        let at = |spent: Option<&Spent>| spent.map_or(0, |spent| spent.at);
        (at(self.0.first()), at(self.0.last()))
    }

    /// The units of a stretch of time, its end excluded.
    pub fn units(&self, from: i64, until: i64) -> f64 {
        let begin = self.0.partition_point(|spent| spent.at < from);
        self.0[begin..].iter().take_while(|spent| spent.at < until).map(|spent| spent.units).sum()
    }

    /// The average rate of a stretch of time, in units a second.
    pub fn rate(&self, from: i64, until: i64) -> f64 {
        self.units(from, until) * 1000.0 / (until - from).max(1) as f64
    }

    /// The least and the greatest rate of any `window` milliseconds within a stretch of time.
    pub fn rates(&self, from: i64, until: i64, window: i64) -> (f64, f64) {
        let rates = self.windows(from, until, window);
        rates.fold((f64::INFINITY, 0.0), |(least, most), (_, rate)| (rate.min(least), rate.max(most)))
    }

    /// For how many seconds on end a rate was exceeded: how many whole seconds follow each other, wherever the first of
    /// them begins, in each of which it was.
    pub fn seconds_above(&self, rate: f64, from: i64, until: i64) -> u32 {
        let (mut on_end, mut longest) = (BTreeMap::<i64, u32>::new(), 0);
        for (at, _) in self.windows(from, until, 1000).filter(|(_, found)| *found > rate) {
            let seconds = on_end.get(&(at - 1000)).copied().unwrap_or_default() + 1;
            on_end.insert(at, seconds);
            longest = seconds.max(longest);
        }
        longest
    }

    /// The rates of all windows of so many milliseconds, by when they begin.
    fn windows(&self, from: i64, until: i64, window: i64) -> impl Iterator<Item = (i64, f64)> + '_ {
        let sums = self.0.iter().scan(0.0, |sum, spent| {
            *sum += spent.units;
            Some((spent.at, *sum))
        });
        let sums: Vec<(i64, f64)> = std::iter::once((i64::MIN, 0.0)).chain(sums).collect();
        let before = move |time: i64| sums[sums.partition_point(|(at, _)| *at < time) - 1].1;
        let begins = (from..=until - window).step_by(STEP as usize);
        begins.map(move |begin| (begin, (before(begin + window) - before(begin)) * 1000.0 / window as f64))
    }
}
