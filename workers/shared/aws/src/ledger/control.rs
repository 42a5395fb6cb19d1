//! The control item of a run. All workers of the run read it: it says whether to pause or stop, at which rate to work, and what the monitors showed.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use tableshift_core::control::monitor_status::{Alarm, Closed, MonitorStatus, READ_EVERY_MILLIS};
use tableshift_core::control::run_control::{Control, Slowed, State};
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::planning::AllowedRates;

use crate::error::CallError;
use crate::ledger::table::{EPOCH, Ledger, LedgerError, LedgerItem, key, malformed, number, pk_run, text};

/// Sort key of a run's control item, under the partition key of the run.
pub const SK_CONTROL: &str = "CONTROL";

/// The attribute with the start of the bake after the canary wave, in epoch milliseconds.
const BAKING_SINCE: &str = "baking_since";
/// The attributes with the highest rates that the policy allows.
const ALLOWED_WRITE: &str = "allowed_write_units_per_second";
const ALLOWED_READ: &str = "allowed_read_units_per_second";

/// The condition that the run is not stopped.
pub(super) const NOT_STOPPED: &str = "attribute_not_exists(#state) OR #state <> :stopped";

impl Ledger {
    /// The control item, with the number of finished segments of this phase. Without an item, the run is running.
    pub async fn control(&self, run: &str, phase: Phase) -> Result<Control, LedgerError> {
        let item = self.read(&pk_run(run), SK_CONTROL).await?;
        item.map_or(Ok(Control::default()), |item| control(&item, phase))
    }

    /// Reduces the write rate of the whole run after a throttle, unless another worker has changed it since `before`.
    pub async fn slow(&self, run: &str, before: Option<Slowed>, slowed: Slowed) -> Result<(), LedgerError> {
        let update = self.control_update(run, "SET slowed_to = :to, slowed_at = :at, slowed_growth = :growth");
        let update = update
            .expression_attribute_values(":to", AttributeValue::N(slowed.to.to_string()))
            .expression_attribute_values(":at", AttributeValue::N(slowed.at.to_string()))
            .expression_attribute_values(":growth", AttributeValue::N(slowed.growth.to_string()));
        let update = match before {
            None => update.condition_expression("attribute_not_exists(slowed_at)"),
            Some(before) => update
                .condition_expression("slowed_at = :before")
                .expression_attribute_values(":before", AttributeValue::N(before.at.to_string())),
        };
        self.took_effect("UpdateItem", run, update.send().await.map(drop)).map(drop)
    }

    /// Adds one to the finished segments of a phase.
    pub async fn count_done(&self, run: &str, phase: Phase) -> Result<(), LedgerError> {
        self.add(run, &done(phase), 1).await.map(drop)
    }

    /// Adds to the invalid items that the migration found, and returns their number in the whole run.
    pub async fn count_invalid(&self, run: &str, items: u64) -> Result<u64, LedgerError> {
        self.add(run, "invalid", items).await
    }

    /// Pauses the run: its workers save their checkpoints and end, and the state machine waits. False: the run is stopped.
    pub async fn pause(&self, run: &str, reason: &str, now: i64) -> Result<bool, LedgerError> {
        let update = self.control_update(run, "SET #state = :paused, #since = :now, #reason = :reason");
        let update = update
            .condition_expression(NOT_STOPPED)
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#since", "since")
            .expression_attribute_names("#reason", "reason")
            .expression_attribute_values(":paused", AttributeValue::S("paused".into()))
            .expression_attribute_values(":stopped", AttributeValue::S("stopped".into()))
            .expression_attribute_values(":reason", AttributeValue::S(reason.into()))
            .expression_attribute_values(":now", AttributeValue::N(now.to_string()));
        self.took_effect("UpdateItem", run, update.send().await.map(drop))
    }

    /// Resumes a paused run. False: it was not paused.
    pub async fn resume(&self, run: &str) -> Result<bool, LedgerError> {
        let update = self.control_update(run, "SET #state = :running REMOVE #reason, #since");
        let update = update
            .condition_expression("#state = :paused")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#since", "since")
            .expression_attribute_names("#reason", "reason")
            .expression_attribute_values(":running", AttributeValue::S("running".into()))
            .expression_attribute_values(":paused", AttributeValue::S("paused".into()));
        self.took_effect("UpdateItem", run, update.send().await.map(drop))
    }

    /// Sets the write and read rates of the whole run, in units per second; `None` leaves a rate as it is.
    pub async fn throttle(&self, run: &str, write: Option<u32>, read: Option<u32>) -> Result<(), LedgerError> {
        let rates = [("write_units_per_second", write), ("read_units_per_second", read)];
        let rates: Vec<_> = rates.into_iter().filter_map(|(name, units)| Some((name, units?))).collect();
        if rates.is_empty() {
            return Ok(());
        }
        let sets: Vec<_> = rates.iter().map(|(name, _)| format!("{name} = :{name}")).collect();
        let update = self.control_update(run, &format!("SET {}", sets.join(", ")));
        let update = rates.into_iter().fold(update, |update, (name, units)| {
            update.expression_attribute_values(format!(":{name}"), AttributeValue::N(units.to_string()))
        });
        self.took_effect("UpdateItem", run, update.send().await.map(drop)).map(drop)
    }

