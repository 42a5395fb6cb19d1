//! One engine in its own process, so that its cost does not count as a contestant's:
//! `bench-engine dynamodb` or `bench-engine s3 FOLDER`.
//!
//! Its first output line is its address. For every input line, it prints the requests since the previous line. It exits at
//! the end of its input, so it never outlives the bench.

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
