//! What must have happened on a table before a migration may run there.
//!
//! A contracting migration removes the old shape. It names the migration that added the new one, and how long the
//! application must have run with both.

use crate::item::duration::{LONGEST_DAYS, seconds, written};
use crate::language::document::written::{Document, Kind};
use jiff::Timestamp;
use thiserror::Error;

/// What a document requires of its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The migration that must have been applied to the table and verified.
    pub migration: String,
    /// How long ago, in seconds.
    pub bake_seconds: i64,
}

/// What the ledger knows of an applied migration, for a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence<'a> {
    /// When it was applied, ISO 8601.
    pub at: &'a str,
    /// Whether a verification of every item was good.
    pub verified: bool,
}

/// Why `kind`, `requires` and `bake` do not go together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RequirementError {
    /// A contracting migration that names nothing to wait for.
    #[error("`kind` is `contract`, but `requires` is missing")]
    NothingRequired,
    /// A time, but nothing that it is counted from.
    #[error("`bake` is there without `requires`")]
    NothingBakes,
    /// It would wait for itself.
    #[error("`requires` is the migration's own id")]
    Itself,
    /// The time cannot be read.
    #[error("`bake` is `{0}`, which is not a time")]
    Bake(String),
}

impl RequirementError {
    /// What to write instead.
    pub fn advice(&self) -> String {
        match self {
            Self::NothingRequired => "write the id of the migration that made the new shape".into(),
            Self::NothingBakes => "write the id of the migration whose time it is, or leave `bake` out".into(),
            Self::Itself => "write the id of the migration before it".into(),
            Self::Bake(_) => format!("write a time like `48h`, `30m` or `7d`, at most {LONGEST_DAYS} days"),
        }
    }

    /// The name of the field that it is about.
    pub fn field(&self) -> &'static str {
        match self {
            Self::NothingRequired => "kind",
            Self::NothingBakes | Self::Bake(_) => "bake",
            Self::Itself => "requires",
        }
    }
}

/// Why a migration may not run yet.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unmet {
    /// The required migration is not applied to the table.
    #[error("it requires `{0}`, which has not been applied to this table; run that one first")]
    NotApplied(String),
    /// The required migration is applied, but not verified.
    #[error(
        "it requires `{0}`, which was applied to this table but is not verified; verify the run that applied it, with \
         `action: verify`"
    )]
    NotVerified(String),
    /// The required migration was applied too recently.
    #[error("it requires `{migration}` to have been in place for {}; that was applied at {since}, so it may run from {from}", written(*.bake_seconds))]
    Bakes {
        /// The required migration.
        migration: String,
        /// How long ago it must have been applied, in seconds.
        bake_seconds: i64,
        /// When it was applied.
        since: String,
        /// The earliest time at which the migration may run, ISO 8601.
        from: String,
    },
}

impl Requirement {
    /// What a document requires. None if it has no `requires`.
    pub fn of(document: &Document) -> Result<Option<Self>, RequirementError> {
        let Some(migration) = &document.requires else {
            return match (document.kind, &document.bake) {
                (Some(Kind::Contract), _) => Err(RequirementError::NothingRequired),
                (_, Some(_)) => Err(RequirementError::NothingBakes),
                (_, None) => Ok(None),
            };
        };
        if *migration == document.id {
            return Err(RequirementError::Itself);
        }
        let bake = document.bake.as_deref().map(|bake| seconds(bake).ok_or(bake)).transpose();
        let bake_seconds = bake.map_err(|bake| RequirementError::Bake(bake.to_owned()))?.unwrap_or(0);
        Ok(Some(Self { migration: migration.clone(), bake_seconds }))
    }

    /// Whether the requirement is met at `now`, in epoch seconds, given what the ledger knows of the required migration.
    pub fn check(&self, evidence: Option<Evidence<'_>>, now: i64) -> Result<(), Unmet> {
        let Some(evidence) = evidence else { return Err(Unmet::NotApplied(self.migration.clone())) };
        if !evidence.verified {
            return Err(Unmet::NotVerified(self.migration.clone()));
        }
        let since: Option<Timestamp> = evidence.at.parse().ok();
        // A time that cannot be read proves nothing, so it counts as now.
        let since_second = since.map_or(now, |since| since.as_second());
        let from = since_second.saturating_add(self.bake_seconds);
        if now >= from && since.is_some() {
            return Ok(());
        }
        Err(Unmet::Bakes {
            migration: self.migration.clone(),
            bake_seconds: self.bake_seconds,
            since: evidence.at.to_owned(),
            from: Timestamp::from_second(from).unwrap_or(Timestamp::MAX).to_string(),
        })
    }
}

