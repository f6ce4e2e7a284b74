//! What a provider, resource or data source accepts and returns.
//!
//! A [`Schema`] is built from [`Attribute`]s and, where older configurations need them,
//! [`Block`]s. Everything about one attribute stands in one place: its type, who sets it, its
//! default, its validators and how it takes part in a plan.

pub mod attribute;
pub mod block;
pub mod check;
pub mod identity;
pub mod modifier;
pub mod timeouts;
pub mod validate;
pub mod validator;

use std::collections::BTreeMap;

pub use attribute::{Attribute, Kind, Nesting, Presence};
pub use block::{Block, BlockNesting};
pub use identity::{IdentityAttribute, IdentitySchema};
pub use modifier::{Change, Modifier};
pub use timeouts::{Operation, Timeouts};
pub use validator::{Check, Rule, Validator};

use crate::types::Type;

/// Attributes and blocks by name: the inside of a schema, a nested attribute or a block.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    attributes: BTreeMap<String, Attribute>,
    blocks: BTreeMap<String, Block>,
}

impl Fields {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, attribute: Attribute) -> Self {
        self.attributes.insert(name.into(), attribute);
        self
    }

    /// Adds a block. Legal inside schemas and blocks, not inside nested attributes.
    #[must_use]
    pub fn block(mut self, name: impl Into<String>, block: Block) -> Self {
        self.blocks.insert(name.into(), block);
        self
    }

    /// The attributes by name.
    pub fn attributes(&self) -> &BTreeMap<String, Attribute> {
        &self.attributes
    }

    /// The blocks by name.
    pub fn blocks(&self) -> &BTreeMap<String, Block> {
        &self.blocks
    }

    /// The object type these fields make up.
    pub fn object_type(&self) -> Type {
        let attributes = self
            .attributes
            .iter()
            .map(|(name, attribute)| (name.clone(), attribute.value_type()));
        let blocks = self
            .blocks
            .iter()
            .map(|(name, block)| (name.clone(), block.value_type()));
        Type::object(attributes.chain(blocks))
    }
}

/// The schema of a provider, a resource or a data source.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    version: i64,
    description: String,
    deprecation: Option<String>,
    fields: Fields,
    rules: Vec<Rule>,
    timeouts: Option<Timeouts>,
}

impl Schema {
    /// An empty schema of version 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// The version of the stored shape. Raise it when stored states of the old shape can no
    /// longer be read by name, and add an [`Upgrader`](crate::Upgrader) from every older version.
    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        self.version = version;
        self
    }

    /// Markdown for the documentation.
    #[must_use]
    pub fn description(mut self, markdown: impl Into<String>) -> Self {
        self.description = markdown.into();
        self
    }

    /// Warns everyone who uses it.
    #[must_use]
    pub fn deprecated(mut self, message: impl Into<String>) -> Self {
        self.deprecation = Some(message.into());
        self
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, attribute: Attribute) -> Self {
        self.fields = self.fields.attribute(name, attribute);
        self
    }

    /// Adds a block.
    #[must_use]
    pub fn block(mut self, name: impl Into<String>, block: Block) -> Self {
        self.fields = self.fields.block(name, block);
        self
    }

    /// Adds a rule about several attributes.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Adds the attribute `timeouts`, with these defaults, for the operations named in them.
    /// The time that applies arrives in each operation's context.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.fields = self.fields.attribute("timeouts", timeouts.attribute());
        self.timeouts = Some(timeouts);
        self
    }

    /// The version of the stored shape.
    pub fn stored_version(&self) -> i64 {
        self.version
    }

    /// The documentation.
    pub fn markdown(&self) -> &str {
        &self.description
    }

    /// The warning to everyone who uses it.
    pub fn deprecation(&self) -> Option<&str> {
        self.deprecation.as_deref()
    }

    /// The attributes and blocks.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// The rules about several attributes.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The default times, if there is an attribute `timeouts`.
    pub fn default_timeouts(&self) -> Option<&Timeouts> {
        self.timeouts.as_ref()
    }

    /// The object type of a configuration or state.
    pub fn object_type(&self) -> Type {
        self.fields.object_type()
    }
}
