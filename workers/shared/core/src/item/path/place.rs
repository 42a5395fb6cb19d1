//! A path, and reading, setting and removing the value at it.

use crate::item::path::error::{MAX_PARTS, PathError, PlaceError};
use crate::item::path::read::{Part, Reader};
use crate::item::value::{Item, Value};
use std::borrow::Cow;
use std::fmt;

/// A path to a value: the name of the top-level attribute, then names within maps and positions within lists.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    root: String,
    rest: Vec<Part>,
}

impl Path {
    /// Parses a path. A name with dots or brackets must be in double quotes; a double quote within it is doubled.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let mut names = Reader::of(text);
        let root = names.name()?;
        let mut rest = Vec::new();
        while let Some(part) = names.part()? {
            rest.push(part);
            if rest.len() >= MAX_PARTS {
                return Err(PathError::TooDeep { path: text.into() });
            }
        }
        Ok(Self { root, rest })
    }

    /// The name of the top-level attribute.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The parts below the top-level attribute.
    pub fn rest(&self) -> &[Part] {
        &self.rest
    }

    /// Whether the path contains `[*]`, so that it may name several places.
    pub fn is_many(&self) -> bool {
        self.rest.contains(&Part::Every)
    }

    /// Whether the path names a top-level attribute.
    pub fn is_root(&self) -> bool {
        self.rest.is_empty()
    }

    /// The path without its last part; `None` for a top-level attribute.
    pub fn parent(&self) -> Option<Self> {
        let (_, parents) = self.rest.split_last()?;
        Some(Self { root: self.root.clone(), rest: parents.to_vec() })
    }

    /// The path up to and including its last `[*]`; `None` if it has none.
    pub fn element(&self) -> Option<Self> {
        let last = self.rest.iter().rposition(|part| *part == Part::Every)?;
        Some(Self { root: self.root.clone(), rest: self.rest[..=last].to_vec() })
    }

    /// Whether the other path is this one or lies below it.
    pub fn holds(&self, other: &Self) -> bool {
        self.root == other.root && other.rest.starts_with(&self.rest)
    }

    /// The places that this path names in an item: the path itself, or one path for each element that its `[*]` match.
    /// Empty where a list is missing.
    pub fn places(&self, item: &Item) -> Result<Vec<Cow<'_, Self>>, PlaceError> {
        if !self.is_many() {
            return Ok(vec![Cow::Borrowed(self)]);
        }
        let mut places = vec![Self { root: self.root.clone(), rest: Vec::with_capacity(self.rest.len()) }];
        for part in &self.rest {
            if *part != Part::Every {
                places.iter_mut().for_each(|place| place.rest.push(part.clone()));
                continue;
            }
            let mut every = Vec::new();
            for place in places {
                every.extend(place.elements(self, item)?);
            }
            places = every;
        }
        Ok(places.into_iter().map(Cow::Owned).collect())
    }

    fn elements(&self, whole: &Self, item: &Item) -> Result<Vec<Self>, PlaceError> {
        let element = |index| {
            let mut rest = Vec::with_capacity(whole.rest.len());
            rest.extend_from_slice(&self.rest);
            rest.push(Part::Index(index));
            Self { root: self.root.clone(), rest }
        };
        match self.get(item) {
            Some(Value::L(list)) => Ok((0..list.len()).map(element).collect()),
            Some(other) => {
                Err(PlaceError::NotList { path: whole.to_string(), parent: self.to_string(), found: other.type_name() })
            }
            None => Ok(Vec::new()),
        }
    }

    /// This path with each `[*]` replaced by the position that `place` has there. The path of `place` must have the same
    /// `[*]`.
    pub fn at(&self, place: &Self) -> Self {
        let rest = self.rest.iter().enumerate().map(|(depth, part)| match (part, place.rest.get(depth)) {
            (Part::Every, Some(position)) => position.clone(),
            _ => part.clone(),
        });
        Self { root: self.root.clone(), rest: rest.collect() }
    }

    /// The value at this place; `None` if any part of the path is missing or the path contains `[*]`.
    pub fn get<'i>(&self, item: &'i Item) -> Option<&'i Value> {
        self.rest.iter().try_fold(item.get(&self.root)?, |value, part| match (value, part) {
            (Value::M(map), Part::Name(name)) => map.get(name),
            (Value::L(list), Part::Index(index)) => list.get(*index),
            _ => None,
        })
    }

    /// The value at this place for changes in place; `None` as in [`get`](Self::get).
    pub fn get_mut<'i>(&self, item: &'i mut Item) -> Option<&'i mut Value> {
        self.rest.iter().try_fold(item.get_mut(&self.root)?, |value, part| match (value, part) {
            (Value::M(map), Part::Name(name)) => map.get_mut(name),
            (Value::L(list), Part::Index(index)) => list.get_mut(*index),
            _ => None,
        })
    }

    /// Sets the value at this place. The maps and lists above it must exist.
    pub fn put(&self, item: &mut Item, value: Value) -> Result<(), PlaceError> {
        let Some(last) = self.rest.last() else {
            item.insert(self.root.clone(), value);
            return Ok(());
        };
        match (last, self.holder(item)?) {
            (Part::Name(name), Value::M(map)) => drop(map.insert(name.clone(), value)),
            (Part::Index(index), Value::L(list)) => {
                let length = list.len();
                let Some(element) = list.get_mut(*index) else { return Err(self.no_element(length)) };
                *element = value;
            }
            (_, other) => return Err(self.misplaced(self.rest.len() - 1, other)),
        }
        Ok(())
    }

    /// Sets the value at this place and creates the maps above it that are missing.
    pub fn put_deep(&self, item: &mut Item, value: Value) -> Result<(), PlaceError> {
        for depth in 0..self.rest.len() {
            let above = Self { root: self.root.clone(), rest: self.rest[..depth].to_vec() };
            if above.get(item).is_none() && matches!(self.rest[depth], Part::Name(_)) {
                above.put(item, Value::M(Item::new()))?;
            }
        }
        self.put(item, value)
    }

    /// Removes and returns the value at this place, if there is one. The elements behind a removed list element move up.
    pub fn take(&self, item: &mut Item) -> Option<Value> {
        let Some(last) = self.rest.last() else { return item.remove(&self.root) };
        match (last, self.holder(item).ok()?) {
            (Part::Name(name), Value::M(map)) => map.remove(name),
            (Part::Index(index), Value::L(list)) => (*index < list.len()).then(|| list.remove(*index)),
            _ => None,
        }
    }

    /// The map or list that contains the last part.
    fn holder<'i>(&self, item: &'i mut Item) -> Result<&'i mut Value, PlaceError> {
        let missing = |depth| PlaceError::ParentMissing { path: self.to_string(), parent: self.above(depth) };
        let mut value = item.get_mut(&self.root).ok_or_else(|| missing(0))?;
        for (depth, part) in self.rest[..self.rest.len() - 1].iter().enumerate() {
            value = match (value, part) {
                (Value::M(map), Part::Name(name)) => map.get_mut(name).ok_or_else(|| missing(depth + 1))?,
                (Value::L(list), Part::Index(index)) => list.get_mut(*index).ok_or_else(|| missing(depth + 1))?,
                (other, _) => return Err(self.misplaced(depth, other)),
            };
        }
        Ok(value)
    }

    fn misplaced(&self, depth: usize, found: &Value) -> PlaceError {
        let (path, parent, found) = (self.to_string(), self.above(depth), found.type_name());
        match self.rest[depth] {
            Part::Name(_) => PlaceError::ParentNotMap { path, parent, found },
            Part::Index(_) | Part::Every => PlaceError::NotList { path, parent, found },
        }
    }

    fn no_element(&self, length: usize) -> PlaceError {
        PlaceError::NoElement { path: self.to_string(), parent: self.above(self.rest.len() - 1), length }
    }

    fn above(&self, depth: usize) -> String {
        Self { root: self.root.clone(), rest: self.rest[..depth].to_vec() }.to_string()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_name(&self.root, f)?;
        self.rest.iter().try_for_each(|part| match part {
            Part::Name(name) => f.write_str(".").and_then(|()| write_name(name, f)),
            Part::Index(index) => write!(f, "[{index}]"),
            Part::Every => f.write_str("[*]"),
        })
    }
}

fn write_name(name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match name.contains(['.', '[', '"']) || name.is_empty() {
        true => write!(f, "\"{}\"", name.replace('"', "\"\"")),
        false => f.write_str(name),
    }
}

#[cfg(test)]
mod tests;
