//! Identity: the attributes that name a remote object for good.
//!
//! Terraform stores them beside the state (since 1.12) and can import by them.

use std::collections::BTreeMap;

use crate::types::Type;

/// One attribute of an identity. Only text, numbers, bools and lists of them are allowed.
#[derive(Debug, Clone)]
pub struct IdentityAttribute {
    pub(crate) ty: Type,
    pub(crate) required: bool,
    pub(crate) description: String,
}

impl IdentityAttribute {
    /// An attribute an import has to give.
    pub fn required(ty: Type) -> Self {
        Self {
            ty,
            required: true,
            description: String::new(),
        }
    }

    /// An attribute an import may leave out.
    pub fn optional(ty: Type) -> Self {
        Self {
            ty,
            required: false,
            description: String::new(),
        }
    }

    /// Text for the documentation.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }
}

/// The identity of a resource.
#[derive(Debug, Clone, Default)]
pub struct IdentitySchema {
    pub(crate) version: i64,
    pub(crate) attributes: BTreeMap<String, IdentityAttribute>,
}

impl IdentitySchema {
    /// An identity without attributes, version 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// The version of the stored shape.
    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        self.version = version;
        self
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, attribute: IdentityAttribute) -> Self {
        self.attributes.insert(name.into(), attribute);
        self
    }

    /// The object type of an identity.
    pub fn object_type(&self) -> Type {
        Type::object(
            self.attributes
                .iter()
                .map(|(name, attribute)| (name.clone(), attribute.ty.clone())),
        )
    }
}
