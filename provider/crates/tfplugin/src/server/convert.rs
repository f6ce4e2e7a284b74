//! From this crate's types to the messages of the protocol.

use crate::codec::{decode, encode};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::path::{AttributePath, Step};
use crate::proto::tfplugin6 as proto;
use crate::proto::tfplugin6::attribute_path::step::Selector;
use crate::proto::tfplugin6::schema::{nested_block, object};
use crate::schema::{
    Attribute, Block, BlockNesting, Fields, IdentitySchema, Kind, Nesting, Presence, Schema,
};
use crate::types::Type;
use crate::value::Value;

const MARKDOWN: i32 = proto::StringKind::Markdown as i32;

pub(super) fn path_to_proto(path: &AttributePath) -> proto::AttributePath {
    let steps = path.steps().iter().map(|step| {
        let selector = match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(index) => Selector::ElementKeyInt(*index),
        };
        proto::attribute_path::Step {
            selector: Some(selector),
        }
    });
    proto::AttributePath {
        steps: steps.collect(),
    }
}

pub(super) fn diagnostics_to_proto(
    diagnostics: Diagnostics,
) -> impl Iterator<Item = proto::Diagnostic> {
    diagnostics.into_iter().map(diagnostic_to_proto)
}

fn diagnostic_to_proto(diagnostic: Diagnostic) -> proto::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => proto::diagnostic::Severity::Error,
        Severity::Warning => proto::diagnostic::Severity::Warning,
    };
    proto::Diagnostic {
        severity: severity.into(),
        summary: diagnostic.summary,
        detail: diagnostic.detail,
        attribute: diagnostic.path.as_ref().map(path_to_proto),
    }
}

pub(super) fn schema_to_proto(schema: &Schema) -> proto::Schema {
    let mut block = fields_to_proto(schema.fields());
    block.version = schema.stored_version();
    describe(&mut block, schema.markdown(), schema.deprecation());
    proto::Schema {
        version: schema.stored_version(),
        block: Some(block),
    }
}

fn describe(block: &mut proto::schema::Block, markdown: &str, deprecation: Option<&str>) {
    markdown.clone_into(&mut block.description);
    block.description_kind = MARKDOWN;
    block.deprecated = deprecation.is_some();
    deprecation
        .unwrap_or_default()
        .clone_into(&mut block.deprecation_message);
}

fn fields_to_proto(fields: &Fields) -> proto::schema::Block {
    let attributes = fields.attributes().iter();
    let blocks = fields.blocks().iter();
    proto::schema::Block {
        attributes: attributes.map(|(n, a)| attribute_to_proto(n, a)).collect(),
        block_types: blocks.map(|(n, b)| block_to_proto(n, b)).collect(),
        ..Default::default()
    }
}

fn block_to_proto(name: &str, block: &Block) -> proto::schema::NestedBlock {
    let nesting = match block.nesting() {
        BlockNesting::Single => nested_block::NestingMode::Single,
        BlockNesting::Group => nested_block::NestingMode::Group,
        BlockNesting::List => nested_block::NestingMode::List,
        BlockNesting::Set => nested_block::NestingMode::Set,
        BlockNesting::Map => nested_block::NestingMode::Map,
    };
    let mut inner = fields_to_proto(block.fields());
    describe(&mut inner, block.markdown(), block.deprecation());
    let (min_items, max_items) = block.limits();
    proto::schema::NestedBlock {
        type_name: name.to_owned(),
        block: Some(inner),
        nesting: nesting.into(),
        min_items,
        max_items,
    }
}

fn attribute_to_proto(name: &str, attribute: &Attribute) -> proto::schema::Attribute {
    let presence = attribute.presence();
    let (ty, nested_type) = match attribute.kind() {
        Kind::Plain(ty) => (type_bytes(ty), None),
        // OpenTofu up to 1.10 ends in a crash when it writes configuration for an import and leaves out a nested
        // attribute that nobody can configure. As a plain object it means the same.
        Kind::Nested(..) if presence == Presence::Computed => {
            (type_bytes(&attribute.value_type()), None)
        }
        Kind::Nested(nesting, fields) => {
            let nesting = match nesting {
                Nesting::Single => object::NestingMode::Single,
                Nesting::List => object::NestingMode::List,
                Nesting::Set => object::NestingMode::Set,
                Nesting::Map => object::NestingMode::Map,
            };
            let attributes = fields.attributes().iter();
            let nested = proto::schema::Object {
                attributes: attributes.map(|(n, a)| attribute_to_proto(n, a)).collect(),
                nesting: nesting.into(),
            };
            (Vec::new(), Some(nested))
        }
    };
    proto::schema::Attribute {
        name: name.to_owned(),
        r#type: ty,
        nested_type,
        description: attribute.markdown().to_owned(),
        description_kind: MARKDOWN,
        required: presence == Presence::Required,
        optional: matches!(presence, Presence::Optional | Presence::OptionalComputed),
        computed: presence.is_computed(),
        sensitive: attribute.is_sensitive(),
        write_only: attribute.is_write_only(),
        deprecated: attribute.deprecation().is_some(),
        deprecation_message: attribute.deprecation().unwrap_or_default().to_owned(),
    }
}

pub(super) fn identity_to_proto(identity: &IdentitySchema) -> proto::ResourceIdentitySchema {
    let attributes = identity.attributes.iter().map(|(name, attribute)| {
        proto::resource_identity_schema::IdentityAttribute {
            name: name.clone(),
            r#type: type_bytes(&attribute.ty),
            required_for_import: attribute.required,
            optional_for_import: !attribute.required,
            description: attribute.description.clone(),
        }
    });
    proto::ResourceIdentitySchema {
        version: identity.version,
        identity_attributes: attributes.collect(),
    }
}

fn type_bytes(ty: &Type) -> Vec<u8> {
    ty.to_json().to_string().into_bytes()
}

/// Reads an identity; null if there is none, or the resource has no identity.
pub(super) fn decode_identity(
    wire: Option<&proto::ResourceIdentityData>,
    schema: Option<&(IdentitySchema, Type)>,
) -> Result<Value, Diagnostics> {
    match (wire.and_then(|wire| wire.identity_data.as_ref()), schema) {
        (Some(wire), Some((_, ty))) => Ok(decode(Some(wire), ty)?),
        _ => Ok(Value::Null),
    }
}

/// Writes an identity; none if there is none.
pub(super) fn encode_identity(
    identity: &Value,
    schema: Option<&(IdentitySchema, Type)>,
) -> Result<Option<proto::ResourceIdentityData>, Diagnostics> {
    match schema {
        Some((_, ty)) if !identity.is_null() => Ok(Some(proto::ResourceIdentityData {
            identity_data: Some(encode(identity, ty)?),
        })),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list of objects with one text each.
    fn addresses() -> Attribute {
        Attribute::list_nested(Fields::new().attribute("ip", Attribute::string().computed()))
    }

    #[test]
    fn what_nobody_configures_is_sent_as_a_plain_type() {
        let sent = attribute_to_proto("addresses", &addresses().computed());
        assert!(sent.nested_type.is_none() && sent.computed);
        let ty = String::from_utf8(sent.r#type).unwrap();
        assert_eq!(ty, r#"["list",["object",{"ip":"string"}]]"#);
    }

    #[test]
    fn what_may_be_configured_is_sent_with_its_attributes() {
        for attribute in [addresses().optional(), addresses().optional().computed()] {
            let sent = attribute_to_proto("addresses", &attribute);
            assert!(sent.r#type.is_empty());
            assert_eq!(
                sent.nested_type.map(|nested| nested.attributes.len()),
                Some(1)
            );
        }
    }
}
