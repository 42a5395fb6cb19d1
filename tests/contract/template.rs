//! The template has a function for every Task, with the name and the time limit that the definition expects.

use crate::definition;
use crate::project;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

fn resources(template: &Value) -> &Map<String, Value> {
    template["Resources"].as_object().expect("the template has Resources")
}

fn substitutions(template: &Value) -> Map<String, Value> {
    let of = |resource: &Value| resource["Properties"]["DefinitionSubstitutions"].as_object().cloned();
    let machines: Vec<_> = resources(template).values().filter_map(of).collect();
    assert_eq!(machines.len(), 1, "the template has one state machine with DefinitionSubstitutions");
    machines[0].clone()
}

/// The function's properties behind a substitution such as `PlanArn`.
fn function(template: &Value, substitution: &str) -> Value {
    let target = substitutions(template).get(substitution).and_then(Value::as_str).map(str::to_owned);
    let target = target.unwrap_or_else(|| panic!("the template does not define {substitution}"));
    let id = target.strip_suffix(".Arn").unwrap_or_else(|| panic!("{substitution} is no function's Arn: {target}"));
    let resource = resources(template).get(id).unwrap_or_else(|| panic!("the template has no resource {id}"));
    assert_eq!(resource["Type"], "AWS::Serverless::Function", "{id}");
    resource["Properties"].clone()
}

#[test]
fn the_definition_uses_the_substitutions_that_the_template_defines() {
    let text = project::read(definition::PATH);
    let used: BTreeSet<String> =
        text.split("${").skip(1).map(|rest| rest.split('}').next().expect("a closing brace").to_owned()).collect();
    let defined: BTreeSet<String> = substitutions(&project::template()).keys().cloned().collect();
    assert_eq!(used, defined);
}

#[test]
fn every_task_calls_the_function_named_after_its_worker() {
    let template = project::template();
    for task in definition::of_type("Task") {
        let name = task.function().expect("the tasks tests hold that it names a function");
        let properties = function(&template, &format!("{name}Arn"));
        let expected = format!("tableshift-${{Stage}}-{}", project::folder_of(&name));
        assert_eq!(properties["FunctionName"], expected.as_str(), "{}", task.name);
    }
}

#[test]
fn every_task_waits_longer_than_its_function_may_run() {
    let template = project::template();
    let default = &template["Globals"]["Function"]["Timeout"];
    for task in definition::of_type("Task") {
        // The approval's time-out limits the person's time, not the function's.
        let Some(limit) = task.get("TimeoutSeconds").as_u64() else { continue };
        let properties = function(&template, &format!("{}Arn", task.function().expect("a function")));
        let runs = properties["Timeout"].as_u64().or(default.as_u64());
        let runs = runs.unwrap_or_else(|| panic!("{}'s function has no Timeout", task.name));
        // Otherwise a retry would start while the first call still runs.
        assert!(limit > runs, "{} waits {limit} s for a function that may run {runs} s", task.name);
    }
}

#[test]
fn an_operator_can_neither_answer_nor_access_a_table_nor_read_approval_secrets() {
    let template = project::template();
    let statements = &resources(&template)["Operator"]["Properties"]["PolicyDocument"]["Statement"];
    let mut of_ledger = 0;
    for statement in statements.as_array().expect("the operator's policy has statements") {
        let listed = |field: &str| match &statement[field] {
            Value::Array(several) => several.iter().map(Value::to_string).collect::<Vec<_>>(),
            one => vec![one.to_string()],
        };
        let actions = listed("Action").join(" ");
        assert!(!actions.contains("SendTask") && !actions.contains("Stop") && !actions.contains('*'), "{actions}");
        if !actions.contains("dynamodb:") {
            continue;
        }
        of_ledger += 1;
        assert!(listed("Resource").iter().all(|resource| resource.contains("Ledger")), "{statement}");
        let keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"].to_string();
        assert!(keys.contains("RUN#*") && !keys.contains("APPROVAL") && !keys.contains("\"*\""), "{statement}");
        if actions.contains("Update") {
            let attributes = statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"].to_string();
            for own in ["status", "outcome", "requesters", "plan_hash", "execution"] {
                assert!(!attributes.contains(&format!("\"{own}\"")), "an operator could write a run's {own}");
            }
            assert_eq!(statement["Condition"]["Null"]["dynamodb:Attributes"], "false", "none named is not all allowed");
        }
        assert!(!actions.contains("Put") && !actions.contains("Delete") && !actions.contains("Scan"), "{actions}");
    }
    assert_eq!(of_ledger, 2);
}

#[test]
fn no_execution_outlives_the_files_that_its_roll_back_needs() {
    let template = project::template();
    let rules = &template["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"];
    for rule in rules.as_array().expect("the bucket has rules") {
        let days = &rule["ExpirationInDays"];
        assert!(days.is_null() || *days == "LeastRetentionDays", "{rule}");
        assert!(rule["ExpirationDate"].is_null() && rule["Transitions"].is_null(), "{rule}");
    }
    let limit = project::json(definition::PATH)["TimeoutSeconds"].as_u64().expect("an execution has a limit");
    let parameter = &template["Parameters"]["LeastRetentionDays"];
    let least = parameter["MinValue"].as_u64().expect("a least value");
    // S3 counts the days from the write of an object: the first journal object is as old as the run.
    assert!((least - TIME_TO_ROLL_BACK) * 86_400 >= limit, "an execution may last {} days", limit / 86_400);
    assert!(parameter["Default"].as_u64().expect("a default") >= least);
    for stage in ["dev", "test", "prod"] {
        let days = &project::json(&format!("infra/stages/{stage}.json"))["parameters"]["LeastRetentionDays"];
        let days: u64 = days.as_str().expect("a string").parse().expect("a number of days");
        assert!(days >= least, "{stage}");
    }
}

/// How many days are left at the least to roll a run back, if its execution took as long as it may.
const TIME_TO_ROLL_BACK: u64 = 10;

#[test]
fn every_stage_ships_a_pattern_of_its_own_tables() {
    for stage in ["dev", "test", "prod"] {
        let parameters = &project::json(&format!("infra/stages/{stage}.json"))["parameters"];
        assert_eq!(parameters["TableNamePattern"], format!("{stage}-*"));
    }
    let default = &project::template()["Parameters"]["TableNamePattern"]["Default"];
    assert!(default.is_null(), "who deploys has to name the tables");
}

#[test]
fn no_role_that_can_use_tables_can_use_the_ledger_of_another_stage() {
    let template = project::template();
    let denied = &template["Resources"]["NoApprover"]["Properties"]["PolicyDocument"]["Statement"];
    let denied = denied.as_array().expect("statements").iter().find(|statement| statement["Sid"] == "NoOtherLedger");
    let denied = denied.expect("the statement that denies other ledgers");
    assert_eq!((&denied["Effect"], &denied["Action"]), (&Value::from("Deny"), &Value::from("dynamodb:*")));
    for stage in ["dev", "test", "prod"] {
        assert!(denied["Resource"].to_string().contains(&format!("table/tableshift-{stage}-ledger*")), "{stage}");
    }
    for (name, resource) in resources(&template).iter().filter(|(_, resource)| resource["Type"] == "AWS::IAM::Role") {
        if resource["Properties"]["Policies"].to_string().contains("${TableNamePattern}") {
            let attached = resource["Properties"]["ManagedPolicyArns"].to_string();
            assert!(attached.contains("NoApprover"), "{name} may use tables and is not denied other stages' ledgers");
        }
    }
}
