//! Schema.

pub fn workflow_schema() -> serde_json::Value {
    serde_json::to_value(schemars::schema_for!(super::Workflow)).unwrap_or_default()
}
