//! Parses the string of a path part by part.

use crate::item::path::error::PathError;

/// A part of a path below its top-level attribute.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// A key of a map.
    Name(String),
    /// An element of a list, from 0.
    Index(usize),
    /// Every element of a list.
    Every,
}

/// Parses the parts of a path one by one.
pub(crate) struct Reader<'t> {
    whole: &'t str,
    rest: &'t str,
}

impl<'t> Reader<'t> {
    pub(crate) fn of(whole: &'t str) -> Self {
        Self { whole, rest: whole }
    }

    /// The next part, or `None` at the end.
    pub(crate) fn part(&mut self) -> Result<Option<Part>, PathError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        if let Some(more) = self.rest.strip_prefix('.') {
            self.rest = more;
            return self.name().map(|name| Some(Part::Name(name)));
        }
        match self.rest.strip_prefix('[').and_then(|more| more.split_once(']')) {
            Some((position, more)) => {
                self.rest = more;
                self.position(position).map(Some)
            }
            None if self.rest.starts_with('[') => Err(self.no_position()),
            None => Err(PathError::Quote { path: self.whole.into() }),
        }
    }

    fn position(&self, text: &str) -> Result<Part, PathError> {
        let digits = !text.is_empty() && text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        match text {
            "*" => Ok(Part::Every),
            _ if digits => text.parse().map(Part::Index).map_err(|_| self.no_position()),
            _ => Err(self.no_position()),
        }
    }

    fn no_position(&self) -> PathError {
        PathError::Position { path: self.whole.into() }
    }

    pub(crate) fn name(&mut self) -> Result<String, PathError> {
        let name = match self.rest.strip_prefix('"') {
            Some(quoted) => self.quoted(quoted)?,
            None => {
                let end = self.rest.find(['.', '[']).unwrap_or(self.rest.len());
                let (name, more) = self.rest.split_at(end);
                self.rest = more;
                name.to_owned()
            }
        };
        if name.is_empty() {
            return Err(PathError::EmptyPart { path: self.whole.into() });
        }
        Ok(name)
    }

    fn quoted(&mut self, text: &str) -> Result<String, PathError> {
        let mut name = String::new();
        let mut from = 0;
        while let Some(quote) = text[from..].find('"').map(|at| from + at) {
            name.push_str(&text[from..quote]);
            if !text[quote + 1..].starts_with('"') {
                // `text` is a suffix of `rest`, so the position within `rest` follows from the lengths.
                let taken = self.rest.len() - text.len() + quote + 1;
                self.rest = &self.rest[taken..];
                return Ok(name);
            }
            name.push('"');
            from = quote + 2;
        }
        Err(PathError::Quote { path: self.whole.into() })
    }
}
