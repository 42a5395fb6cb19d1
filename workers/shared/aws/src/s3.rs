//! Reads, writes and lists objects of the stack's bucket.

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::{ByteStream, ByteStreamError};
use tableshift_core::ErrorName;

use crate::error::{CallError, Cause};

/// A bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: aws_sdk_s3::Client,
    name: String,
}

/// Why an object cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// There is no object with this key.
    #[error("there is no object s3://{bucket}/{key}")]
    Missing {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// The call failed for another reason.
    #[error(transparent)]
    Call(CallError),
    /// The connection ended in the middle of the object.
    #[error("reading s3://{bucket}/{key} was interrupted")]
    BrokenOff {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// The error of the connection.
        #[source]
        source: ByteStreamError,
    },
}

impl ObjectError {
    /// The error name that a worker reports, unless the caller has a more exact one.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::Missing { .. } => ErrorName::Internal,
            Self::Call(error) => error.name(),
            Self::BrokenOff { .. } => ErrorName::Unavailable,
        }
    }

    /// Whether there is no object with this key.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }
}

/// Reads objects; the tests replace it.
pub trait ReadObject {
    /// The whole object. Use it for small objects only.
    async fn get(&self, key: &str) -> Result<Vec<u8>, ObjectError>;
    /// The object as a stream, for objects that may be larger than memory.
    async fn open(&self, key: &str) -> Result<ObjectStream, ObjectError>;
}

/// Writes objects; the tests replace it.
pub trait WriteObject {
    /// Writes `bytes` to `key`, replacing what was there. When it returns, S3 has stored them durably.
    async fn put(&self, key: &str, bytes: Vec<u8>, content_type: &str) -> Result<(), ObjectError>;
}

/// Lists objects; the tests replace it.
pub trait ListObjects {
    /// All keys that begin with `prefix`, in the order of their UTF-8 bytes.
    async fn list(&self, prefix: &str) -> Result<Vec<String>, ObjectError>;
}

/// An object that is being read.
#[derive(Debug)]
pub struct ObjectStream {
    body: ByteStream,
    bucket: String,
    key: String,
}

impl ObjectStream {
    /// The next bytes; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, ObjectError> {
        match self.body.next().await {
            None => Ok(None),
            Some(Ok(piece)) => Ok(Some(piece.to_vec())),
            Some(Err(source)) => {
                Err(ObjectError::BrokenOff { bucket: self.bucket.clone(), key: self.key.clone(), source })
            }
        }
    }
}

impl Bucket {
    /// The bucket with this name.
    pub fn new(client: aws_sdk_s3::Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// The bucket's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    async fn fetch(&self, key: &str) -> Result<GetObjectOutput, ObjectError> {
        let request = self.client.get_object().bucket(&self.name).key(key);
        request.send().await.map_err(|error| {
            let error = CallError::new("GetObject", self.uri(key), error);
            match error.cause {
                Cause::NotFound => self.missing(key),
                _ => ObjectError::Call(error),
            }
        })
    }

    fn missing(&self, key: &str) -> ObjectError {
        ObjectError::Missing { bucket: self.name.clone(), key: key.to_owned() }
    }

    fn uri(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.name)
    }
}

impl ReadObject for Bucket {
    async fn get(&self, key: &str) -> Result<Vec<u8>, ObjectError> {
        let body = self.fetch(key).await?.body;
        let bytes = body.collect().await;
        let bytes = bytes.map_err(|source| ObjectError::BrokenOff {
            bucket: self.name.clone(),
            key: key.to_owned(),
            source,
        })?;
        Ok(bytes.to_vec())
    }

    async fn open(&self, key: &str) -> Result<ObjectStream, ObjectError> {
        Ok(ObjectStream { body: self.fetch(key).await?.body, bucket: self.name.clone(), key: key.to_owned() })
    }
}

impl WriteObject for Bucket {
    async fn put(&self, key: &str, bytes: Vec<u8>, content_type: &str) -> Result<(), ObjectError> {
        let request = self.client.put_object().bucket(&self.name).key(key);
        let request = request.content_type(content_type);
        let sent = request.body(ByteStream::from(bytes)).send().await;
        sent.map_err(|error| ObjectError::Call(CallError::new("PutObject", self.uri(key), error)))?;
        Ok(())
    }
}

impl ListObjects for Bucket {
    async fn list(&self, prefix: &str) -> Result<Vec<String>, ObjectError> {
        let request = self.client.list_objects_v2().bucket(&self.name);
        let mut pages = request.prefix(prefix).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| ObjectError::Call(CallError::new("ListObjectsV2", self.uri(prefix), error)))?;
            let contents = page.contents.unwrap_or_default();
            keys.extend(contents.into_iter().filter_map(|object| object.key));
        }
        Ok(keys)
    }
}
