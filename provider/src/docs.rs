//! The pages under `docs/`, rendered from the schemas in the Registry's layout. The test fails when they are
//! stale; `UPDATE_DOCS=1 cargo test -p terraform-provider-zun docs` writes them.

mod capsule;
mod examples;
mod page;
mod tables;
mod texts;

use std::collections::BTreeMap;
use std::path::PathBuf;

use tfplugin::{DataSource, Provider, Resource, Schema};

use crate::provider::Zun;
use crate::session::Session;
use page::{Page, kind_title};

/// Resources with a table of what each edit does.
const WITH_EDITS: [&str; 8] = [
    "zun_floating_ip",
    "zun_network",
    "zun_port",
    "zun_registry",
    "zun_router",
    "zun_security_group",
    "zun_security_group_rule",
    "zun_subnet",
];

/// Where the pages are.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// Every page by its path.
fn pages() -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    pages.insert("index.md".to_owned(), page::index(&Zun.schema()));
    for resource in Zun.resources() {
        let name = Resource::<Session>::type_name(&*resource).to_owned();
        let page = page_of(&name, "Resource", resource.schema());
        pages.insert(format!("resources/{}.md", short(&name)), page.render());
    }
    for source in Zun.data_sources() {
        let name = DataSource::<Session>::type_name(&*source).to_owned();
        let page = page_of(&name, "Data Source", source.schema());
        pages.insert(format!("data-sources/{}.md", short(&name)), page.render());
    }
    pages
}

fn short(name: &str) -> &str {
    name.trim_start_matches("zun_")
}

fn page_of(name: &str, kind: &'static str, schema: Schema) -> Page {
    let example = texts::EXAMPLES
        .iter()
        .chain(texts::networking::EXAMPLES)
        .chain(texts::capsule::EXAMPLES)
        .chain(texts::image::EXAMPLES)
        .find(|(of, what, _)| *of == name && *what == kind)
        .map_or_else(
            || panic!("no example of {}", kind_title(name, kind)),
            |(_, _, text)| *text,
        );
    let more = match (name, kind) {
        ("zun_container", "Resource") => tables::of_container(),
        ("zun_capsule", "Resource") => capsule::of_capsule(),
        ("zun_image", "Resource") => tables::of_edits(&schema) + tables::DATA,
        (name, "Resource") if WITH_EDITS.contains(&name) => tables::of_edits(&schema),
        _ => String::new(),
    };
    let import = texts::IMPORTS
        .iter()
        .chain(texts::networking::IMPORTS)
        .chain(texts::capsule::IMPORTS)
        .chain(texts::image::IMPORTS)
        .find(|(of, _)| *of == name && kind == "Resource")
        .map(|(_, text)| *text);
    Page {
        name: name.to_owned(),
        kind,
        schema,
        example,
        more,
        import,
    }
}

#[test]
fn the_pages_are_what_the_schemas_say() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a switch of this test, no configuration"
    )]
    let update = std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1");
    for (path, text) in pages() {
        let file = folder().join(&path);
        if update {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, text).unwrap();
            continue;
        }
        let found = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            found == text,
            "docs/{path} is stale: UPDATE_DOCS=1 cargo test -p terraform-provider-zun docs"
        );
    }
}

#[test]
fn every_attribute_is_described() {
    for (path, text) in pages() {
        for line in text
            .lines()
            .filter(|line| line.starts_with("- `") && line.contains("` ("))
        {
            let words = line.split_once(") ").map_or("", |(_, words)| words);
            let described = !words.is_empty() && !words.starts_with("(see");
            assert!(described, "docs/{path}: no description: {line}");
        }
    }
}
