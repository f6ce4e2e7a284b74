//! The identity of whatever has a uuid for all its life.

use tfplugin::{IdentityAttribute, IdentitySchema, Type, Value};

/// An identity that is the uuid, which is described by `text`.
pub(super) fn identity(text: &str) -> IdentitySchema {
    IdentitySchema::new().attribute(
        "uuid",
        IdentityAttribute::required(Type::String).description(text),
    )
}

/// The identity of the one with this uuid.
pub(super) fn identity_of(uuid: &str) -> Value {
    Value::object([("uuid", Value::string(uuid))])
}
