//! One attribute: type, presence, default, validators, plan modifiers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Change, Fields, Modifier, Validator, validator};
use crate::types::Type;
use crate::value::{ToValue, Value};

/// Who sets an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Nobody said; the provider refuses to start.
    Undecided,
    /// The configuration, always.
    Required,
    /// The configuration, or nobody.
    Optional,
    /// The provider, always.
    Computed,
    /// The configuration, else the provider.
    OptionalComputed,
}

impl Presence {
    /// Whether the provider may set it.
    pub fn is_computed(self) -> bool {
        matches!(self, Self::Computed | Self::OptionalComputed)
    }

    /// Whether the configuration may set it.
    pub fn is_configurable(self) -> bool {
        matches!(
            self,
            Self::Required | Self::Optional | Self::OptionalComputed
        )
    }
}

/// How often a nested object occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nesting {
    /// One object.
    Single,
    /// A list of objects.
    List,
    /// A set of objects.
    Set,
    /// Objects by key.
    Map,
}

/// The shape of an attribute.
#[derive(Debug, Clone)]
pub enum Kind {
    /// A value of a type.
    Plain(Type),
    /// Objects whose attributes have schemas of their own.
    Nested(Nesting, Fields),
}

pub(crate) type Equality = Arc<dyn Fn(&Value, &Value) -> bool + Send + Sync>;

/// One attribute of a schema.
///
/// ```
/// use tfplugin::schema::{Attribute, validator};
///
/// let name = Attribute::string()
///     .required()
///     .requires_replace()
///     .validator(validator::length(1..=255))
///     .description("How the server is called.");
/// ```
#[derive(Clone)]
pub struct Attribute {
    kind: Kind,
    presence: Presence,
    sensitive: bool,
    write_only: bool,
    description: String,
    deprecation: Option<String>,
    default: Option<Value>,
    validators: Vec<Validator>,
    modifiers: Vec<Modifier>,
    equality: Option<Equality>,
    notes: BTreeMap<&'static str, String>,
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attribute")
            .field("kind", &self.kind)
            .field("presence", &self.presence)
            .finish_non_exhaustive()
    }
}

/// The shapes.
impl Attribute {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            presence: Presence::Undecided,
            sensitive: false,
            write_only: false,
            description: String::new(),
            deprecation: None,
            default: None,
            validators: Vec::new(),
            modifiers: Vec::new(),
            equality: None,
            notes: BTreeMap::new(),
        }
    }

    /// A value of any type.
    pub fn of(ty: Type) -> Self {
        Self::new(Kind::Plain(ty))
    }

    /// Text.
    pub fn string() -> Self {
        Self::of(Type::String)
    }

    /// Any number.
    pub fn number() -> Self {
        Self::of(Type::Number)
    }

    /// A whole number.
    pub fn int() -> Self {
        Self::number().validator(validator::whole())
    }

    /// True or false.
    pub fn bool() -> Self {
        Self::of(Type::Bool)
    }

    /// A list of plain values.
    pub fn list(element: Type) -> Self {
        Self::of(Type::list(element))
    }

    /// A set of plain values.
    pub fn set(element: Type) -> Self {
        Self::of(Type::set(element))
    }

    /// A map to plain values.
    pub fn map(element: Type) -> Self {
        Self::of(Type::map(element))
    }

    /// A value whose type the configuration decides.
    pub fn dynamic() -> Self {
        Self::of(Type::Dynamic)
    }

    /// One object with a schema of its own.
    pub fn single_nested(fields: Fields) -> Self {
        Self::new(Kind::Nested(Nesting::Single, fields))
    }

    /// A list of objects with a schema of their own.
    pub fn list_nested(fields: Fields) -> Self {
        Self::new(Kind::Nested(Nesting::List, fields))
    }

    /// A set of objects with a schema of their own.
    pub fn set_nested(fields: Fields) -> Self {
        Self::new(Kind::Nested(Nesting::Set, fields))
    }

    /// Objects by key, with a schema of their own.
    pub fn map_nested(fields: Fields) -> Self {
        Self::new(Kind::Nested(Nesting::Map, fields))
    }
}

