//! The DynamoDB engine: dynoxide on a port of 127.0.0.1.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use dynoxide::Database;
use tokio::net::TcpListener;

/// Starts an empty engine. Returns its endpoint.
pub async fn serve() -> String {
    let database = Database::memory().expect("an empty database");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("the bound port");
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    format!("http://{address}")
}

/// Creates an on-demand table whose key attributes are strings.
pub async fn create_table(client: &Client, name: &str, pk: &str, sk: Option<&str>) {
    let mut request = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    let keys = [(Some(pk), KeyType::Hash), (sk, KeyType::Range)];
    for (attribute, kind) in keys {
        let Some(attribute) = attribute else { continue };
        let definition =
            AttributeDefinition::builder().attribute_name(attribute).attribute_type(ScalarAttributeType::S).build();
        let element = KeySchemaElement::builder().attribute_name(attribute).key_type(kind).build();
        request = request
            .attribute_definitions(definition.expect("a complete definition"))
            .key_schema(element.expect("a complete key"));
    }
    request.send().await.expect("the table is created");
}
