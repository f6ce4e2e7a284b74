//! A value of a template and the way to it, so that each refusal names its place.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::TemplateError;

pub(super) type Read<T> = Result<T, TemplateError>;

/// A value and the way to it.
#[derive(Debug)]
pub(super) struct Node {
    path: String,
    value: Value,
}

/// An object, taken apart: what was taken is gone, so that [`Object::end`] refuses what nobody knows.
#[derive(Debug)]
pub(super) struct Object {
    path: String,
    all: Map<String, Value>,
}

fn error(path: &str, message: impl Display) -> TemplateError {
    let shown = if path.is_empty() { "template" } else { path };
    TemplateError {
        path: shown.chars().take(200).collect(),
        message: message.to_string(),
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// A value in a message, cut short.
fn shown(value: &Value) -> String {
    value.to_string().chars().take(80).collect()
}

impl Node {
    pub(super) fn root(value: Value) -> Self {
        Self {
            path: String::new(),
            value,
        }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn value(&self) -> &Value {
        &self.value
    }

    pub(super) fn refused(&self, message: impl Display) -> TemplateError {
        error(&self.path, message)
    }

    pub(super) fn object(self) -> Read<Object> {
        match self.value {
            Value::Object(all) => Ok(Object {
                path: self.path,
                all,
            }),
            _ => Err(self.refused("must be an object")),
        }
    }

    pub(super) fn items(self) -> Read<Vec<Node>> {
        let Value::Array(items) = self.value else {
            return Err(self.refused("must be a list"));
        };
        let nodes = items.into_iter().enumerate().map(|(index, value)| Node {
            path: format!("{}[{index}]", self.path),
            value,
        });
        Ok(nodes.collect())
    }

    pub(super) fn text(self) -> Read<String> {
        match self.value {
            Value::String(text) if text.contains('\0') => Err(error(
                &self.path,
                "a NUL stands in it, which no value may hold",
            )),
            Value::String(text) => Ok(text),
            _ => Err(self.refused("must be a string")),
        }
    }

    /// A text; a number or a truth value is one too, as people write them in YAML.
    fn scalar(self) -> Read<String> {
        match self.value {
            Value::Bool(_) | Value::Number(_) => Ok(self.value.to_string()),
            _ => self.text(),
        }
    }

    pub(super) fn texts(self) -> Read<Vec<String>> {
        self.items()?.into_iter().map(Node::scalar).collect()
    }

    fn boolean(self) -> Read<bool> {
        match &self.value {
            Value::Bool(value) => Ok(*value),
            Value::String(text) if matches!(&**text, "true" | "True") => Ok(true),
            Value::String(text) if matches!(&**text, "false" | "False") => Ok(false),
            _ => Err(self.refused("must be true or false")),
        }
    }

    /// A whole number from `least` to `most`; `digits` in a string count too where Zun takes them.
    pub(super) fn whole(self, least: u64, most: u64, digits: bool) -> Read<u64> {
        let number = match &self.value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) if digits => text.trim().parse().ok(),
            _ => None,
        };
        let fits = number.filter(|number| (least..=most).contains(number));
        fits.ok_or_else(|| {
            self.refused(format!(
                "{} is not valid: a whole number from {least} to {most} is expected",
                shown(&self.value)
            ))
        })
    }
}

impl Object {
    pub(super) fn path_of(&self, name: &str) -> String {
        below(&self.path, name)
    }

    pub(super) fn refused(&self, message: impl Display) -> TemplateError {
        error(&self.path, message)
    }

    pub(super) fn missing(&self, name: &str, what: &str) -> TemplateError {
        error(&self.path_of(name), format!("is required: {what}"))
    }

    /// Takes a value; null is none.
    pub(super) fn take(&mut self, name: &str) -> Option<Node> {
        let value = self.all.remove(name).filter(|value| !value.is_null())?;
        Some(Node {
            path: self.path_of(name),
            value,
        })
    }

    pub(super) fn object(&mut self, name: &str) -> Read<Option<Object>> {
        self.take(name).map(Node::object).transpose()
    }

    pub(super) fn text(&mut self, name: &str) -> Read<Option<String>> {
        self.take(name).map(Node::text).transpose()
    }

    pub(super) fn texts(&mut self, name: &str) -> Read<Option<Vec<String>>> {
        self.take(name).map(Node::texts).transpose()
    }

    pub(super) fn boolean(&mut self, name: &str) -> Read<Option<bool>> {
        self.take(name).map(Node::boolean).transpose()
    }

    /// A text that stands for a domain's value.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&mut self, name: &str) -> Read<Option<T>> {
        let Some(node) = self.take(name) else {
            return Ok(None);
        };
        let path = node.path.clone();
        let parsed = node.text()?.parse::<T>();
        parsed.map(Some).map_err(|why| error(&path, why))
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Read<Option<T>> {
        let Some(node) = self.take(name) else {
            return Ok(None);
        };
        let path = node.path.clone();
        let text = node.text()?;
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| Some(*value)).ok_or_else(|| {
            let accepted: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let text: String = text.chars().take(40).collect();
            error(
                &path,
                format!(
                    "{text:?} is not valid: one of {} is expected",
                    accepted.join(", ")
                ),
            )
        })
    }

    /// A map of texts.
    pub(super) fn map(&mut self, name: &str) -> Read<Option<BTreeMap<String, String>>> {
        let Some(object) = self.object(name)? else {
            return Ok(None);
        };
        let Object { path, all } = object;
        let entries = all.into_iter().map(|(key, value)| {
            if key.contains('\0') {
                return Err(error(&path, "a NUL stands in a key of it"));
            }
            let node = Node {
                path: below(&path, &key),
                value,
            };
            Ok((key, node.scalar()?))
        });
        entries.collect::<Read<_>>().map(Some)
    }

    /// The paths of what was not taken.
    pub(super) fn rest(self) -> Vec<String> {
        self.all.keys().map(|name| self.path_of(name)).collect()
    }

    /// Refuses what was not taken. Null counts: a name that nobody knows is a mistake.
    pub(super) fn end(self) -> Read<()> {
        match self.all.keys().next() {
            None => Ok(()),
            Some(name) => Err(error(
                &self.path_of(name),
                "no such key is known there; see the template of a capsule in Zun's documentation",
            )),
        }
    }
}