/// What `kind`, `requires` and `bake` of a document mean, in a sentence each. Fields that are missing, or that do not go
/// together, have no sentence.
pub fn sentences(document: &Document) -> Vec<String> {
    let half = document.kind.map(|half| match half {
        Kind::Expand => {
            "This is the first half of a change: it adds the new shape beside the old one, for code that reads either."
        }
        Kind::Contract => {
            "This is the second half of a change: it removes the old shape. By then, no code may need it."
        }
    });
    let required = Requirement::of(document).ok().flatten().map(|requirement| {
        let Requirement { migration, bake_seconds } = requirement;
        let when = if bake_seconds > 0 { format!("{} after", written(bake_seconds)) } else { "once".to_owned() };
        format!(
            "It may start on a table {when} `{migration}` was applied there, if every item was verified. A start before \
             that is refused; the error says when it may start."
        )
    });
    half.map(str::to_owned).into_iter().chain(required).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(more: &str) -> Document {
        Document::from_yaml(&format!("id: b\nchange: [{{remove: old}}]\n{more}")).unwrap()
    }

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn a_document_that_says_nothing_requires_nothing_and_keeps_its_hash() {
        assert_eq!(Requirement::of(&document("")), Ok(None));
        assert_eq!(Requirement::of(&document("kind: expand")), Ok(None));
        assert!(!serde_json::to_string(&document("")).unwrap().contains("kind"));
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let refused = |more: &str| Requirement::of(&document(more)).unwrap_err();
        assert_eq!(refused("kind: contract"), RequirementError::NothingRequired);
        assert_eq!(refused("kind: contract\nbake: 2h"), RequirementError::NothingRequired);
        assert_eq!(refused("bake: 2h"), RequirementError::NothingBakes);
        assert_eq!(refused("requires: b"), RequirementError::Itself);
        for bake in ["soon", "-2h", "0s", "9000d", "2 fortnights", "1y"] {
            assert_eq!(refused(&format!("requires: a\nbake: '{bake}'")), RequirementError::Bake(bake.into()));
        }
    }

    #[test]
    fn a_requirement_is_met_once_the_other_is_applied_verified_and_old_enough() {
        let document = document("kind: contract\nrequires: a\nbake: 48h");
        let requirement = Requirement::of(&document).unwrap().unwrap();
        let (applied, now) = ("2026-11-20T10:00:00Z", at("2026-11-22T09:59:59Z"));
        let evidence = |verified| Some(Evidence { at: applied, verified });
        assert_eq!(requirement.check(None, now), Err(Unmet::NotApplied("a".into())));
        assert_eq!(requirement.check(evidence(false), now), Err(Unmet::NotVerified("a".into())));
        let early = requirement.check(evidence(true), now).unwrap_err();
        assert_eq!(
            early.to_string(),
            "it requires `a` to have been in place for 2d; that was applied at 2026-11-20T10:00:00Z, so it may run \
             from 2026-11-22T10:00:00Z"
        );
        assert_eq!(requirement.check(evidence(true), now + 1), Ok(()));
    }

    #[test]
    fn a_time_that_cannot_be_read_proves_nothing() {
        let requirement = Requirement { migration: "a".into(), bake_seconds: 0 };
        assert!(requirement.check(Some(Evidence { at: "yesterday", verified: true }), 0).is_err());
    }

    #[test]
    fn when_a_migration_may_run_is_said_in_sentences() {
        assert_eq!(sentences(&document("")), [""; 0]);
        assert_eq!(sentences(&document("kind: contract")).len(), 1, "what does not go together has no sentence");
        let found = sentences(&document("kind: contract\nrequires: a\nbake: 36h"));
        let expected = "It may start on a table 36h after `a` was applied there, if every item was verified. A start \
                        before that is refused; the error says when it may start.";
        assert_eq!((found.len(), found[1].as_str()), (2, expected));
        let found = sentences(&document("kind: expand\nrequires: a"));
        assert!(found[0].contains("first half") && found[1].contains("on a table once `a` was applied"), "{found:?}");
    }
}
