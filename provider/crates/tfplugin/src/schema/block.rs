//! Blocks: the older way to nest, written without an equals sign.
//!
//! New providers use nested attributes. A block cannot be computed, and a list, set or map of
//! blocks is empty rather than null when the configuration has none.

use super::Fields;
use crate::types::Type;

/// How often a block occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockNesting {
    /// At most once; null when absent.
    Single,
    /// Once, with all attributes null when absent.
    Group,
    /// In an order.
    List,
    /// Without an order.
    Set,
    /// By label.
    Map,
}

/// One kind of block of a schema.
#[derive(Debug, Clone)]
pub struct Block {
    nesting: BlockNesting,
    fields: Fields,
    least: i64,
    most: i64,
    description: String,
    deprecation: Option<String>,
}

impl Block {
    /// A block with these fields.
    pub fn new(nesting: BlockNesting, fields: Fields) -> Self {
        Self {
            nesting,
            fields,
            least: 0,
            most: 0,
            description: String::new(),
            deprecation: None,
        }
    }

    /// A block that occurs at most once.
    pub fn single(fields: Fields) -> Self {
        Self::new(BlockNesting::Single, fields)
    }

    /// A block that occurs in an order.
    pub fn list(fields: Fields) -> Self {
        Self::new(BlockNesting::List, fields)
    }

    /// A block that occurs without an order.
    pub fn set(fields: Fields) -> Self {
        Self::new(BlockNesting::Set, fields)
    }

    /// How often it may occur; a `most` of 0 means any number. Terraform enforces it.
    #[must_use]
    pub fn items(mut self, least: i64, most: i64) -> Self {
        self.least = least;
        self.most = most;
        self
    }

    /// Markdown for the documentation.
    #[must_use]
    pub fn description(mut self, markdown: impl Into<String>) -> Self {
        self.description = markdown.into();
        self
    }

    /// Warns everyone who writes it.
    #[must_use]
    pub fn deprecated(mut self, message: impl Into<String>) -> Self {
        self.deprecation = Some(message.into());
        self
    }

    /// How often it occurs.
    pub fn nesting(&self) -> BlockNesting {
        self.nesting
    }

    /// What is inside.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The least and greatest number of occurrences; a greatest of 0 means any number.
    pub fn limits(&self) -> (i64, i64) {
        (self.least, self.most)
    }

    /// The documentation.
    pub fn markdown(&self) -> &str {
        &self.description
    }

    /// The warning to everyone who writes it.
    pub fn deprecation(&self) -> Option<&str> {
        self.deprecation.as_deref()
    }

    /// The type of its values.
    pub fn value_type(&self) -> Type {
        let object = self.fields.object_type();
        match self.nesting {
            BlockNesting::Single | BlockNesting::Group => object,
            BlockNesting::List => Type::list(object),
            BlockNesting::Set => Type::set(object),
            BlockNesting::Map => Type::map(object),
        }
    }
}
