//! The bucket's adapter against S3.

use tableshift_aws::s3::{ListObjects, ObjectError, ReadObject, WriteObject};
use tableshift_tests::Engines;

#[tokio::test]
async fn an_object_is_read_as_it_was_stored() {
    let engines = Engines::start().await;
    let bucket = engines.bucket();
    bucket.put("runs/r/plan.json", b"{}".to_vec(), "application/json").await.unwrap();
    assert_eq!(bucket.get("runs/r/plan.json").await.unwrap(), b"{}");
    bucket.put("runs/r/plan.json", b"[]".to_vec(), "application/json").await.unwrap();
    assert_eq!(bucket.get("runs/r/plan.json").await.unwrap(), b"[]");
}

#[tokio::test]
async fn a_large_object_is_read_in_pieces() {
    let engines = Engines::start().await;
    let bucket = engines.bucket();
    let content: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    bucket.put("large", content.clone(), "application/octet-stream").await.unwrap();
    let mut stream = bucket.open("large").await.unwrap();
    let mut came = Vec::new();
    let mut pieces = 0;
    while let Some(piece) = stream.next().await.unwrap() {
        came.extend(piece);
        pieces += 1;
    }
    assert!(pieces > 1, "{pieces}");
    assert_eq!(came, content);
}

#[tokio::test]
async fn a_missing_object_is_distinguished_from_a_failed_call() {
    let engines = Engines::start().await;
    let missing = engines.bucket().get("no/such").await.unwrap_err();
    assert!(missing.is_missing(), "{missing:?}");
    assert_eq!(missing.to_string(), "there is no object s3://stack/no/such");

    let nowhere = tableshift_aws::s3::Bucket::new(engines.s3.clone(), "nowhere");
    let failed = nowhere.list("no/such").await.unwrap_err();
    assert!(matches!(failed, ObjectError::Call(_)), "{failed:?}");
}

#[tokio::test]
async fn a_listing_over_many_pages_finds_every_key_under_the_prefix() {
    let engines = Engines::start().await;
    let bucket = engines.bucket();
    let mut keys: Vec<_> = (0..1_050).map(|n| format!("runs/r/dry-run/{n:06}.json")).collect();
    for key in &keys {
        // Written directly to the engine's files: a thousand requests would only make the test slow.
        let path = engines.files.path().join(tableshift_tests::BUCKET).join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, b"{}").unwrap();
    }
    bucket.put("runs/r2/dry-run/000000.json", b"{}".to_vec(), "application/json").await.unwrap();
    let mut found = bucket.list("runs/r/dry-run/").await.unwrap();
    found.sort();
    keys.sort();
    assert_eq!(found, keys);
    assert!(bucket.list("runs/none/").await.unwrap().is_empty());
}
