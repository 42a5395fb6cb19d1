//! BackUp's decisions, with a real ledger and bucket and simulated backups: the engine in this process has no backups.

use std::sync::Mutex;

use back_up::{Input, Output, run};
use tableshift_aws::CallError;
use tableshift_aws::dynamodb::backups::{BackUpTable, Backup};
use tableshift_runtime::{ErrorName, Named};
use tableshift_tests::{Engines, NOW, RUN, TABLE, plan};

/// Backups by table and name.
#[derive(Default)]
struct SimulatedBackups(Mutex<Vec<(String, String, Backup)>>);

impl SimulatedBackups {
    fn set_status(&self, status: &str) {
        self.0.lock().unwrap().iter_mut().for_each(|(_, _, backup)| backup.status = status.into());
    }
}

impl BackUpTable for SimulatedBackups {
    async fn find(&self, table: &str, name: &str) -> Result<Option<Backup>, CallError> {
        let all = self.0.lock().unwrap();
        Ok(all.iter().find(|(of, called, _)| of == table && called == name).map(|(_, _, backup)| backup.clone()))
    }

    async fn create(&self, table: &str, name: &str) -> Result<Backup, CallError> {
        let backup = Backup { arn: format!("arn:{name}"), status: "CREATING".into() };
        self.0.lock().unwrap().push((table.into(), name.into(), backup.clone()));
        Ok(backup)
    }

    async fn describe(&self, arn: &str) -> Result<Backup, CallError> {
        let all = self.0.lock().unwrap();
        Ok(all.iter().find(|(_, _, backup)| backup.arn == arn).expect("the backup exists").2.clone())
    }
}

async fn back_up_table(engines: &Engines, backups: &SimulatedBackups, epoch: u64) -> Result<Output, back_up::Error> {
    let input = Input { run: RUN.into(), epoch };
    run(backups, &engines.bucket(), &engines.ledger(), NOW + 60_000, input).await
}

#[tokio::test]
async fn one_backup_is_created_and_then_checked() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let backups = SimulatedBackups::default();
    for _ in 0..3 {
        let found = back_up_table(&engines, &backups, 1).await.unwrap();
        assert_eq!(found, Output { arn: "arn:tableshift-r-1".into(), status: "CREATING".into() });
    }
    backups.set_status("AVAILABLE");
    assert_eq!(back_up_table(&engines, &backups, 1).await.unwrap().status, "AVAILABLE");
    let made = backups.0.lock().unwrap();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].0, TABLE);
}

#[tokio::test]
async fn each_check_renews_the_lease() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let before = engines.lease_until().await;
    back_up_table(&engines, &SimulatedBackups::default(), 1).await.unwrap();
    assert_eq!(engines.lease_until().await, before + 60);
}

#[tokio::test]
async fn a_run_that_lost_its_lock_creates_no_backup() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let backups = SimulatedBackups::default();
    assert_eq!(back_up_table(&engines, &backups, 2).await.unwrap_err().name(), ErrorName::LeaseLost);
    assert!(backups.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_backup_that_vanished_is_a_failure() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let backups = SimulatedBackups::default();
    back_up_table(&engines, &backups, 1).await.unwrap();
    backups.set_status("DELETED");
    assert_eq!(back_up_table(&engines, &backups, 1).await.unwrap_err().name(), ErrorName::BackupFailed);
}
