//! The programs that the bench runs against its engines, each call in its own process:
//!
//! - `bench-client prepare ITEMS BYTES old|new`: makes the table and, as Plan does, the run; prints its segments
//! - `bench-client check ITEMS BYTES`: fails unless every item is exactly as the migration should leave it
//! - `bench-client worker SEGMENTS | floor-update | floor-partiql | scan`: a contestant; prints its peak memory in kB
//!
//! Endpoints, credentials and the stack's names come from the environment, as in Lambda.

mod floor;
mod items;
mod table;
mod worker;

use std::env;
use std::error::Error;
use std::fs;

/// The table of every contestant.
const TABLE: &str = "people";

/// Every error ends the bench with its message.
type Outcome = Result<(), Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["prepare", items, bytes, shape] => {
            table::create(items.parse()?, bytes.parse()?, shape == "new").await?;
            println!("{}", worker::plan(items.parse()?, bytes.parse()?).await?);
            return Ok(());
        }
        ["check", items, bytes] => return table::check(items.parse()?, bytes.parse()?).await,
        ["worker", segments] => worker::run(segments.parse()?).await?,
        ["floor-update"] => floor::update().await?,
        ["floor-partiql"] => floor::partiql().await?,
        ["scan"] => floor::scan().await?,
        _ => return Err("see tests/bench/client/main.rs for what there is".into()),
    }
    println!("{}", peak_memory()?);
    Ok(())
}

/// This process's largest resident set so far, in kB. Not `ru_maxrss`: on Linux that includes the process before it
/// executed this program, which has the size of the bench itself.
fn peak_memory() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("Linux is needed")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
