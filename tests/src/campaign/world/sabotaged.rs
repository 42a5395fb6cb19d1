//! Requests and answers as the sabotages of the workers' protocol change them, on their way between worker and engine.

use serde_json::Value as Json;
use tableshift_core::plan::phase::Phase;

use crate::campaign::engines::history::{Actor, Invocation};
use crate::campaign::engines::s3::S3Request;
use crate::campaign::faults::sabotage::Sabotage;
use crate::campaign::world::state::World;

impl World {
    /// The request to S3 that is performed instead.
    pub(super) fn sabotaged_request(&self, actor: &Actor, request: &S3Request) -> S3Request {
        let broken = |sabotage| self.sabotaged(sabotage, actor).filter(|_| request.key().contains("/journal/"));
        match request {
            S3Request::Put(key, bytes) if broken(Sabotage::Void).is_some() => {
                S3Request::Put(key.clone(), without_voids(bytes))
            }
            S3Request::List(..) if broken(Sabotage::Uncounted).is_some_and(|worker| worker.phase == Phase::Migrate) => {
                S3Request::List("nothing/".into(), None)
            }
            request => request.clone(),
        }
    }

    /// The content of an object as a worker gets it.
    pub(super) fn sabotaged_object(&self, actor: &Actor, request: &S3Request, content: Vec<u8>) -> Vec<u8> {
        let is_entries = matches!(request, S3Request::Get(key) if key.contains("/journal/"));
        let rolls_back = |worker: &Invocation| worker.phase == Phase::RollBack;
        match self.sabotaged(Sabotage::Order, actor).filter(|worker| is_entries && rolls_back(worker)) {
            Some(_) => in_reverse_order(&content),
            None => content,
        }
    }

    /// Notes the attempt that a worker claimed, and changes the answer to the claim if the roll-back's place is broken.
    pub(super) fn claimed(&mut self, actor: &Actor, sk: &str, attempt: u64, answer: String) -> String {
        let Actor::Worker(worker) = actor else { return answer };
        self.attempts.insert(worker.number, attempt);
        let rolls_back = worker.phase == Phase::RollBack;
        match self.sabotaged(Sabotage::Cursor, actor).filter(|_| rolls_back) {
            Some(worker) => {
                let part = sk.rsplit('#').next().unwrap_or_default();
                self.with_next_place(&format!("runs/{}/journal/{part}/", worker.run), &answer)
            }
            None => answer,
        }
    }

    /// The answer to a read of a checkpoint as if no later attempt had claimed the part.
    pub(super) fn own_attempt(&self, worker: &Invocation, sk: &str, answer: String) -> String {
        let own = sk.starts_with(&format!("CHECKPOINT#{}#", worker.phase.as_str()));
        let Some(attempt) = self.attempts.get(&worker.number).filter(|_| own) else { return answer };
        let mut answer: Json = serde_json::from_str(&answer).expect("an answer in JSON");
        if let Some(Json::Object(item)) = answer.get_mut("Item") {
            item.insert("attempt".into(), serde_json::json!({"N": attempt.to_string()}));
        }
        answer.to_string()
    }

    /// A roll-back's place, one object further: as an index into the listing is after an object arrived before it.
    fn with_next_place(&self, prefix: &str, answer: &str) -> String {
        let mut answer: Json = serde_json::from_str(answer).expect("an answer in JSON");
        let saved = answer["Attributes"]["rolled_back"]["S"].as_str().and_then(|json| serde_json::from_str(json).ok());
        let Some(mut place): Option<Json> = saved else { return answer.to_string() };
        let object = place["place"]["single"]["object"].as_str().unwrap_or_default().to_owned();
        let mut names = self.store.under(prefix).map(|(key, _)| key.trim_start_matches(prefix));
        if let Some(next) = names.find(|name| !object.is_empty() && **name > *object) {
            place["place"]["single"]["object"] = next.into();
            answer["Attributes"]["rolled_back"]["S"] = place.to_string().into();
        }
        answer.to_string()
    }
}

fn without_voids(content: &[u8]) -> Vec<u8> {
    let lines = content.split_inclusive(|byte| *byte == b'\n').filter(|line| !line.starts_with(br#"{"void""#));
    lines.flatten().copied().collect()
}

/// The entries with their times negated, so that the one that was read first counts as the last.
fn in_reverse_order(content: &[u8]) -> Vec<u8> {
    let lines = std::str::from_utf8(content).expect("JSON is UTF-8").lines();
    let reversed = lines.map(|line| {
        let mut record: Json = serde_json::from_str(line).expect("a line of JSON");
        if let Some(read_at) = record["read_at"].as_i64() {
            record["read_at"] = (-read_at).into();
            return format!("{record}\n");
        }
        format!("{line}\n")
    });
    reversed.collect::<String>().into_bytes()
}
