//! Reads single items with GetItem.

use tableshift_core::item::value::Item;

use crate::dynamodb::items::{from_sdk, to_sdk};
use crate::dynamodb::scan::TableItems;
use crate::error::CallError;

/// Reads single items; the tests replace it.
pub trait ReadItem {
    /// The item with this key, by a consistent read; `None` if it does not exist.
    async fn read(&self, key: &Item) -> Result<Option<Item>, CallError>;
}

impl ReadItem for TableItems {
    async fn read(&self, key: &Item) -> Result<Option<Item>, CallError> {
        let request = self.client.get_item().table_name(&self.table).set_key(Some(to_sdk(key)));
        let sent = request.consistent_read(true).send().await;
        let answer = sent.map_err(|error| CallError::new("GetItem", &self.table, error))?;
        Ok(answer.item.map(from_sdk))
    }
}
