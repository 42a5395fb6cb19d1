//! The migrations that the campaign runs, implemented a second time in plain Rust.
//!
//! Nothing here uses the project's own code for applying a migration: the oracle would otherwise share its mistakes.

use std::collections::BTreeMap;

use tableshift_core::item::value::{Item, Value};

use crate::campaign::engines::random::Random;
use crate::items::untouched;
use crate::run::MIGRATION;

/// A migration and items for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationUnderTest {
    /// Splits a string: its guards are strings and flags.
    Address,
    /// Renames a map: its guards are maps and sets.
    Profile,
}

/// What a migration makes of an item.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// The item does not match.
    NotMatched,
    /// The item matches and cannot be changed.
    Invalid,
    /// The item becomes this.
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

impl MigrationUnderTest {
    /// The migration of a seed.
    pub fn random(random: &mut Random) -> Self {
        if random.percent(60) { Self::Address } else { Self::Profile }
    }

    /// The migration document, in YAML.
    pub fn document(self) -> &'static str {
        match self {
            Self::Address => MIGRATION,
            Self::Profile => MOVE_PROFILE,
        }
    }

    /// The attributes that the migration sets or removes.
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
    pub fn untouched_attributes(self, item: &Item) -> Item {
        item.iter()
            .filter(|(name, _)| !self.touched().contains(&name.as_str()))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect()
    }

    /// What the migration makes of an item.
    pub fn expected(self, item: &Item) -> Expected {
        match self {
            Self::Address => split_address(item),
            Self::Profile => move_profile(item),
        }
    }

    /// An item in the old shape.
    pub fn old_item(self, key: &str, random: &mut Random) -> Item {
        let mut item = untouched(key);
        for name in self.input_attributes() {
            if let Some(value) = self.random_value(name, random) {
                item.insert((*name).to_owned(), value);
            }
        }
        item
    }

    /// An item in the new shape.
    pub fn new_item(self, key: &str, random: &mut Random) -> Item {
        loop {
            if let Expected::Changed(item) = self.expected(&self.old_item(key, random)) {
                return item;
            }
        }
    }

    /// The attributes of the old shape.
    pub fn input_attributes(self) -> &'static [&'static str] {
        match self {
            Self::Address => &["address", "zip", "legacy"],
            Self::Profile => &["profile", "tags"],
        }
    }

    /// The attributes that only the new shape has.
    pub fn output_attributes(self) -> &'static [&'static str] {
        match self {
            Self::Address => &["addressDetails", "version", "postalCode"],
            Self::Profile => &["contact", "profileVersion"],
        }
    }

    /// A value for an attribute of the old shape, or none. There are few different values, so that the same ones return: an
    /// attribute that is changed and changed back is harder to handle than one that is new each time.
    pub fn random_value(self, attribute: &str, random: &mut Random) -> Option<Value> {
        match attribute {
            "address" if random.percent(4) => Some(Value::s("nowhere")),
            "address" => Some(Value::s(format!("{} Main St, {}", random.within(1, 2), random.pick(&CITIES)))),
            "zip" => random.percent(80).then(|| Value::s(format!("0000{}", random.below(3)))),
            "legacy" => random.percent(60).then(|| Value::Bool(random.percent(70))),
            "profile" => Some(Value::M(BTreeMap::from([
                ("mail".into(), Value::s(format!("m{}@example.com", random.below(3)))),
                ("deep".into(), Value::L(vec![Value::n("1"), Value::Null(true)])),
            ]))),
            _ => random.percent(70).then(|| Value::Ss([format!("t{}", random.below(2)), "t".into()].into())),
        }
    }
}

fn split_address(item: &Item) -> Expected {
    let Some(address) = item.get("address") else { return Expected::NotMatched };
    if item.contains_key("addressDetails") {
        return Expected::NotMatched;
    }
    let Value::S(address) = address else { return Expected::Invalid };
    let parts: Vec<&str> = address.split(',').collect();
    let [street, city, state] = parts[..] else { return Expected::Invalid };
    let parts = [("street", street), ("city", city.trim_start()), ("state", state.trim_start())];
    let details = parts.into_iter().map(|(name, part)| (name.to_owned(), Value::s(part))).collect();
    let mut changed = item.clone();
    changed.insert("addressDetails".into(), Value::M(details));
    if !renamed(&mut changed, "zip", "postalCode") {
        return Expected::Invalid;
    }
    changed.remove("legacy");
    changed.insert("version".into(), Value::n("2"));
    Expected::Changed(changed)
}

fn move_profile(item: &Item) -> Expected {
    if item.contains_key("profileVersion") {
        return Expected::NotMatched;
    }
    let mut changed = item.clone();
    if !changed.contains_key("profile") {
        return Expected::NotMatched;
    }
    if !renamed(&mut changed, "profile", "contact") {
        return Expected::Invalid;
    }
    changed.remove("tags");
    changed.insert("profileVersion".into(), Value::n("2"));
    Expected::Changed(changed)
}

/// Renames an attribute. False if the new name already has another value, because a rename overwrites nothing.
fn renamed(item: &mut Item, from: &str, to: &str) -> bool {
    let Some(value) = item.remove(from) else { return true };
    item.insert(to.into(), value.clone()).is_none_or(|existing| existing == value)
}
