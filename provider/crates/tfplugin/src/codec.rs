//! Values on the wire: msgpack and JSON, both read and written under the guidance of a type.
//!
//! Nothing here panics on any input: what cannot be read is an error with the path to it.

pub mod conform;
pub mod json;
mod pack;
mod unpack;

use crate::proto::tfplugin6::DynamicValue;
use crate::types::Type;
use crate::value::{Value, ValueError};

pub use conform::conform;
pub use pack::pack;
pub use unpack::unpack;

/// Reads a value as it arrives in a request. An absent message is null.
pub fn decode(wire: Option<&DynamicValue>, ty: &Type) -> Result<Value, ValueError> {
    match wire {
        Some(wire) if !wire.msgpack.is_empty() => unpack(&wire.msgpack, ty),
        Some(wire) if !wire.json.is_empty() => json::from_bytes(&wire.json, ty),
        None | Some(_) => Ok(Value::Null),
    }
}

/// Writes a value for a response; it is first brought into the shape of its type.
pub fn encode(value: &Value, ty: &Type) -> Result<DynamicValue, ValueError> {
    let msgpack = pack(&conform(value, ty)?, ty)?;
    Ok(DynamicValue {
        msgpack,
        json: Vec::new(),
    })
}

#[cfg(test)]
#[path = "codec/tests.rs"]
mod tests;