/// The properties.
impl Attribute {
    /// The configuration must set it.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.presence = Presence::Required;
        self
    }

    /// The configuration may set it.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.presence = if self.presence.is_computed() {
            Presence::OptionalComputed
        } else {
            Presence::Optional
        };
        self
    }

    /// The provider sets it; with [`Attribute::optional`], only if the configuration does not.
    #[must_use]
    pub fn computed(mut self) -> Self {
        self.presence = if matches!(
            self.presence,
            Presence::Optional | Presence::OptionalComputed
        ) {
            Presence::OptionalComputed
        } else {
            Presence::Computed
        };
        self
    }

    /// What the plan holds when the configuration says nothing; makes the attribute optional
    /// and computed.
    #[must_use]
    pub fn default(mut self, value: impl ToValue) -> Self {
        self.presence = Presence::OptionalComputed;
        self.default = Some(value.to_value());
        self
    }

    /// Not shown in plans and outputs. It is still stored in the state.
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Never stored: the value is in the configuration of a call and nowhere else.
    #[must_use]
    pub fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }

    /// Markdown for the documentation.
    #[must_use]
    pub fn description(mut self, markdown: impl Into<String>) -> Self {
        self.description = markdown.into();
        self
    }

    /// Warns everyone whose configuration sets it.
    #[must_use]
    pub fn deprecated(mut self, message: impl Into<String>) -> Self {
        self.deprecation = Some(message.into());
        self
    }

    /// Checks values the configuration sets, as soon as they are known.
    #[must_use]
    pub fn validator(mut self, validator: Validator) -> Self {
        self.validators.push(validator);
        self
    }

    /// Takes part in planning.
    #[must_use]
    pub fn modifier(mut self, modifier: Modifier) -> Self {
        self.modifiers.push(modifier);
        self
    }

    /// In an update, keeps the stored value instead of announcing a new one. For values that do
    /// not change once the object exists.
    #[must_use]
    pub fn use_state_for_unknown(self) -> Self {
        self.modifier(Modifier::UseState)
    }

    /// Any change of it replaces the object.
    #[must_use]
    pub fn requires_replace(self) -> Self {
        self.modifier(Modifier::RequiresReplace)
    }

    /// A change replaces the object if the configuration sets the attribute.
    #[must_use]
    pub fn requires_replace_if_configured(self) -> Self {
        self.modifier(Modifier::RequiresReplaceIfConfigured)
    }

    /// A change replaces the object if `decide` says so.
    #[must_use]
    pub fn requires_replace_if(
        self,
        decide: impl Fn(&Change<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.modifier(Modifier::RequiresReplaceIf(Arc::new(decide)))
    }

    /// Values that mean the same although they are written differently: the one that was there
    /// first is kept, so there is no difference to show.
    #[must_use]
    pub fn same_when(
        mut self,
        same: impl Fn(&Value, &Value) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.equality = Some(Arc::new(same));
        self
    }

    /// A remark of the provider's author about the attribute, for the author's own use.
    #[must_use]
    pub fn note(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.notes.insert(key, value.into());
        self
    }
}

/// What was said.
impl Attribute {
    /// The shape.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Who sets it.
    pub fn presence(&self) -> Presence {
        self.presence
    }

    /// Whether the provider may set it.
    pub fn is_computed(&self) -> bool {
        self.presence.is_computed()
    }

    /// Whether it is hidden in plans.
    pub fn is_sensitive(&self) -> bool {
        self.sensitive
    }

    /// Whether it is never stored.
    pub fn is_write_only(&self) -> bool {
        self.write_only
    }

    /// The documentation.
    pub fn markdown(&self) -> &str {
        &self.description
    }

    /// The warning to everyone whose configuration sets it.
    pub fn deprecation(&self) -> Option<&str> {
        self.deprecation.as_deref()
    }

    /// What the plan holds when the configuration says nothing.
    pub fn default_value(&self) -> Option<&Value> {
        self.default.as_ref()
    }

    /// The checks of configured values.
    pub fn validators(&self) -> &[Validator] {
        &self.validators
    }

    /// The parts it takes in planning.
    pub fn modifiers(&self) -> &[Modifier] {
        &self.modifiers
    }

    /// Whether two values mean the same.
    pub(crate) fn equality(&self) -> Option<&Equality> {
        self.equality.as_ref()
    }

    /// A remark of the provider's author.
    pub fn get_note(&self, key: &str) -> Option<&str> {
        self.notes.get(key).map(String::as_str)
    }

    /// The nested fields, if it has any.
    pub fn nested(&self) -> Option<(Nesting, &Fields)> {
        match &self.kind {
            Kind::Plain(_) => None,
            Kind::Nested(nesting, fields) => Some((*nesting, fields)),
        }
    }

    /// The type of its values.
    pub fn value_type(&self) -> Type {
        match &self.kind {
            Kind::Plain(ty) => ty.clone(),
            Kind::Nested(nesting, fields) => {
                let object = fields.object_type();
                match nesting {
                    Nesting::Single => object,
                    Nesting::List => Type::list(object),
                    Nesting::Set => Type::set(object),
                    Nesting::Map => Type::map(object),
                }
            }
        }
    }
}
