//! What the workers consumed, and when: the measure of how gentle a run is on its table.

use std::collections::BTreeMap;

/// The kind of the consumed units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitKind {
    /// Write units of the table.
    Write,
    /// Read units of the table.
    Read,
}

/// A worker's request that reached the engines, or one statement of a batch.
#[derive(Debug, Clone)]
pub struct MeteredRequest {
    /// When, in simulated milliseconds.
    pub at: i64,
    /// The number of the invocation.
    pub invocation: u32,
    /// The kind of the units; `None` for a request that is not for the table.
    pub kind: Option<UnitKind>,
    /// Capacity units.
    pub units: f64,
    /// The item's partition key, if the request is for one item.
    pub key: Option<String>,
    /// Whether it was throttled.
    pub throttled: bool,
}

/// All requests of workers, in order.
#[derive(Debug, Clone, Default)]
pub struct Meter(Vec<MeteredRequest>);

/// The step by which windows slide, in milliseconds.
const STEP: i64 = 50;

impl Meter {
    /// Adds a request.
    pub fn record(&mut self, request: MeteredRequest) {
        self.0.push(request);
    }

    /// Every request.
    pub fn requests(&self) -> &[MeteredRequest] {
        &self.0
    }

    /// Only the requests for which this holds.
    pub fn filter(&self, matches: impl Fn(&MeteredRequest) -> bool) -> Self {
        Self(self.0.iter().filter(|request| matches(request)).cloned().collect())
    }

    /// The writes that were not throttled.
    pub fn writes(&self) -> Self {
        self.filter(|request| request.kind == Some(UnitKind::Write) && !request.throttled)
    }

    /// The reads that were not throttled.
    pub fn reads(&self) -> Self {
        self.filter(|request| request.kind == Some(UnitKind::Read) && !request.throttled)
    }

    /// The throttled requests.
    pub fn throttled(&self) -> Self {
        self.filter(|request| request.throttled)
    }

    /// The number of requests and statements.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no requests.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The times of the first and the last request, in simulated milliseconds.
    pub fn span(&self) -> (i64, i64) {
        let at = |request: Option<&MeteredRequest>| request.map_or(0, |request| request.at);
        (at(self.0.first()), at(self.0.last()))
    }

    /// The units consumed in an interval, its end excluded.
    pub fn units(&self, from: i64, until: i64) -> f64 {
        let begin = self.0.partition_point(|request| request.at < from);
        self.0[begin..].iter().take_while(|request| request.at < until).map(|request| request.units).sum()
    }

    /// The average rate in an interval, in units a second.
    pub fn rate(&self, from: i64, until: i64) -> f64 {
        self.units(from, until) * 1000.0 / (until - from).max(1) as f64
    }

    /// The lowest and the highest rate over any `window` milliseconds within an interval, in units a second.
    pub fn rates(&self, from: i64, until: i64, window: i64) -> (f64, f64) {
        let rates = self.windows(from, until, window);
        rates.fold((f64::INFINITY, 0.0), |(least, most), (_, rate)| (rate.min(least), rate.max(most)))
    }

    /// The longest number of consecutive seconds in each of which a rate was exceeded. The first second may start at any
    /// step.
    pub fn seconds_above(&self, rate: f64, from: i64, until: i64) -> u32 {
        let (mut on_end, mut longest) = (BTreeMap::<i64, u32>::new(), 0);
        for (at, _) in self.windows(from, until, 1000).filter(|(_, found)| *found > rate) {
            let seconds = on_end.get(&(at - 1000)).copied().unwrap_or_default() + 1;
            on_end.insert(at, seconds);
            longest = seconds.max(longest);
        }
        longest
    }

    /// The rates of all windows of `window` milliseconds, with the time at which each starts.
    fn windows(&self, from: i64, until: i64, window: i64) -> impl Iterator<Item = (i64, f64)> + '_ {
        let sums = self.0.iter().scan(0.0, |sum, request| {
            *sum += request.units;
            Some((request.at, *sum))
        });
        let sums: Vec<(i64, f64)> = std::iter::once((i64::MIN, 0.0)).chain(sums).collect();
        let before = move |time: i64| sums[sums.partition_point(|(at, _)| *at < time) - 1].1;
        let begins = (from..=until - window).step_by(STEP as usize);
        begins.map(move |begin| (begin, (before(begin + window) - before(begin)) * 1000.0 / window as f64))
    }
}
