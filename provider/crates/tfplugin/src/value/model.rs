//! Structs that are read from and written to objects by their field names.

/// Declares a struct whose fields are the attributes of an object.
///
/// Every field's type implements [`FromValue`](crate::FromValue) and
/// [`ToValue`](crate::ToValue): an [`Attr`](crate::Attr) may be null or unknown, an `Option` may
/// be null, anything else must be there. Models nest. A field called `r#type` is the attribute
/// `type`.
///
/// ```
/// use tfplugin::{Attr, ToValue, Value, model};
///
/// model! {
///     /// A place to listen on.
///     #[derive(Debug, Clone, PartialEq)]
///     pub struct Port {
///         pub number: u16,
///         pub r#type: Option<String>,
///         pub address: Attr<String>,
///     }
/// }
///
/// let value = Value::object([
///     ("number", Value::number(80)),
///     ("type", Value::Null),
///     ("address", Value::UNKNOWN),
/// ]);
/// let port: Port = value.to().unwrap();
/// assert_eq!(port.address, Attr::Unknown);
/// assert_eq!(port.to_value(), value);
/// ```
#[macro_export]
macro_rules! model {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident : $type:ty),* $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $type),*
        }

        impl $crate::FromValue for $name {
            fn from_value(value: &$crate::Value) -> ::std::result::Result<Self, $crate::ValueError> {
                $crate::value::model::demand_object(value)?;
                Ok(Self {
                    $($field: value.read($crate::value::model::name(stringify!($field)))?),*
                })
            }
        }

        impl $crate::ToValue for $name {
            fn to_value(&self) -> $crate::Value {
                $crate::Value::object([
                    $(($crate::value::model::name(stringify!($field)), $crate::ToValue::to_value(&self.$field))),*
                ])
            }
        }
    };
}

/// The attribute's name for a field, raw identifiers included.
#[doc(hidden)]
pub fn name(field: &'static str) -> &'static str {
    field.strip_prefix("r#").unwrap_or(field)
}

/// Refuses what has no attributes, so that a null object is not read as an object of nulls.
#[doc(hidden)]
pub fn demand_object(value: &crate::Value) -> Result<(), crate::ValueError> {
    if value.as_entries().is_some() {
        return Ok(());
    }
    Err(crate::ValueError::new(format!(
        "an object is needed here, and this is {}",
        value.kind()
    )))
}
