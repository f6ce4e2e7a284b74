//! Every piece of configuration that users may copy, from the pages and from `examples/`, names what there is: resources,
//! data sources, attributes and those nested in them, with all that must be given.

use std::collections::BTreeSet;
use std::path::PathBuf;

use hcl::{Block, Body, Expression, ObjectKey};
use tfplugin::schema::Presence;
use tfplugin::{DataSource, Fields, Provider, Resource, Schema};

use super::texts;
use crate::provider::Zun;
use crate::session::Session;

/// Arguments that the core has for every resource and keeps to itself.
const CORE: [&str; 5] = ["count", "depends_on", "for_each", "lifecycle", "provider"];

/// The schema that a block is read with; `None` for blocks that are none of ours.
fn schema_of(block: &Block) -> Option<Schema> {
    let kind = block.identifier();
    let name = block.labels().first()?.as_str();
    if !name.starts_with("zun") {
        return None;
    }
    let schema = match kind {
        "provider" => Some(Zun.schema()),
        "resource" => Zun
            .resources()
            .into_iter()
            .find(|one| Resource::<Session>::type_name(&**one) == name)
            .map(|one| one.schema()),
        "data" => Zun
            .data_sources()
            .into_iter()
            .find(|one| DataSource::<Session>::type_name(&**one) == name)
            .map(|one| one.schema()),
        _ => return None,
    };
    Some(schema.unwrap_or_else(|| panic!("there is no {kind} {name}")))
}

/// What is wrong about the names that stand at `path`.
fn mistakes(path: &str, fields: &Fields, given: &[(String, &Expression)]) -> Vec<String> {
    let names: BTreeSet<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
    let required = fields
        .attributes()
        .iter()
        .filter(|(_, attribute)| attribute.presence() == Presence::Required);
    let missing = required.filter(|(name, _)| !names.contains(name.as_str()));
    let mut found: Vec<String> = missing
        .map(|(name, _)| format!("{path}: {name} is missing"))
        .collect();
    for (name, value) in given {
        let Some(attribute) = fields.attributes().get(name) else {
            found.push(format!("{path}: there is no {name}"));
            continue;
        };
        if let Some((_, inner)) = attribute.nested() {
            for object in objects(value) {
                found.extend(mistakes(&format!("{path}.{name}"), inner, &object));
            }
        }
    }
    found
}

/// The objects that are written out in a value: itself, or the elements of a list.
fn objects(value: &Expression) -> Vec<Vec<(String, &Expression)>> {
    match value {
        Expression::Object(object) => {
            let entries = object.iter().filter_map(|(key, value)| match key {
                ObjectKey::Identifier(name) => Some((name.to_string(), value)),
                _ => None,
            });
            vec![entries.collect()]
        }
        Expression::Array(elements) => elements.iter().flat_map(objects).collect(),
        _ => Vec::new(),
    }
}

fn mistakes_of(text: &str) -> Vec<String> {
    let body: Body = hcl::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut found = Vec::new();
    for block in body.blocks() {
        let Some(schema) = schema_of(block) else {
            continue;
        };
        let labels: Vec<&str> = block.labels().iter().map(hcl::BlockLabel::as_str).collect();
        let attributes = block.body().attributes();
        let given: Vec<(String, &Expression)> = attributes
            .filter(|attribute| !CORE.contains(&attribute.key()))
            .map(|attribute| (attribute.key().to_owned(), attribute.expr()))
            .collect();
        found.extend(mistakes(&labels.join("."), schema.fields(), &given));
    }
    found
}

/// The files under `examples/terraform`.
fn files() -> Vec<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/terraform");
    let folders = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    folders.map(|folder| folder.join("main.tf")).collect()
}

#[test]
fn examples_name_what_there_is() {
    let mut texts: Vec<String> = vec![texts::PROVIDER.to_owned()];
    texts.extend(
        texts::EXAMPLES
            .iter()
            .chain(texts::networking::EXAMPLES)
            .chain(texts::capsule::EXAMPLES)
            .chain(texts::image::EXAMPLES)
            .map(|(_, _, text)| (*text).to_owned()),
    );
    texts.extend(
        files()
            .iter()
            .map(|file| std::fs::read_to_string(file).unwrap()),
    );
    let found: Vec<String> = texts.iter().flat_map(|text| mistakes_of(text)).collect();
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_wrong_name_is_found() {
    let text = r#"
resource "zun_container" "web" {
  colour = "red"
  ports  = [{ outside = 80 }]
}
"#;
    assert_eq!(
        mistakes_of(text),
        [
            "zun_container.web: image is missing",
            "zun_container.web: there is no colour",
            "zun_container.web.ports: internal is missing",
            "zun_container.web.ports: there is no outside",
        ]
    );
}
