//! One page: title, example, schema in three parts, nested parts, import.

use std::fmt::Write;

use tfplugin::schema::{Nesting, Presence};
use tfplugin::{Attribute, Fields, Schema, Type};

use super::texts;

/// What a page is made from.
pub(super) struct Page {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) schema: Schema,
    pub(super) example: &'static str,
    pub(super) more: String,
    pub(super) import: Option<&'static str>,
}

/// `zun_container (Resource)`.
pub(super) fn kind_title(name: &str, kind: &str) -> String {
    format!("{name} ({kind})")
}

fn front(title: &str, subcategory: Option<&str>, description: &str) -> String {
    let first = description.lines().next().unwrap_or_default();
    let sub = subcategory.map_or(String::new(), |sub| format!("subcategory: \"{sub}\"\n"));
    format!("---\npage_title: \"{title}\"\n{sub}description: |-\n  {first}\n---\n")
}

impl Page {
    /// The whole text.
    pub(super) fn render(&self) -> String {
        let title = format!("{} {} - terraform-provider-zun", self.name, self.kind);
        let text = self.schema.markdown();
        let mut page = front(&title, Some(""), text);
        let _ = write!(
            page,
            "\n# {}\n\n{text}\n\n## Example Usage\n\n```terraform\n{}\n```\n",
            kind_title(&self.name, self.kind),
            self.example.trim()
        );
        page.push_str(&self.more);
        page.push_str("\n## Schema\n");
        page.push_str(&parts(self.schema.fields()));
        if let Some(import) = self.import {
            let _ = write!(page, "\n## Import\n\n{}\n", import.trim());
        }
        page
    }
}

/// The page of the provider itself.
pub(super) fn index(schema: &Schema) -> String {
    let mut page = front("Provider: Zun", None, schema.markdown());
    let _ = write!(
        page,
        "\n# Zun Provider\n\n{}\n\n## Example Usage\n\n```terraform\n{}\n```\n\n## Schema\n",
        schema.markdown(),
        texts::PROVIDER.trim()
    );
    page.push_str(&parts(schema.fields()));
    page
}

const PARTS: [(&str, &[Presence]); 3] = [
    ("Required", &[Presence::Required]),
    (
        "Optional",
        &[Presence::Optional, Presence::OptionalComputed],
    ),
    ("Read-Only", &[Presence::Computed]),
];

/// The attributes in three parts, then the nested ones.
fn parts(fields: &Fields) -> String {
    let mut text = String::new();
    for (title, presences) in PARTS {
        let lines = lines(fields, presences, "");
        if !lines.is_empty() {
            let _ = write!(text, "\n### {title}\n\n{lines}");
        }
    }
    for (name, attribute) in fields.attributes() {
        if let Some((_, inner)) = attribute.nested() {
            nested(name, inner, &mut text);
        }
    }
    text
}

fn nested(path: &str, fields: &Fields, text: &mut String) {
    let _ = write!(
        text,
        "\n<a id=\"nestedatt--{}\"></a>\n### Nested Schema for `{path}`\n",
        path.replace('.', "--")
    );
    for (title, presences) in PARTS {
        let lines = lines(fields, presences, path);
        if !lines.is_empty() {
            let _ = write!(text, "\n{title}:\n\n{lines}");
        }
    }
    for (name, attribute) in fields.attributes() {
        if let Some((_, inner)) = attribute.nested() {
            nested(&format!("{path}.{name}"), inner, text);
        }
    }
}

fn lines(fields: &Fields, presences: &[Presence], path: &str) -> String {
    let mut text = String::new();
    for (name, attribute) in fields.attributes() {
        if !presences.contains(&attribute.presence()) {
            continue;
        }
        let _ = write!(
            text,
            "- `{name}` ({}) {}",
            kind(attribute),
            attribute.markdown()
        );
        if attribute.nested().is_some() {
            let anchor = if path.is_empty() {
                name.clone()
            } else {
                format!("{}--{name}", path.replace('.', "--"))
            };
            let _ = write!(
                text,
                " (see [below for nested schema](#nestedatt--{anchor}))"
            );
        }
        text.push('\n');
    }
    text
}

fn kind(attribute: &Attribute) -> String {
    let mut kind = match attribute.nested() {
        Some((nesting, _)) => match nesting {
            Nesting::Single => "Attributes",
            Nesting::List => "Attributes List",
            Nesting::Set => "Attributes Set",
            Nesting::Map => "Attributes Map",
        }
        .to_owned(),
        None => type_name(&attribute.value_type()),
    };
    if attribute.is_sensitive() {
        kind.push_str(", Sensitive");
    }
    if attribute.is_write_only() {
        kind.push_str(", Write-only");
    }
    kind
}

fn type_name(ty: &Type) -> String {
    match ty {
        Type::String => "String".into(),
        Type::Number => "Number".into(),
        Type::Bool => "Boolean".into(),
        Type::Dynamic => "Dynamic".into(),
        Type::List(element) => format!("List of {}", type_name(element)),
        Type::Set(element) => format!("Set of {}", type_name(element)),
        Type::Map(element) => format!("Map of {}", type_name(element)),
        Type::Tuple(_) => "Tuple".into(),
        Type::Object(_) => "Object".into(),
    }
}
