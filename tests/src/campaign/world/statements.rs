//! How the simulated DynamoDB executes a batch of PartiQL statements: one at a time, each with its own fault.

use serde_json::{Value as Json, json};

use crate::campaign::engines::history::Actor;
use crate::campaign::faults::sabotage::{self, Sabotage};
use crate::campaign::world::requests::key_string;
use crate::campaign::world::state::World;
use crate::run::PEOPLE;

impl World {
    /// Executes the statements in their order. With `with_faults`, some fail before or after their effect.
    pub(super) fn batch(&mut self, actor: &Actor, mut body: Json, with_faults: bool) -> String {
        let Some(Json::Array(mut statements)) = body.get_mut("Statements").map(Json::take) else {
            panic!("the batch has no statements")
        };
        if self.sabotaged(Sabotage::Condition, actor).is_some() {
            statements.iter_mut().for_each(sabotage::without_guards);
        }
        let responses = statements.iter().map(|statement| self.statement(actor, statement, with_faults));
        let (responses, units): (Vec<Json>, Vec<f64>) = responses.unzip();
        let capacity = json!([{"TableName": PEOPLE, "CapacityUnits": units.iter().sum::<f64>()}]);
        json!({"Responses": responses, "ConsumedCapacity": capacity}).to_string()
    }

    fn statement(&mut self, actor: &Actor, statement: &Json, with_faults: bool) -> (Json, f64) {
        let codes = [
            "ThrottlingError",
            "ProvisionedThroughputExceeded",
            "RequestLimitExceeded",
            "InternalServerError",
            "TransactionConflict",
        ];
        let code = *self.random.pick(&codes);
        let failed = with_faults && self.random.percent(30);
        let after_effect = failed && code == "InternalServerError" && self.random.percent(60);
        let error = json!({"Error": {"Code": code, "Message": "injected"}});
        if failed {
            let when = if after_effect { "after" } else { "before" };
            self.count(format!("fault: statement, {code} {when} the effect"), 1);
        }
        if failed && !after_effect {
            return (error, 0.0);
        }
        let (response, units) = self.execute(actor, statement);
        if after_effect { (error, units) } else { (response, units) }
    }

    fn execute(&mut self, actor: &Actor, statement: &Json) -> (Json, f64) {
        let parts = sabotage::parts(statement);
        let value = |name: &str| {
            let condition = parts.conditions.iter().find(|(condition, _)| sabotage::compares_key(condition, name));
            condition.and_then(|(_, value)| value.clone()).expect("a statement names its item")
        };
        let (pk, sk) = (value("pk"), value("sk"));
        if let Some(cause) = self.item_throttle(key_string(&pk)) {
            self.meter_throttled(actor, Some(key_string(&pk)));
            return (json!({"Error": {"Code": cause.code(), "Message": "throttled"}}), 0.0);
        }
        if self.is_contended(actor) {
            return (json!({"Error": {"Code": "TransactionConflict", "Message": "busy"}}), 0.0);
        }
        let request = json!({"Statements": [statement], "ReturnConsumedCapacity": "TOTAL"});
        let answer = self.engine.call("BatchExecuteStatement", &request.to_string());
        self.record_change(actor, PEOPLE, (key_string(&pk), key_string(&sk)));
        let answer: Json = serde_json::from_str(&answer.expect("a batch that the engine reads")).expect("JSON");
        let response = answer["Responses"][0].clone();
        self.count_write_result(actor, response["Error"]["Code"].as_str());
        let units = answer["ConsumedCapacity"][0]["CapacityUnits"].as_f64().unwrap_or_default();
        self.meter_write(actor, key_string(&pk), units);
        (response, units)
    }
}
