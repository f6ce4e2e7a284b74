//! Bodies of Block Storage: one object under one name, of which what is not known is left alone.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::error::{Answer, Problem};
use crate::extract::Args;

/// Longest name, description, key and value, in characters.
const LONGEST: usize = 255;

/// The object under this name.
pub(super) fn inner(mut body: Map<String, Value>, name: &str) -> Answer<Args> {
    match body.remove(name) {
        Some(value) => Args::nested(name, value),
        None => Err(Problem::value(
            name,
            format!("is required: the body takes {{\"{name}\": {{…}}}}"),
        )),
    }
}

/// A text of a bounded length, also under its older name. Null empties it, absent leaves it.
fn text(args: &mut Args, names: [&str; 2]) -> Answer<Option<String>> {
    let Some(name) = names.into_iter().find(|name| args.given(name)) else {
        return Ok(None);
    };
    let text = args.text(name)?.unwrap_or_default();
    check_length(name, &text)?;
    Ok(Some(text))
}

fn check_length(name: &str, text: &str) -> Answer<()> {
    let length = text.chars().count();
    if length <= LONGEST {
        return Ok(());
    }
    Err(Problem::value(
        name,
        format!("has {length} characters: at most {LONGEST} are accepted"),
    ))
}

/// The name that is given.
pub(super) fn name(args: &mut Args) -> Answer<Option<String>> {
    text(args, ["name", "display_name"])
}

/// The description that is given.
pub(super) fn description(args: &mut Args) -> Answer<Option<String>> {
    text(args, ["description", "display_description"])
}

/// Metadata under this name.
pub(super) fn metadata(args: &mut Args, name: &str) -> Answer<Option<BTreeMap<String, String>>> {
    let Some(all) = args.map(name, false)? else {
        return Ok(None);
    };
    for (key, value) in &all {
        if key.is_empty() {
            return Err(Problem::value(
                name,
                "a key is empty: 1 to 255 characters are accepted",
            ));
        }
        check_length(&format!("a key of {name}"), key)?;
        check_length(&format!("{name}.{key}"), value)?;
    }
    Ok(Some(all))
}
