//! The S3 engine of a simulation: the part of S3 that the workers use, in memory.

use std::collections::BTreeMap;

/// The objects of one bucket.
#[derive(Debug, Default)]
pub struct Store {
    objects: BTreeMap<String, Vec<u8>>,
}

/// A request to S3.
#[derive(Debug, Clone, PartialEq)]
pub enum S3Request {
    /// Put this object.
    Put(String, Vec<u8>),
    /// Get the object with this key.
    Get(String),
    /// List the keys with this prefix that come after this key.
    List(String, Option<String>),
}

impl S3Request {
    /// Reads a request from its method, path and query. The bucket is in the path.
    pub fn read(method: &str, path: &str, query: &str, body: &[u8]) -> Self {
        let key = path.trim_start_matches('/').split_once('/').map_or("", |(_, key)| key);
        match (method, key) {
            ("PUT", key) if !key.is_empty() => Self::Put(unescaped(key), body.to_vec()),
            ("GET", "") if query.contains("list-type=2") => {
                Self::List(parameter(query, "prefix").unwrap_or_default(), parameter(query, "continuation-token"))
            }
            ("GET", key) if !key.is_empty() => Self::Get(unescaped(key)),
            _ => panic!("the campaign's S3 does not support {method} {path}?{query}"),
        }
    }

    /// The key or prefix.
    pub fn key(&self) -> &str {
        match self {
            Self::Put(key, _) | Self::Get(key) | Self::List(key, _) => key,
        }
    }

    /// The operation, as AWS spells it.
    pub fn operation(&self) -> &'static str {
        match self {
            Self::Put(..) => "PutObject",
            Self::Get(_) => "GetObject",
            Self::List(..) => "ListObjectsV2",
        }
    }
}

impl Store {
    /// The content of an object.
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        self.objects.get(key).map(Vec::as_slice)
    }

    /// Puts an object.
    pub fn put(&mut self, key: &str, bytes: Vec<u8>) {
        self.objects.insert(key.to_owned(), bytes);
    }

    /// The objects whose keys have this prefix, by key.
    pub fn under<'s>(&'s self, prefix: &'s str) -> impl Iterator<Item = (&'s String, &'s Vec<u8>)> {
        self.objects.range(prefix.to_owned()..).take_while(move |(key, _)| key.starts_with(prefix))
    }

    /// Performs a request. Returns a status and a body.
    pub fn answer(&mut self, request: &S3Request, keys_a_page: usize) -> (u16, Vec<u8>) {
        match request {
            S3Request::Put(key, bytes) => {
                self.put(key, bytes.clone());
                (200, Vec::new())
            }
            S3Request::Get(key) => match self.get(key) {
                Some(bytes) => (200, bytes.to_vec()),
                None => (404, error("NoSuchKey")),
            },
            S3Request::List(prefix, after) => (200, self.list(prefix, after.as_deref(), keys_a_page)),
        }
    }

    fn list(&self, prefix: &str, after: Option<&str>, keys_a_page: usize) -> Vec<u8> {
        let keys: Vec<&String> = self.under(prefix).map(|(key, _)| key).collect();
        let left: Vec<_> = keys.into_iter().filter(|key| after.is_none_or(|after| key.as_str() > after)).collect();
        let page = &left[..left.len().min(keys_a_page)];
        let contents: String = page.iter().map(|key| format!("<Contents><Key>{key}</Key></Contents>")).collect();
        let more = match page.last() {
            Some(last) if page.len() < left.len() => {
                format!("<IsTruncated>true</IsTruncated><NextContinuationToken>{last}</NextContinuationToken>")
            }
            _ => "<IsTruncated>false</IsTruncated>".to_owned(),
        };
        let open = r#"<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">"#;
        format!("{open}{contents}{more}</ListBucketResult>").into_bytes()
    }
}

/// The body of an error response with this code.
pub fn error(code: &str) -> Vec<u8> {
    let open = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
    format!("{open}<Error><Code>{code}</Code><Message>injected or simulated</Message></Error>").into_bytes()
}

fn parameter(query: &str, name: &str) -> Option<String> {
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, v)| unescaped(v))
}

fn unescaped(escaped: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = escaped.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = (*first == b'%').then(|| tail.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).expect("keys are UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_comes_in_pages_and_in_order() {
        let mut store = Store::default();
        for key in ["a/3", "a/1", "b", "a/2"] {
            store.put(key, Vec::new());
        }
        let first = String::from_utf8(store.list("a/", None, 2)).unwrap();
        assert!(first.contains("<Key>a/1</Key></Contents><Contents><Key>a/2</Key>") && first.contains(">a/2</Next"));
        let last = String::from_utf8(store.list("a/", Some("a/2"), 2)).unwrap();
        assert!(last.contains("<Key>a/3</Key>") && last.contains("false"));
    }

    #[test]
    fn requests_are_read_as_s3_reads_them() {
        assert_eq!(
            S3Request::read("PUT", "/stack/runs/a%20b", "x-id=PutObject", b"x"),
            S3Request::Put("runs/a b".into(), b"x".to_vec())
        );
        let list = S3Request::read("GET", "/stack/", "list-type=2&prefix=runs%2Fr", b"");
        assert_eq!(list, S3Request::List("runs/r".into(), None));
    }
}
