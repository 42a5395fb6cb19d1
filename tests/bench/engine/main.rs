//! One engine as a process of its own, so that what it costs is not counted as a contestant's:
//! `bench-engine dynamodb` or `bench-engine s3 FOLDER`.
//!
//! The first line it prints is its address. For every line that it reads, it prints what it was asked to do since the
//! line before. It ends when its input does, so it never outlives the bench.

mod counter;

use std::env;
use std::io::{self, BufRead as _};
use std::path::Path;

use tableshift_tests::{dynamodb, s3};

fn main() -> io::Result<()> {
    counter::install();
    let runtime = tokio::runtime::Runtime::new()?;
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let address = match words[..] {
        ["dynamodb"] => runtime.block_on(dynamodb::serve()),
        ["s3", folder] => runtime.block_on(s3::serve(Path::new(folder))),
        _ => return Err(io::Error::other("bench-engine dynamodb | bench-engine s3 FOLDER")),
    };
    println!("{address}");
    for line in io::stdin().lock().lines() {
        line?;
        println!("{}", counter::take());
    }
    Ok(())
}
