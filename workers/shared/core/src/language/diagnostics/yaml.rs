//! A YAML document as a tree that knows where in the text each part is.
//!
//! [`Document`](crate::language::document::Document) is read by serde, which stops at the first problem. A review has to
//! name them all, each at its place, so it reads the parser's events itself.

use super::not_yaml;
use crate::language::finding::{Code, Finding};
use serde_json::Value;
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// One node with its place.
#[derive(Debug, Clone)]
pub struct Node {
    /// The bytes of the text that it covers, without blanks around it.
    pub span: Range<usize>,
    /// What it holds.
    pub kind: Kind,
    /// A tag of the author's own, such as `!has(item.a)`, with its place.
    pub tag: Option<(String, Range<usize>)>,
}

/// What a node holds.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A string, a number, a boolean or nothing.
    Scalar(String, ScalarStyle),
    /// A list.
    List(Vec<Node>),
    /// A map, its entries in the order of the text.
    Map(Vec<Entry>),
}

/// One entry of a map.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The field's name.
    pub name: String,
    /// Where the name is.
    pub at: Range<usize>,
    /// The field's value.
    pub value: Node,
}

/// Nodes that a document may have once its aliases are resolved: a guard against aliases of aliases.
const MAX_NODES: usize = 100_000;

impl Node {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// The entries, if it is a map.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The elements, if it is a list.
    pub fn elements(&self) -> &[Node] {
        match &self.kind {
            Kind::List(elements) => elements,
            _ => &[],
        }
    }

    /// The entry with this name, if it is a map that has it.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.name == name)
    }

    /// The value with this name, if it is a map that has it.
    pub fn field(&self, name: &str) -> Option<&Node> {
        self.entry(name).map(|entry| &entry.value)
    }

    /// Whether it is written as nothing: `~`, `null`, or no text at all.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(text, ScalarStyle::Plain) if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The node as plain data, as the reader of documents would see it; a doubled field counts once.
    pub fn value(&self) -> Value {
        match &self.kind {
            Kind::Scalar(text, ScalarStyle::Plain) if self.tag.is_none() => {
                crate::language::document::yaml(text).unwrap_or_else(|_| Value::String(text.clone()))
            }
            Kind::Scalar(text, _) => Value::String(text.clone()),
            Kind::List(elements) => elements.iter().map(Node::value).collect(),
            Kind::Map(entries) => entries.iter().map(|entry| (entry.name.clone(), entry.value.value())).collect(),
        }
    }

    /// What a reader would call it.
    pub fn kind_name(&self) -> &'static str {
        match &self.kind {
            _ if self.is_null() => "nothing",
            Kind::Scalar(text, ScalarStyle::Plain) if text.parse::<f64>().is_ok() => "a number",
            Kind::Scalar(text, ScalarStyle::Plain) if matches!(text.as_str(), "true" | "false") => "true or false",
            Kind::Scalar(..) => "a string",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }
}

