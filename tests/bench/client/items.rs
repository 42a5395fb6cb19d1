//! The items: customers before and after the migration that splits their address, each made from its number alone.

use std::collections::{BTreeMap, BTreeSet};

use tableshift_core::item::value::{Item, Value, item_bytes};

/// The migration of design.md.
pub const MIGRATION: &str = r"
id: 20261122-split-address
description: address becomes addressDetails {street, city, state}
where: has(item.address) && !has(item.addressDetails)
change:
  - set: addressDetails
    to: extract(item.address, r'^(?<street>[^,]+), *(?<city>[^,]+), *(?<state>[A-Z]{2})$')
  - rename: { from: zip, to: postalCode }
  - set: version
    to: 2
check: has(item.addressDetails.city) && item.version == 2
";

/// An item before the migration, of about this many bytes as DynamoDB counts them.
pub fn old(number: usize, bytes: usize) -> Item {
    let mut item = untouched(number);
    item.insert("zip".into(), Value::s(zip(number)));
    item.insert("version".into(), Value::n("1"));
    fill(&mut item, bytes);
    item
}

/// The same item after the migration.
pub fn new(number: usize, bytes: usize) -> Item {
    let mut item = old(number, bytes);
    item.remove("zip");
    item.insert("postalCode".into(), Value::s(zip(number)));
    item.insert("version".into(), Value::n("2"));
    let details = [("street", street(number)), ("city", "Springfield".into()), ("state", "IL".into())];
    let details = details.map(|(name, value)| (name.to_owned(), Value::S(value)));
    item.insert("addressDetails".into(), Value::M(BTreeMap::from(details)));
    item
}

fn untouched(number: usize) -> Item {
    let tags = ["retail", "newsletter", if number.is_multiple_of(2) { "gold" } else { "silver" }];
    Item::from([
        ("pk".into(), Value::s(format!("customer-{number:08}"))),
        ("name".into(), Value::s(format!("Customer {number}"))),
        ("email".into(), Value::s(format!("customer-{number}@example.com"))),
        ("address".into(), Value::s(format!("{}, Springfield, IL", street(number)))),
        ("balance".into(), Value::n(format!("{}.5", number % 1000))),
        ("active".into(), Value::Bool(!number.is_multiple_of(7))),
        ("tags".into(), Value::Ss(BTreeSet::from(tags.map(String::from)))),
    ])
}

fn street(number: usize) -> String {
    format!("{} North Main Street", number % 10_000)
}

fn zip(number: usize) -> String {
    format!("{:05}", number % 100_000)
}

fn fill(item: &mut Item, bytes: usize) {
    let missing = bytes.saturating_sub(item_bytes(item) + "note".len());
    let note: String = "what the application keeps here is not touched; ".chars().cycle().take(missing).collect();
    item.insert("note".into(), Value::S(note));
}
