//! BackUp's decisions, with a real ledger and bucket and simulated backups: the engine in this process has no backups.

use std::sync::Mutex;

use back_up::{Input, Output, run};
use tableshift_aws::CallError;
use tableshift_aws::dynamodb::backups::{BackUpTable, Backup};
use tableshift_runtime::{ErrorName, Named};
use tableshift_tests::{Engines, NOW, RUN, TABLE, plan};

/// Backups by table and name.
#[derive(Default)]
struct Told(Mutex<Vec<(String, String, Backup)>>);

impl Told {
    fn become_now(&self, status: &str) {
        self.0.lock().unwrap().iter_mut().for_each(|(_, _, backup)| backup.status = status.into());
    }
}

impl BackUpTable for Told {
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

async fn look(engines: &Engines, backups: &Told, epoch: u64) -> Result<Output, back_up::Error> {
    let input = Input { run: RUN.into(), epoch };
    run(backups, &engines.bucket(), &engines.ledger(), NOW + 60_000, input).await
}

#[tokio::test]
async fn one_backup_is_created_and_then_checked() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let backups = Told::default();
    for _ in 0..3 {
        let found = look(&engines, &backups, 1).await.unwrap();
        assert_eq!(found, Output { arn: "arn:tableshift-r-1".into(), status: "CREATING".into() });
    }
    backups.become_now("AVAILABLE");
    assert_eq!(look(&engines, &backups, 1).await.unwrap().status, "AVAILABLE");
    let made = backups.0.lock().unwrap();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].0, TABLE);
}

#[tokio::test]
async fn each_check_renews_the_lease() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let before = engines.lease_until().await;
    look(&engines, &Told::default(), 1).await.unwrap();
    assert_eq!(engines.lease_until().await, before + 60);
}

#[tokio::test]
async fn a_run_that_lost_its_lock_creates_no_backup() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let backups = Told::default();
    assert_eq!(look(&engines, &backups, 2).await.unwrap_err().name(), ErrorName::LeaseLost);
    assert!(backups.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_backup_that_vanished_is_a_failure() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let backups = Told::default();
    look(&engines, &backups, 1).await.unwrap();
    backups.become_now("DELETED");
    assert_eq!(look(&engines, &backups, 1).await.unwrap_err().name(), ErrorName::BackupFailed);
}
