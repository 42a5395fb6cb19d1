//! Paths to attributes: `address`, `address.city`, `"a.dotted.name".part`.

use crate::value::{Item, Value};
use std::fmt;
use thiserror::Error;

/// A path to an attribute: the top-level attribute's name, then names within maps.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    root: String,
    rest: Vec<String>,
}

/// Why a path does not parse.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PathError {
    /// Two dots in a row, a dot at an end, or nothing at all.
    #[error("path `{path}` has an empty part; write names joined by single dots, or quote a name that holds dots")]
    EmptyPart {
        /// The path as written.
        path: String,
    },
    /// A quote that is not closed, or text after a closing quote.
    #[error("path `{path}` has a quote that is not closed before the next dot")]
    Quote {
        /// The path as written.
        path: String,
    },
}

/// Why a value cannot be put at a path.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PlaceError {
    /// A part of the path above the last is missing.
    #[error("cannot set `{path}`: `{parent}` is missing")]
    ParentMissing {
        /// The whole path.
        path: String,
        /// The part that is missing.
        parent: String,
    },
    /// A part of the path above the last is not a map.
    #[error("cannot set `{path}`: `{parent}` is not a map but of type {found}")]
    ParentNotMap {
        /// The whole path.
        path: String,
        /// The part that is no map.
        parent: String,
        /// Its type.
        found: &'static str,
    },
}

impl Path {
    /// Parses a path. Names that hold dots are put in double quotes.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            let (part, after) = next_part(text, rest)?;
            parts.push(part);
            match after {
                Some(more) => rest = more,
                None => break,
            }
        }
        let root = parts.remove(0);
        Ok(Self { root, rest: parts })
    }

    /// The top-level attribute that this path is in.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The value at this path, if every part above it is a map that holds it.
    pub fn get<'i>(&self, item: &'i Item) -> Option<&'i Value> {
        let mut value = item.get(&self.root)?;
        for name in &self.rest {
            let Value::M(map) = value else { return None };
            value = map.get(name)?;
        }
        Some(value)
    }

    /// Puts a value at this path. Maps above it must exist: they are never invented.
    pub fn put(&self, item: &mut Item, value: Value) -> Result<(), PlaceError> {
        let (last, map) = match self.rest.split_last() {
            None => (&self.root, item),
            Some((last, parents)) => (last, self.parent_of(item, parents)?),
        };
        map.insert(last.clone(), value);
        Ok(())
    }

    /// Takes the value at this path out of the item, if it is there.
    pub fn take(&self, item: &mut Item) -> Option<Value> {
        self.get(item)?;
        match self.rest.split_last() {
            None => item.remove(&self.root),
            Some((last, parents)) => self.parent_of(item, parents).ok()?.remove(last),
        }
    }

    fn parent_of<'i>(&self, item: &'i mut Item, parents: &[String]) -> Result<&'i mut Item, PlaceError> {
        let mut here = self.root.clone();
        let mut value = item.get_mut(&self.root);
        for name in parents {
            let map = self.as_map(value, &here)?;
            here = format!("{here}.{name}");
            value = map.get_mut(name);
        }
        self.as_map(value, &here)
    }

    fn as_map<'i>(&self, value: Option<&'i mut Value>, parent: &str) -> Result<&'i mut Item, PlaceError> {
        match value {
            Some(Value::M(map)) => Ok(map),
            Some(other) => Err(PlaceError::ParentNotMap {
                path: self.to_string(),
                parent: parent.into(),
                found: other.type_name(),
            }),
            None => Err(PlaceError::ParentMissing { path: self.to_string(), parent: parent.into() }),
        }
    }
}

/// The first part of `rest`, unquoted, and what follows the dot after it.
fn next_part<'t>(whole: &str, rest: &'t str) -> Result<(String, Option<&'t str>), PathError> {
    let (part, after) = if let Some(quoted) = rest.strip_prefix('"') {
        let (part, after) = quoted.split_once('"').ok_or_else(|| PathError::Quote { path: whole.into() })?;
        match after.strip_prefix('.') {
            Some(more) => (part, Some(more)),
            None if after.is_empty() => (part, None),
            None => return Err(PathError::Quote { path: whole.into() }),
        }
    } else {
        match rest.split_once('.') {
            Some((part, more)) => (part, Some(more)),
            None => (rest, None),
        }
    };
    if part.is_empty() {
        return Err(PathError::EmptyPart { path: whole.into() });
    }
    Ok((part.into(), after))
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in std::iter::once(&self.root).chain(&self.rest).enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            if part.contains('.') { write!(f, "\"{part}\"")? } else { f.write_str(part)? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_names_keep_their_dots() {
        let path = Path::parse(r#""a.b".c"#).unwrap();
        assert_eq!(path.root(), "a.b");
        assert_eq!(path.to_string(), r#""a.b".c"#);
    }

    #[test]
    fn empty_parts_and_open_quotes_are_refused() {
        assert!(matches!(Path::parse("a..b"), Err(PathError::EmptyPart { .. })));
        assert!(matches!(Path::parse(""), Err(PathError::EmptyPart { .. })));
        assert!(matches!(Path::parse("\"a"), Err(PathError::Quote { .. })));
    }

    #[test]
    fn values_are_put_got_and_taken_within_maps_that_exist() {
        let mut item = Item::from([("m".into(), Value::M(Item::new())), ("s".into(), Value::s("x"))]);
        let path = Path::parse("m.a").unwrap();
        path.put(&mut item, Value::n("1")).unwrap();
        assert_eq!(path.get(&item), Some(&Value::n("1")));
        assert_eq!(path.take(&mut item), Some(Value::n("1")));
        assert_eq!(path.get(&item), None);
        let missing = Path::parse("q.a").unwrap().put(&mut item, Value::n("1"));
        assert!(matches!(missing, Err(PlaceError::ParentMissing { .. })));
        let scalar = Path::parse("s.a").unwrap().put(&mut item, Value::n("1"));
        assert!(matches!(scalar, Err(PlaceError::ParentNotMap { found: "S", .. })));
    }
}