    /// Records the highest rates that the stage's policy allows. [`Ledger::control`] never returns a higher rate, whatever an
    /// operator sets: operators may not write these attributes.
    pub async fn set_allowed_rates(&self, run: &str, allowed: &AllowedRates) -> Result<(), LedgerError> {
        let rates = [(ALLOWED_WRITE, allowed.write_units_per_second), (ALLOWED_READ, allowed.read_units_per_second)];
        let clause = |verb: &str, is_set: bool| {
            let names = rates.iter().filter(|(_, units)| units.is_some() == is_set);
            let names: Vec<_> =
                names.map(|(name, _)| if is_set { format!("{name} = :{name}") } else { (*name).to_owned() }).collect();
            if names.is_empty() { String::new() } else { format!("{verb} {} ", names.join(", ")) }
        };
        let update = self.control_update(run, format!("{}{}", clause("SET", true), clause("REMOVE", false)).trim_end());
        let limits = rates.into_iter().filter_map(|(name, units)| Some((name, units?)));
        let update = limits.fold(update, |update, (name, units)| {
            update.expression_attribute_values(format!(":{name}"), AttributeValue::N(units.to_string()))
        });
        self.took_effect("UpdateItem", run, update.send().await.map(drop)).map(drop)
    }

    /// Claims the next reading of the monitors. False: another worker has claimed one within the last minute.
    pub async fn claim_monitor_reading(&self, run: &str, now: i64) -> Result<bool, LedgerError> {
        let update = self.control_update(run, "SET monitors_read_at = :now");
        let update = update
            .condition_expression("attribute_not_exists(monitors_read_at) OR monitors_read_at <= :due")
            .expression_attribute_values(":now", AttributeValue::N(now.to_string()))
            .expression_attribute_values(":due", AttributeValue::N((now - READ_EVERY_MILLIS).to_string()));
        self.took_effect("UpdateItem", run, update.send().await.map(drop))
    }

    /// Saves what the monitors say, for all workers.
    pub async fn save_monitor_status(&self, run: &str, monitor_status: &MonitorStatus) -> Result<(), LedgerError> {
        let closed =
            monitor_status.closed.map(|closed| AttributeValue::N(closed.until.unwrap_or_default().to_string()));
        let alarm = monitor_status.alarm.as_ref();
        let values = [
            ("calendar_closed_until", closed),
            ("alarm", alarm.map(|alarm| AttributeValue::S(alarm.name.clone()))),
            ("alarm_since", alarm.map(|alarm| AttributeValue::N(alarm.since.to_string()))),
            ("alarm_seen", alarm.map(|alarm| AttributeValue::N(alarm.seen.to_string()))),
        ];
        let (set, removed): (Vec<_>, Vec<_>) = values.into_iter().partition(|(_, value)| value.is_some());
        let clause = |verb: &str, list: Vec<String>| match list.is_empty() {
            true => String::new(),
            false => format!("{verb} {} ", list.join(", ")),
        };
        let sets = clause("SET", set.iter().map(|(name, _)| format!("{name} = :{name}")).collect());
        let removes = clause("REMOVE", removed.iter().map(|(name, _)| (*name).to_owned()).collect());
        let mut update = self.control_update(run, format!("{sets}{removes}").trim_end());
        for (name, value) in set {
            update = value
                .into_iter()
                .fold(update, |update, value| update.expression_attribute_values(format!(":{name}"), value));
        }
        self.took_effect("UpdateItem", run, update.send().await.map(drop)).map(drop)
    }

    /// Saves the start of the bake, in epoch milliseconds; `None`: an alarm interrupts it.
    pub async fn set_baking_since(&self, run: &str, since: Option<i64>) -> Result<(), LedgerError> {
        let update = match since {
            None => self.control_update(run, &format!("REMOVE {BAKING_SINCE}")),
            Some(since) => self
                .control_update(run, &format!("SET {BAKING_SINCE} = :since"))
                .expression_attribute_values(":since", AttributeValue::N(since.to_string())),
        };
        self.took_effect("UpdateItem", run, update.send().await.map(drop)).map(drop)
    }

    /// Removes the start of the bake and the count of verified segments: the main wave verifies all segments again.
    pub async fn end_canary(&self, run: &str) -> Result<(), LedgerError> {
        let update = self.control_update(run, &format!("REMOVE {BAKING_SINCE}, {}", done(Phase::Verify)));
        self.took_effect("UpdateItem", run, update.send().await.map(drop)).map(drop)
    }

