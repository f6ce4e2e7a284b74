//! Errors and warnings for the user, collected rather than stopping at the first.

use crate::path::AttributePath;
use crate::value::ValueError;

/// Whether the operation may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The operation fails.
    Error,
    /// The operation goes on; the user is told.
    Warning,
}

/// One message to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it stops the operation.
    pub severity: Severity,
    /// One line: what is wrong.
    pub summary: String,
    /// Sentences: why, and what the user can do.
    pub detail: String,
    /// The place in the configuration it is about, if there is one.
    pub path: Option<AttributePath>,
}

impl Diagnostic {
    /// A message that stops the operation.
    pub fn error(summary: impl Into<String>, detail: impl ToString) -> Self {
        Self::new(Severity::Error, summary, detail)
    }

    /// A message that does not stop the operation.
    pub fn warning(summary: impl Into<String>, detail: impl ToString) -> Self {
        Self::new(Severity::Warning, summary, detail)
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "authors hand over errors and string literals alike"
    )]
    fn new(severity: Severity, summary: impl Into<String>, detail: impl ToString) -> Self {
        Self {
            severity,
            summary: summary.into(),
            detail: detail.to_string(),
            path: None,
        }
    }

    /// Points at a place in the configuration; Terraform then shows its line.
    #[must_use]
    pub fn at(mut self, path: impl Into<AttributePath>) -> Self {
        self.path = Some(path.into());
        self
    }
}

/// Messages in the order they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
}

impl Diagnostics {
    /// No messages.
    pub const fn new() -> Self {
        Self { items: Vec::new() }
    }

    /// Adds a message.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.items.push(diagnostic);
    }

    /// Adds an error about the whole object.
    pub fn error(&mut self, summary: impl Into<String>, detail: impl ToString) {
        self.push(Diagnostic::error(summary, detail));
    }

    /// Adds a warning about the whole object.
    pub fn warn(&mut self, summary: impl Into<String>, detail: impl ToString) {
        self.push(Diagnostic::warning(summary, detail));
    }

    /// Adds an error about one value.
    pub fn error_at(
        &mut self,
        path: impl Into<AttributePath>,
        summary: impl Into<String>,
        detail: impl ToString,
    ) {
        self.push(Diagnostic::error(summary, detail).at(path));
    }

    /// Adds a warning about one value.
    pub fn warn_at(
        &mut self,
        path: impl Into<AttributePath>,
        summary: impl Into<String>,
        detail: impl ToString,
    ) {
        self.push(Diagnostic::warning(summary, detail).at(path));
    }

    /// Adds all messages of another collection.
    pub fn append(&mut self, other: Diagnostics) {
        self.items.extend(other.items);
    }

    /// Keeps the value of a success; takes over the messages of a failure.
    pub fn keep<T>(&mut self, result: Result<T, impl Into<Diagnostics>>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(problems) => {
                self.append(problems.into());
                None
            }
        }
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.items
            .iter()
            .any(|item| item.severity == Severity::Error)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The messages.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.items.iter()
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, items: I) {
        self.items.extend(items);
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            items: vec![diagnostic],
        }
    }
}

impl From<ValueError> for Diagnostic {
    fn from(error: ValueError) -> Self {
        let base = Self::error("Unexpected value", &error.message);
        if error.path.is_empty() {
            base
        } else {
            base.at(error.path)
        }
    }
}

impl From<ValueError> for Diagnostics {
    fn from(error: ValueError) -> Self {
        Diagnostic::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_alone_are_no_failure() {
        let mut diagnostics = Diagnostics::new();
        diagnostics.warn("old", "use the new one");
        assert!(!diagnostics.has_errors());
        let kept: Option<()> = diagnostics.keep(Err(Diagnostic::error("bad", "very").at("name")));
        assert!(kept.is_none() && diagnostics.has_errors());
        assert_eq!(diagnostics.iter().count(), 2);
    }
}
