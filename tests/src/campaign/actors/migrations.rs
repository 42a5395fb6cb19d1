//! The migrations that the campaign runs, and what they mean told a second time in plain Rust.
//!
//! Nothing here uses the project's own way of applying a migration: the oracle would otherwise share its mistakes.

use std::collections::BTreeMap;

use tableshift_core::item::value::{Item, Value};

use crate::MIGRATION;
use crate::campaign::engines::random::Chance;

/// A migration and the items that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A text is taken apart: guards are texts and flags.
    Address,
    /// A document is renamed: guards are documents and sets.
    Profile,
}

/// What a migration makes of an item.
#[derive(Debug, Clone, PartialEq)]
pub enum Meant {
    /// It is not its business.
    Left,
    /// It should be changed and cannot be.
    Invalid,
    /// This is what it becomes.
    Changed(Item),
}

/// The touched attributes of an item; `None` where one is missing.
pub type Image = BTreeMap<String, Option<Value>>;

const MOVE_PROFILE: &str = r"
id: move-profile
where: has(item.profile) && !has(item.profileVersion)
change:
  - rename: { from: profile, to: contact }
  - remove: tags
  - set: profileVersion
    to: 2
check: has(item.contact) && item.profileVersion == 2
";

const CITIES: [&str; 3] = ["Boston, MA", "Austin, TX", "Salem, OR"];

impl Subject {
    /// The subject of a seed.
    pub fn of(chance: &mut Chance) -> Self {
        if chance.percent(60) { Self::Address } else { Self::Profile }
    }

    /// The migration document.
    pub fn document(self) -> &'static str {
        match self {
            Self::Address => MIGRATION,
            Self::Profile => MOVE_PROFILE,
        }
    }

    /// The attributes that it sets or removes.
    pub fn touched(self) -> &'static [&'static str] {
        match self {
            Self::Address => &["addressDetails", "legacy", "postalCode", "version", "zip"],
            Self::Profile => &["contact", "profile", "profileVersion", "tags"],
        }
    }

    /// The touched attributes of an item.
    pub fn image(self, item: &Item) -> Image {
        self.touched().iter().map(|name| ((*name).to_owned(), item.get(*name).cloned())).collect()
    }

    /// An item without its touched attributes.
    pub fn rest(self, item: &Item) -> Item {
        item.iter()
            .filter(|(name, _)| !self.touched().contains(&name.as_str()))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect()
    }

    /// What it makes of an item.
    pub fn meant(self, item: &Item) -> Meant {
        match self {
            Self::Address => split_address(item),
            Self::Profile => move_profile(item),
        }
    }

    /// An item in the old shape.
    pub fn unmigrated(self, key: &str, chance: &mut Chance) -> Item {
        let mut item = untouched(key);
        for name in self.read() {
            if let Some(value) = self.value(name, chance) {
                item.insert((*name).to_owned(), value);
            }
        }
        item
    }

    /// An item in the new shape.
    pub fn migrated(self, key: &str, chance: &mut Chance) -> Item {
        loop {
            if let Meant::Changed(item) = self.meant(&self.unmigrated(key, chance)) {
                return item;
            }
        }
    }

    /// The attributes of the old shape.
    pub fn read(self) -> &'static [&'static str] {
        match self {
            Self::Address => &["address", "zip", "legacy"],
            Self::Profile => &["profile", "tags"],
        }
    }

    /// The attributes that make an item one of the new shape.
    pub fn made(self) -> &'static [&'static str] {
        match self {
            Self::Address => &["addressDetails", "version", "postalCode"],
            Self::Profile => &["contact", "profileVersion"],
        }
    }

    /// A value for an attribute of the old shape. There are few, so that they come back: what was read, changed and
    /// changed back is harder than what is new each time.
    pub fn value(self, attribute: &str, chance: &mut Chance) -> Option<Value> {
        match attribute {
            "address" if chance.percent(4) => Some(Value::s("nowhere")),
            "address" => Some(Value::s(format!("{} Main St, {}", chance.within(1, 2), chance.pick(&CITIES)))),
            "zip" => chance.percent(80).then(|| Value::s(format!("0000{}", chance.below(3)))),
            "legacy" => chance.percent(60).then(|| Value::Bool(chance.percent(70))),
            "profile" => Some(Value::M(BTreeMap::from([
                ("mail".into(), Value::s(format!("m{}@example.com", chance.below(3)))),
                ("deep".into(), Value::L(vec![Value::n("1"), Value::Null(true)])),
            ]))),
            _ => chance.percent(70).then(|| Value::Ss([format!("t{}", chance.below(2)), "t".into()].into())),
        }
    }
}

fn split_address(item: &Item) -> Meant {
    let Some(address) = item.get("address") else { return Meant::Left };
    if item.contains_key("addressDetails") {
        return Meant::Left;
    }
    let Value::S(address) = address else { return Meant::Invalid };
    let parts: Vec<&str> = address.split(',').collect();
    let [street, city, state] = parts[..] else { return Meant::Invalid };
    let parts = [("street", street), ("city", city.trim_start()), ("state", state.trim_start())];
    let details = parts.into_iter().map(|(name, part)| (name.to_owned(), Value::s(part))).collect();
    let mut changed = item.clone();
    changed.insert("addressDetails".into(), Value::M(details));
    if !renamed(&mut changed, "zip", "postalCode") {
        return Meant::Invalid;
    }
    changed.remove("legacy");
    changed.insert("version".into(), Value::n("2"));
    Meant::Changed(changed)
}

fn move_profile(item: &Item) -> Meant {
    if item.contains_key("profileVersion") {
        return Meant::Left;
    }
    let mut changed = item.clone();
    if !changed.contains_key("profile") {
        return Meant::Left;
    }
    if !renamed(&mut changed, "profile", "contact") {
        return Meant::Invalid;
    }
    changed.remove("tags");
    changed.insert("profileVersion".into(), Value::n("2"));
    Meant::Changed(changed)
}

/// Renames an attribute. False: another value is there by that name, and a rename overwrites nothing.
fn renamed(item: &mut Item, from: &str, to: &str) -> bool {
    let Some(value) = item.remove(from) else { return true };
    item.insert(to.into(), value.clone()).is_none_or(|there| there == value)
}

/// An item with nothing but what no migration may touch.
fn untouched(key: &str) -> Item {
    let text = r#"{"n":{"N":"12345678901234567890123456789012345678"},"ns":{"NS":["1","2.5"]},"b":{"B":"AAEC"},"deep":{"M":{"l":{"L":[{"NULL":true},{"BOOL":false},{"S":""}]}}}}"#;
    let mut item: Item = serde_json::from_str(text).expect("DynamoDB JSON");
    item.insert("pk".into(), Value::s(key));
    item.insert("sk".into(), Value::s(SORT_KEY));
    item
}

/// Every item's sort key.
pub const SORT_KEY: &str = "profile";