/// Reads the first document of a text. The error is a finding at the place where the text stops being YAML.
pub fn read(text: &str) -> Result<Node, Box<Finding>> {
    let mut reader = Reader { text, events: Parser::new_from_str(text), anchors: HashMap::new(), nodes: 0 };
    let Some((event, span)) = reader.next()? else {
        return Ok(Node { span: 0..0, kind: Kind::Scalar(String::new(), ScalarStyle::Plain), tag: None });
    };
    let node = reader.node(event, span)?;
    // What follows is read too, for its errors.
    match reader.next()? {
        None => Ok(node),
        Some((_, at)) => {
            let finding = Finding::error(Code::Yaml, reader.trimmed(&at), "a second document begins here");
            Err(Box::new(finding.help("a file holds one; put the other into a file of its own")))
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    events: Parser<'t, StrInput<'t>>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

type OwnTag = Option<(String, Range<usize>)>;

impl<'t> Reader<'t> {
    fn node(&mut self, event: Event<'t>, at: Span) -> Result<Node, Box<Finding>> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = "the document's aliases repeat so much that it is too large; write it without them";
            return Err(Box::new(Finding::error(Code::TooLong, 0..0, message)));
        }
        let span = self.trimmed(&at);
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let absent = span.is_empty() && style == ScalarStyle::Plain;
                let text = if absent { String::new() } else { text.into_owned() };
                (anchor, Node { span, kind: Kind::Scalar(text, style), tag: own_tag(tag, &at) })
            }
            Event::SequenceStart(_, anchor, tag) => (anchor, self.list(span, own_tag(tag, &at))?),
            Event::MappingStart(_, anchor, tag) => (anchor, self.map(span, own_tag(tag, &at))?),
            Event::Alias(anchor) => (0, self.anchored(anchor, span)),
            _ => (0, Node { span, kind: Kind::List(Vec::new()), tag: None }),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn anchored(&mut self, anchor: usize, span: Range<usize>) -> Node {
        let node = self.anchors.get(&anchor).cloned();
        let node = node.unwrap_or(Node { span, kind: Kind::List(Vec::new()), tag: None });
        self.nodes += count(&node);
        node
    }

    fn list(&mut self, mut span: Range<usize>, tag: OwnTag) -> Result<Node, Box<Finding>> {
        let mut elements: Vec<Node> = Vec::new();
        while let Some((event, at)) = self.next()? {
            if matches!(event, Event::SequenceEnd) {
                span.end = self.trimmed(&at).end;
                break;
            }
            elements.push(self.node(event, at)?);
        }
        span.end = self.end_of(&span, elements.last().map(|last| last.span.end));
        Ok(Node { span, kind: Kind::List(elements), tag })
    }

    fn map(&mut self, mut span: Range<usize>, tag: OwnTag) -> Result<Node, Box<Finding>> {
        let mut entries: Vec<Entry> = Vec::new();
        while let Some((event, at)) = self.next()? {
            if matches!(event, Event::MappingEnd) {
                span.end = self.trimmed(&at).end;
                break;
            }
            let name = self.node(event, at)?;
            let Some((event, at)) = self.next()? else { break };
            let value = self.node(event, at)?;
            entries.push(Entry { name: name.text().unwrap_or_default().to_owned(), at: name.span, value });
        }
        span.end = self.end_of(&span, entries.last().map(|last| last.value.span.end.max(last.at.end)));
        Ok(Node { span, kind: Kind::Map(entries), tag })
    }

    /// A collection in brackets ends with its bracket, any other with its last part.
    fn end_of(&self, span: &Range<usize>, last: Option<usize>) -> usize {
        let bracketed = self.text[span.start..].starts_with(['[', '{']);
        if bracketed { span.end } else { last.unwrap_or(span.start) }
    }

    /// The next event that begins or ends a node.
    fn next(&mut self) -> Result<Option<(Event<'t>, Span)>, Box<Finding>> {
        loop {
            let text = self.text;
            let refused = |error: ScanError| Box::new(not_yaml::finding(text, &error));
            let Some((event, span)) = self.events.next().transpose().map_err(refused)? else { return Ok(None) };
            let part = matches!(event, Event::SequenceEnd | Event::MappingEnd) || event.is_node();
            if part {
                return Ok(Some((event, span)));
            }
        }
    }

    fn trimmed(&self, span: &Span) -> Range<usize> {
        let range = span.byte_range().unwrap_or(0..0);
        let text = self.text.get(range.clone()).unwrap_or_default();
        range.start..range.start + text.trim_end().len()
    }
}

fn count(node: &Node) -> usize {
    let in_lists: usize = node.elements().iter().map(count).sum();
    1 + in_lists + node.entries().iter().map(|entry| count(&entry.value)).sum::<usize>()
}

fn own_tag(tag: Option<Cow<'_, Tag>>, span: &Span) -> OwnTag {
    let tag = tag.filter(|tag| !tag.is_yaml_core_schema())?;
    Some((tag.original(), span.tag_span()?.byte_range()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slices<'t>(text: &'t str, path: &[&str]) -> &'t str {
        let node = read(text).unwrap();
        let node = path.iter().fold(&node, |node, name| match name.parse::<usize>() {
            Ok(index) => &node.elements()[index],
            Err(_) => node.field(name).unwrap(),
        });
        &text[node.span.clone()]
    }

    #[test]
    fn every_part_knows_its_place() {
        let text = "id: x # why\nchange:\n  - set: a\n    to: >-\n      1 +\n      2\n\n  - rename: {from: b, to: c}\n";
        assert_eq!(slices(text, &["id"]), "x");
        assert_eq!(slices(text, &["change", "0"]), "set: a\n    to: >-\n      1 +\n      2");
        assert_eq!(slices(text, &["change", "0", "to"]), "1 +\n      2");
        assert_eq!(slices(text, &["change", "1", "rename"]), "{from: b, to: c}");
    }

    #[test]
    fn an_alias_stands_for_what_its_anchor_holds() {
        let node = read("a: &x [1, 2]\nb: *x\n").unwrap();
        assert_eq!(node.field("b").unwrap().elements().len(), 2);
    }

    #[test]
    fn aliases_of_aliases_do_not_grow_without_bound() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for n in 1..9 {
            let aliases = vec![format!("*a{}", n - 1); 10].join(", ");
            text += &format!("a{n}: &a{n} [{aliases}]\n");
        }
        assert_eq!(read(&text).unwrap_err().code, Code::TooLong);
    }

    #[test]
    fn nothing_at_all_is_an_empty_document() {
        assert!(read("").unwrap().is_null());
        assert!(read("# only a comment\n").unwrap().is_null());
    }
}
