//! Tables as `template.yaml` describes them, and their end.

use aws_sdk_dynamodb::{
    Client as Dynamo,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
        Projection, ProjectionType, ScalarAttributeType,
    },
};
use aws_sdk_s3::Client as S3;
use aws_sdk_secretsmanager::Client as Secrets;
use aws_sdk_sqs::Client as Sqs;

use super::{READY, sdk};
use crate::template::Template;

/// Deletes what a sandbox made. What fails is left: every name is new, so it is in nobody's way.
pub(super) async fn clean(
    emulator: &str,
    tables: &[String],
    queues: &[String],
    bucket: &str,
    secrets: &[String],
) {
    let sdk = sdk(emulator).await;
    let (dynamo, sqs, s3) = (Dynamo::new(&sdk), Sqs::new(&sdk), S3::new(&sdk));
    for table in tables {
        let _ = dynamo.delete_table().table_name(table).send().await;
    }
    for queue in queues {
        let _ = sqs.delete_queue().queue_url(queue).send().await;
    }
    if let Ok(listed) = s3.list_objects_v2().bucket(bucket).send().await {
        for object in listed.contents() {
            let key = object.key().unwrap_or_default();
            let _ = s3.delete_object().bucket(bucket).key(key).send().await;
        }
    }
    let _ = s3.delete_bucket().bucket(bucket).send().await;
    let client = Secrets::new(&sdk);
    for secret in secrets {
        let delete = client.delete_secret().secret_id(secret);
        let _ = delete.force_delete_without_recovery(true).send().await;
    }
}

/// Creates a table as the template describes it.
pub(super) async fn create_table(dynamo: &Dynamo, template: &Template, logical: &str, name: &str) {
    let shape = template.properties(logical);
    let list = |value: &serde_yaml_ng::Value| value.as_sequence().cloned().unwrap_or_default();
    let text = |value: &serde_yaml_ng::Value| {
        let text = value.as_str();
        text.expect("names in the template are text").to_owned()
    };
    let key_schema = |value: &serde_yaml_ng::Value| -> Vec<KeySchemaElement> {
        let elements = list(value).into_iter().map(|element| {
            KeySchemaElement::builder()
                .attribute_name(text(&element["AttributeName"]))
                .key_type(KeyType::from(text(&element["KeyType"]).as_str()))
                .build()
                .expect("both are set")
        });
        elements.collect()
    };
    let mut table = dynamo
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_key_schema(Some(key_schema(&shape["KeySchema"])));
    for attribute in list(&shape["AttributeDefinitions"]) {
        let kind = ScalarAttributeType::from(text(&attribute["AttributeType"]).as_str());
        let attribute = AttributeDefinition::builder()
            .attribute_name(text(&attribute["AttributeName"]))
            .attribute_type(kind)
            .build();
        table = table.attribute_definitions(attribute.expect("both are set"));
    }
    for index in list(&shape["GlobalSecondaryIndexes"]) {
        let kind = text(&index["Projection"]["ProjectionType"]);
        let projection = Projection::builder()
            .projection_type(ProjectionType::from(kind.as_str()))
            .build();
        let index = GlobalSecondaryIndex::builder()
            .index_name(text(&index["IndexName"]))
            .set_key_schema(Some(key_schema(&index["KeySchema"])))
            .projection(projection)
            .build();
        table = table.global_secondary_indexes(index.expect("all are set"));
    }
    table.send().await.expect(READY);
}
