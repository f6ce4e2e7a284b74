//! From a failed call to what the user reads, on the attribute it is about.

use tfplugin::{AttributePath, Diagnostic};
use zun_client::Error;

/// A failed call as an error: what was tried, why not, what next.
pub(crate) fn failed(error: &Error) -> Diagnostic {
    let diagnostic = Diagnostic::error(summary(error), detail(error));
    match error.refusal().and_then(|refusal| refusal.field.as_deref()) {
        Some(field) => diagnostic.at(path_of(field)),
        None => diagnostic,
    }
}

/// `Cannot create container web`.
pub(crate) fn summary(error: &Error) -> String {
    format!("Cannot {}", error.tried())
}

/// Cause and next step, each a sentence.
pub(crate) fn detail(error: &Error) -> String {
    format!(
        "{}.\n\n{}",
        sentence(&error.cause().to_string()),
        error.next_step()
    )
}

/// With a capital at the beginning and without a full stop at the end.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if !text.starts_with("http") => first.to_uppercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

/// The attribute behind a field of a request: `spec.ports[1].external` is in `ports`. Elements of sets have
/// no path in Terraform, so the way ends at the top-level attribute.
fn path_of(field: &str) -> AttributePath {
    let field = field.strip_prefix("spec.").unwrap_or(field);
    let end = field.find(['.', '[']).unwrap_or(field.len());
    AttributePath::root(match &field[..end] {
        "spec" | "" => "image",
        name => name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_lead_to_attributes() {
        for (field, path) in [
            ("spec.memory", "memory"),
            ("spec.ports[1].external", "ports"),
            ("name", "name"),
            ("spec", "image"),
        ] {
            assert_eq!(path_of(field).to_string(), path);
        }
        assert_eq!(sentence("no host fits."), "No host fits");
        assert_eq!(sentence("http://h refused"), "http://h refused");
    }
}
