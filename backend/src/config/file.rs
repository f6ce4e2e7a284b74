//! The TOML file: walks its tables, finds each key among the known ones, and says where a mistake is.

use std::ops::Range;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::key::{KEYS, nearest};
use super::{Config, Problems, Source};

struct Walk<'a> {
    path: &'a Path,
    text: &'a str,
    config: &'a mut Config,
    sources: &'a mut [Source],
    problems: &'a mut Problems,
}

/// Applies the file to the configuration.
pub(super) fn apply(
    path: &Path,
    text: &str,
    config: &mut Config,
    sources: &mut [Source],
    problems: &mut Problems,
) {
    let mut walk = Walk {
        path,
        text,
        config,
        sources,
        problems,
    };
    match DeTable::parse(text) {
        Ok(table) => walk.table("", table.get_ref()),
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            walk.problem(&span, error.message().to_owned());
        }
    }
}

impl Walk<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            let full = if prefix.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{prefix}.{}", name.get_ref())
            };
            let known = KEYS.iter().position(|key| key.name == full);
            match (known, value.get_ref()) {
                (Some(index), DeValue::Table(_)) => {
                    let key = &KEYS[index];
                    self.problem(
                        &value.span(),
                        format!("{full} is a table here; it takes {}", key.accepted),
                    );
                }
                (Some(index), value_of) => self.value(index, value_of, &value.span()),
                (None, DeValue::Table(inner)) if is_section(&full) => self.table(&full, inner),
                (None, _) => self.problem(&name.span(), unknown(&full)),
            }
        }
    }

    fn value(&mut self, index: usize, value: &DeValue<'_>, span: &Range<usize>) {
        let key = &KEYS[index];
        let set = plain(value).and_then(|text| (key.set)(self.config, &text));
        if set.is_some() {
            self.sources[index] = Source::File;
        } else {
            let shown = self.text.get(span.clone()).unwrap_or_default();
            self.problem(span, key.refusal(shown.trim_matches(['"', '\''])));
        }
    }

    fn problem(&mut self, span: &Range<usize>, message: String) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        let place = format!("{}:{line}:{column}", self.path.display());
        self.problems.add(place, message);
    }
}

/// The text that a flag would have; `None` for what no flag can say.
fn plain(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(value) => Some(value.to_string()),
        DeValue::Array(items) => {
            let items: Option<Vec<String>> =
                items.iter().map(|item| plain(item.get_ref())).collect();
            items.map(|items| items.join(","))
        }
        DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| {
        key.name
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

fn unknown(name: &str) -> String {
    if let Some(near) = nearest(name, KEYS.iter().map(|key| key.name)) {
        return format!("{name} is no setting; did you mean {near}?");
    }
    let names: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    format!("{name} is no setting; there are {}", names.join(", "))
}