    /// Records that the run is on hold since `now` (epoch milliseconds). True: no worker has recorded this hold before, so the
    /// caller has to publish it.
    pub async fn record_hold(&self, run: &str, now: i64) -> Result<bool, LedgerError> {
        let update = self.control_update(run, "SET hold_announced_at = :now");
        let update = update
            .condition_expression("attribute_not_exists(hold_announced_at)")
            .expression_attribute_values(":now", AttributeValue::N(now.to_string()));
        self.took_effect("UpdateItem", run, update.send().await.map(drop))
    }

    /// Records that the hold that began at `since` is over.
    pub async fn clear_hold(&self, run: &str, since: i64) -> Result<(), LedgerError> {
        let update = self.control_update(run, "REMOVE hold_announced_at");
        let update = update
            .condition_expression("hold_announced_at = :since")
            .expression_attribute_values(":since", AttributeValue::N(since.to_string()));
        self.took_effect("UpdateItem", run, update.send().await.map(drop)).map(drop)
    }

    /// Makes a run that was stopped runnable again, for workers with this fencing token. Removes the reason of the stop, the start of the bake, the hold and the
    /// counts of the phases that start over; keeps the rates that an operator has set.
    pub async fn clear_stop(&self, run: &str, epoch: u64) -> Result<(), LedgerError> {
        let removed = format!("#reason, #since, #verify, #back, #dry, {BAKING_SINCE}, hold_announced_at");
        let update = self.control_update(run, &format!("SET #state = :running, {EPOCH} = :epoch REMOVE {removed}"));
        let update = update
            .expression_attribute_values(":epoch", AttributeValue::N(epoch.to_string()))
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#reason", "reason")
            .expression_attribute_names("#since", "since")
            .expression_attribute_names("#verify", done(Phase::Verify))
            .expression_attribute_names("#back", done(Phase::RollBack))
            .expression_attribute_names("#dry", done(Phase::DryRun))
            .expression_attribute_values(":running", AttributeValue::S("running".into()));
        self.took_effect("UpdateItem", run, update.send().await.map(drop)).map(drop)
    }
}

impl Ledger {
    pub(super) fn control_update(&self, run: &str, expression: &str) -> UpdateItemFluentBuilder {
        let update = self.client.update_item().table_name(&self.table);
        update.set_key(Some(key(&pk_run(run), SK_CONTROL))).update_expression(expression)
    }

    async fn add(&self, run: &str, attribute: &str, count: u64) -> Result<u64, LedgerError> {
        let update = self.control_update(run, "ADD #count :more").expression_attribute_names("#count", attribute);
        let update = update.expression_attribute_values(":more", AttributeValue::N(count.to_string()));
        let sent = update.return_values(ReturnValue::UpdatedNew).send().await;
        let sent = sent.map_err(|error| {
            LedgerError::Call(CallError::new("UpdateItem", self.named(&pk_run(run), SK_CONTROL), error))
        })?;
        Ok(sent.attributes.and_then(|item| number(&item, attribute)).unwrap_or(count))
    }
}

/// The attribute with the number of finished segments of a phase.
fn done(phase: Phase) -> String {
    format!("done_{}", phase.as_str().replace('-', "_"))
}

fn control(item: &LedgerItem, phase: Phase) -> Result<Control, LedgerError> {
    let state = match text(item, "state").as_deref() {
        None | Some("running") => State::Running,
        Some("paused") => State::Paused,
        Some("stopped") => State::Stopped,
        Some(_) => return Err(malformed(item, "state")),
    };
    let slowed = number(item, "slowed_to").zip(number(item, "slowed_at")).zip(number(item, "slowed_growth"));
    Ok(Control {
        state,
        since: number(item, "since").unwrap_or_default(),
        reason: text(item, "reason"),
        write_units_per_second: rate(item, "write_units_per_second", ALLOWED_WRITE),
        read_units_per_second: rate(item, "read_units_per_second", ALLOWED_READ),
        slowed: slowed.map(|((to, at), growth)| Slowed { to, at, growth }),
        segments_done: number(item, &done(phase)).unwrap_or_default(),
        baking_since: number(item, BAKING_SINCE),
        monitor_status: monitor_status(item),
        hold_announced_at: number(item, "hold_announced_at"),
    })
}

/// The rate that was set, or the highest allowed one if that is lower.
fn rate(item: &LedgerItem, name: &str, allowed: &str) -> Option<u32> {
    let set: Option<u32> = number(item, name);
    set.map(|set| number(item, allowed).map_or(set, |allowed: u32| set.min(allowed)))
}

/// The last reading of the monitors. A calendar without a time of its next opening is stored as closed until 0.
fn monitor_status(item: &LedgerItem) -> MonitorStatus {
    let closed = number::<i64>(item, "calendar_closed_until");
    let alarm = text(item, "alarm").zip(number(item, "alarm_since")).zip(number(item, "alarm_seen"));
    MonitorStatus {
        last_read_at: number(item, "monitors_read_at").unwrap_or_default(),
        closed: closed.map(|until| Closed { until: Some(until).filter(|until| *until > 0) }),
        alarm: alarm.map(|((name, since), seen)| Alarm { name, since, seen }),
    }
}
