//! A bucket and a lock in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use tableshift_aws::CallError;
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::s3::{ListObjects, ObjectError, ObjectStream, ReadObject, WriteObject};
use tableshift_aws::sns::Publish;
use tableshift_core::control::lock::Lock;
use tableshift_core::report::message::Message;

/// Objects with their content types.
#[derive(Default)]
pub struct Store(pub RefCell<BTreeMap<String, (Vec<u8>, String)>>);

impl Store {
    /// Stores a value as JSON.
    pub fn put_json(&self, key: String, value: &impl serde::Serialize) {
        let json = serde_json::to_vec(value).unwrap();
        self.0.borrow_mut().insert(key, (json, "application/json".into()));
    }

    fn missing(key: &str) -> ObjectError {
        ObjectError::Missing { bucket: "memory".into(), key: key.into() }
    }
}

impl ReadObject for Store {
    async fn get(&self, key: &str) -> Result<Vec<u8>, ObjectError> {
        let bytes = self.0.borrow().get(key).map(|(bytes, _)| bytes.clone());
        // Responses take different times, as in S3: their order must not decide the order of folding.
        for _ in 0..key.len() % 5 {
            tokio::task::yield_now().await;
        }
        bytes.ok_or_else(|| Self::missing(key))
    }

    async fn open(&self, key: &str) -> Result<ObjectStream, ObjectError> {
        Err(Self::missing(key))
    }
}

impl WriteObject for Store {
    async fn put(&self, key: &str, bytes: Vec<u8>, content_type: &str) -> Result<(), ObjectError> {
        self.0.borrow_mut().insert(key.into(), (bytes, content_type.into()));
        Ok(())
    }
}

impl ListObjects for Store {
    async fn list(&self, prefix: &str) -> Result<Vec<String>, ObjectError> {
        Ok(self.0.borrow().keys().filter(|key| key.starts_with(prefix)).cloned().collect())
    }
}

/// A lock with this fencing token.
pub struct Epoch(pub u64);

impl LockTable for Epoch {
    async fn lock(&self, table: &str) -> Result<Option<Lock>, LedgerError> {
        let execution = Some("arn:aws:states:eu-central-1:111122223333:execution:m:r".to_owned());
        Ok(Some(Lock { table: table.into(), run: String::new(), epoch: self.0, execution, lease_until: 0 }))
    }

    async fn take(&self, _: &Lock, _: Option<&Lock>) -> Result<bool, LedgerError> {
        Ok(false)
    }

    async fn renew(&self, _: &str, _: &str, epoch: u64, _: i64) -> Result<bool, LedgerError> {
        Ok(epoch == self.0)
    }

    async fn release(&self, _: &str, _: &str) -> Result<bool, LedgerError> {
        Ok(false)
    }
}

/// A topic that keeps its messages.
#[derive(Debug, Default)]
pub struct Published(pub RefCell<Vec<Message>>);

impl Publish for Published {
    async fn publish(&self, message: &Message) -> Result<(), CallError> {
        self.0.borrow_mut().push(message.clone());
        Ok(())
    }
}

/// A topic that was deleted.
#[derive(Debug)]
pub struct Gone;

impl Publish for Gone {
    async fn publish(&self, _: &Message) -> Result<(), CallError> {
        Err(CallError::incomplete("Publish", "arn:topic", "message id"))
    }
}
