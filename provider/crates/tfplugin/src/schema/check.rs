//! Mistakes in schemas. Terraform refuses a provider for most of them, without saying whose
//! mistake it is; here they are found first and named.

use super::{Attribute, Fields, IdentitySchema, Nesting, Presence, Schema};
use crate::types::Type;

/// Names that mean something else at the top of a `resource` block.
const RESERVED: [&str; 7] = [
    "count",
    "for_each",
    "depends_on",
    "lifecycle",
    "provider",
    "provisioner",
    "connection",
];

/// What a schema is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The provider's own configuration.
    Provider,
    /// A managed resource.
    Resource,
    /// A data source.
    DataSource,
}

/// Lists the mistakes in a schema; each is a sentence that names the attribute.
pub fn check(name: &str, schema: &Schema, role: Role) -> Vec<String> {
    let mut checker = Checker {
        role,
        mistakes: Vec::new(),
    };
    if schema.stored_version() < 0 {
        checker.say(name, "the version is negative");
    }
    let reserved: &[&str] = if role == Role::Provider {
        &["version", "alias"]
    } else {
        &RESERVED
    };
    let names = schema.fields().attributes().keys();
    for field in names.chain(schema.fields().blocks().keys()) {
        if reserved.contains(&field.as_str()) {
            checker.say(&format!("{name}.{field}"), "the name is reserved");
        }
    }
    checker.fields(name, schema.fields(), false, false);
    checker.mistakes
}

/// Lists the mistakes in an identity.
pub fn check_identity(name: &str, identity: &IdentitySchema) -> Vec<String> {
    let plain = |ty: &Type| matches!(ty, Type::String | Type::Number | Type::Bool);
    let attributes = identity.attributes.iter();
    attributes
        .filter(|(_, attribute)| match &attribute.ty {
            Type::List(element) => !plain(element),
            ty => !plain(ty),
        })
        .map(|(field, _)| {
            format!("{name}.{field}: an identity holds text, numbers, bools and lists of them")
        })
        .collect()
}

struct Checker {
    role: Role,
    mistakes: Vec<String>,
}

impl Checker {
    fn say(&mut self, name: &str, mistake: &str) {
        self.mistakes.push(format!("{name}: {mistake}"));
    }

    /// `nested` is inside a nested attribute, `in_set` inside a set of either kind.
    fn fields(&mut self, outer: &str, fields: &Fields, nested: bool, in_set: bool) {
        for (name, attribute) in fields.attributes() {
            let path = format!("{outer}.{name}");
            if !is_name(name) {
                self.say(&path, "a name has lower-case letters, digits and underscores, and begins with a letter or underscore");
            }
            if fields.blocks().contains_key(name) {
                self.say(&path, "there is also a block of this name");
            }
            self.attribute(&path, attribute, in_set);
            if let Some((nesting, fields)) = attribute.nested() {
                self.fields(&path, fields, true, in_set || nesting == Nesting::Set);
            }
        }
        for (name, block) in fields.blocks() {
            let path = format!("{outer}.{name}");
            if !is_name(name) {
                self.say(&path, "a name has lower-case letters, digits and underscores, and begins with a letter or underscore");
            }
            if nested {
                self.say(&path, "a nested attribute cannot contain blocks");
            }
            let set = block.nesting() == super::BlockNesting::Set;
            self.fields(&path, block.fields(), nested, in_set || set);
        }
    }

    fn attribute(&mut self, path: &str, attribute: &Attribute, in_set: bool) {
        if attribute.presence() == Presence::Undecided {
            self.say(path, "it is neither required, optional nor computed");
        }
        if self.role == Role::Provider && attribute.is_computed() {
            self.say(
                path,
                "a provider's configuration has nothing computed and no defaults",
            );
        }
        if attribute.is_write_only() {
            if self.role != Role::Resource {
                self.say(path, "only resources have write-only attributes");
            }
            if attribute.is_computed() || in_set {
                self.say(
                    path,
                    "a write-only attribute cannot be computed or inside a set",
                );
            }
        }
        if in_set && attribute.value_type().has_dynamic() {
            self.say(path, "a set cannot hold dynamic values");
        }
        if attribute.nested().is_some() && attribute.equality().is_some() {
            self.say(path, "only plain attributes can be compared by meaning");
        }
        if let Some(default) = attribute.default_value() {
            let fits = crate::codec::conform(default, &attribute.value_type())
                .is_ok_and(|value| value.is_wholly_known() && !value.is_null());
            if !fits {
                self.say(path, "the default is not a value of its type");
            }
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(name: &str, attribute: Attribute) -> Vec<String> {
        check(
            "it",
            &Schema::new().attribute(name, attribute),
            Role::Resource,
        )
    }

    #[test]
    fn mistakes_are_named() {
        let text = Attribute::string;
        assert!(mistakes("a_1", text().optional()).is_empty());
        for (name, attribute) in [
            ("a", text()),
            ("count", text().optional()),
            ("A", text().optional()),
            ("1a", text().optional()),
            ("a", text().computed().write_only()),
            ("a", text().default(1)),
            (
                "a",
                Attribute::set_nested(Fields::new().attribute("b", text())),
            ),
        ] {
            assert!(!mistakes(name, attribute).is_empty(), "{name}");
        }
        let provider = Schema::new().attribute("a", text().default("x"));
        assert!(!check("it", &provider, Role::Provider).is_empty());
    }
}
