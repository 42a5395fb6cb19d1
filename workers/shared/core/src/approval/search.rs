//! How much of CloudTrail's event history has been searched for the callers who started a run.
//!
//! CloudTrail answers two requests a second and returns the newest events first, so one invocation cannot read the history
//! of a long run in a busy account. The search is therefore split into passes that can be interrupted. A pass reads from a
//! fixed time back to the time up to which an earlier pass was complete. All times are in epoch seconds.

use jiff::Timestamp;

use crate::approval::rules::Requester;

/// How far the clocks of CloudTrail and Step Functions may differ, in seconds.
const MARGIN_SECONDS: i64 = 60;

/// What has been searched so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Search {
    /// Every event up to this time has been read after CloudTrail had delivered it; 0 before the first complete pass.
    pub complete_until: i64,
    /// The pass that was interrupted.
    pub pass: Option<Pass>,
}

/// One pass through the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// When the pass began.
    pub begun: i64,
    /// The pass looks for events up to this time.
    pub until: i64,
    /// The events after this time have been read.
    pub unread_until: i64,
}

impl Search {
    /// The pass that looks for events up to `until`: the interrupted one, if it does that and did not begin before
    /// `earliest`, otherwise a new one that begins now.
    pub fn pass(&self, until: i64, earliest: i64, now: i64) -> Pass {
        let continued = self.pass.filter(|pass| pass.until == until && pass.begun >= earliest);
        continued.unwrap_or(Pass { begun: now, until, unread_until: until })
    }

    /// The time from which a pass has to read to find every start of these requesters. Executions that started after the
    /// last complete pass are searched from their start, and so are those without a record: it may come late.
    pub fn from(&self, requesters: &[Requester]) -> i64 {
        let first = requesters.iter().filter_map(|requester| self.unsearched_from(requester)).min();
        match (first, self.complete_until) {
            (Some(first), 0) => first,
            (Some(first), complete) => first.min(complete),
            (None, complete) => complete,
        }
    }

    fn unsearched_from(&self, requester: &Requester) -> Option<i64> {
        let started = requester.started.parse::<Timestamp>().ok()?.as_second();
        let is_new = started.saturating_add(MARGIN_SECONDS) >= self.complete_until;
        (is_new || requester.callers.is_empty()).then(|| started.saturating_sub(MARGIN_SECONDS))
    }

    /// The search after `pass` was interrupted.
    pub fn interrupted(self, pass: Pass) -> Self {
        Self { pass: Some(pass), ..self }
    }

    /// The search after `pass` has read everything. CloudTrail may deliver an event `delay` seconds late, so the last part
    /// of the pass is read again by the next one.
    pub fn completed(self, pass: Pass, delay: u64) -> Self {
        let delivered = pass.begun.saturating_sub_unsigned(delay).min(pass.until);
        Self { complete_until: delivered.max(self.complete_until), pass: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approval::identity::Identity;

    /// 2026-11-22T10:00:00Z.
    const STARTED: i64 = 1_795_341_600;

    fn requester(started: &str) -> Requester {
        Requester::unknown("arn:e", started)
    }

    #[test]
    fn the_first_pass_reads_from_just_before_the_first_start() {
        let both = [requester("2026-11-22T11:00:00Z"), requester("2026-11-22T10:00:00Z")];
        assert_eq!(Search::default().from(&both), STARTED - 60);
    }

    #[test]
    fn a_later_pass_reads_from_where_the_history_was_complete() {
        let search = Search { complete_until: STARTED + 7000, pass: None };
        let caller = Identity { arn: "arn:ann".into(), user_id: "AIDA".into(), account: "1".into() };
        let found = Requester { callers: vec![caller], ..requester("2026-11-22T10:00:00Z") };
        assert_eq!(search.from(std::slice::from_ref(&found)), STARTED + 7000);
        // An execution that started since then is new, whatever the clocks say.
        let resumed = [found, requester("2026-11-22T11:56:40Z")];
        assert_eq!(search.from(&resumed), STARTED + 7000 - 60);
        assert_eq!(search.from(&[requester("2026-11-22T13:00:00Z")]), STARTED + 7000);
    }

    #[test]
    fn a_start_without_a_record_is_searched_again() {
        let search = Search { complete_until: STARTED + 7000, pass: None };
        assert_eq!(search.from(&[requester("2026-11-22T10:00:00Z")]), STARTED - 60);
    }

    #[test]
    fn a_pass_is_continued_only_for_the_same_answer_and_if_the_records_were_delivered_when_it_began() {
        let interrupted = Pass { begun: 500, until: 600, unread_until: 550 };
        let search = Search { complete_until: 100, pass: Some(interrupted) };
        assert_eq!(search.pass(600, 500, 900), interrupted);
        assert_eq!(search.pass(601, 500, 900), Pass { begun: 900, until: 601, unread_until: 601 });
        assert_eq!(search.pass(600, 501, 900), Pass { begun: 900, until: 600, unread_until: 600 });
    }

    #[test]
    fn a_complete_pass_counts_up_to_what_cloudtrail_had_delivered_when_it_began() {
        let pass = Pass { begun: 2000, until: 1900, unread_until: 1500 };
        let search = Search { complete_until: 100, pass: Some(pass) };
        assert_eq!(search.completed(pass, 900), Search { complete_until: 1100, pass: None });
        assert_eq!(search.completed(pass, 0).complete_until, 1900);
        assert_eq!(search.completed(pass, 5000).complete_until, 100);
    }
}
