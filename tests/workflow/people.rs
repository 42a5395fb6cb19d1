//! People with their own AWS credentials, who sign their statements.

use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use serde_json::{Value, json};
use tableshift_aws::identity::signing::Signer;
use tableshift_aws::session::executions::Run;
use tableshift_aws::session::signed::signed;
use tableshift_core::approval::signature::{AnswerTo, Statement};

use crate::run::{Execution, input};
use crate::stack::{Stack, unique};
use crate::table::Table;

/// An IAM user of the local AWS.
pub struct Person {
    /// The user's ARN.
    pub arn: String,
    sfn: aws_sdk_sfn::Client,
    signer: Signer,
}

impl Person {
    /// Creates a new user.
    pub async fn new(stack: &Stack, word: &str) -> Self {
        let name = unique(word);
        let user = stack.aws(&format!("iam create-user --user-name {name}"));
        let key = stack.aws(&format!("iam create-access-key --user-name {name}"));
        let text = |value: &Value| value.as_str().expect("the answer has it").to_owned();
        let key = &key["AccessKey"];
        let credentials =
            Credentials::new(text(&key["AccessKeyId"]), text(&key["SecretAccessKey"]), None, None, "local");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(stack.variable("AWS_REGION").to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(stack.variable("AWS_ENDPOINT_URL"))
            .build();
        let signer = Signer::of(&config).await.expect("a Region and credentials");
        Self { arn: text(&user["User"]["Arn"]), sfn: aws_sdk_sfn::Client::new(&config), signer }
    }

    /// The statement, signed this long ago.
    pub async fn signs(&self, statement: &Statement, ago: Duration) -> String {
        self.signer.sign(statement, SystemTime::now() - ago).await.expect("a signature")
    }

    /// Starts a run of the tests' migration on the table, as `tableshift run` does.
    pub async fn migrates<'s>(&self, table: &Table<'s>, options: Value) -> Execution<'s> {
        let (stack, name) = (table.stack, unique("run"));
        let machine = stack.variable("TABLESHIFT_STATE_MACHINE_ARN").replacen(":stateMachine:", ":execution:", 1);
        let execution = Run { arn: format!("{machine}:{name}"), name };
        let input = input(&table.name, "migrate", options);
        let input = signed(&self.signer, &execution, input, SystemTime::now()).await.expect("a signature");
        stack.start_as(execution.name, &input).await
    }

    /// Starts a run of the tests' migration on the table with the person's credentials and without a signature, as the
    /// console does.
    pub async fn starts_unsigned<'s>(&self, table: &Table<'s>) -> Execution<'s> {
        let (stack, name) = (table.stack, unique("run"));
        let request = self.sfn.start_execution().state_machine_arn(stack.variable("TABLESHIFT_STATE_MACHINE_ARN"));
        let request = request.name(&name).input(input(&table.name, "migrate", json!({})).to_string());
        let arn = request.send().await.expect("the execution starts").execution_arn;
        Execution { stack, name, arn }
    }

    /// The person's answer to a run's approval request.
    pub async fn answers(&self, run: &Execution<'_>, approve: bool, reason: &str) -> Value {
        self.answered(run, approve, reason, Duration::ZERO).await
    }

    /// The person's answer to a run's approval request, signed this long ago.
    pub async fn answered(&self, run: &Execution<'_>, approve: bool, reason: &str, ago: Duration) -> Value {
        let ledger = run.stack.ledger();
        let question = ledger.approval(&run.name).await.expect("the ledger answers").expect("a question").question;
        let secrets = ledger.secrets(&run.name).await.expect("the ledger answers").expect("a question");
        let to = AnswerTo {
            run: &run.name,
            plan_hash: &question.plan_hash,
            report_hash: &question.report_hash,
            secret: &secrets.secret,
        };
        let signature = self.signs(&Statement::answer(to, approve, reason), ago).await;
        json!({"approve": approve, "report_hash": question.report_hash, "reason": reason, "signature": signature})
    }
}
