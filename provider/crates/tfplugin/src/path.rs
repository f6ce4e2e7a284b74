//! The address of a value inside a resource, data source or provider configuration.

use std::fmt;

/// One step from a value to a value inside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// An attribute or block of an object.
    Attribute(String),
    /// The element of a map.
    Key(String),
    /// The element of a list, counted from zero.
    Index(i64),
}

/// Steps from the root of a resource to one of its values.
///
/// The protocol has no step into a set: a path that would lead into one ends at the set.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributePath {
    steps: Vec<Step>,
}

impl AttributePath {
    /// The whole object.
    pub const fn empty() -> Self {
        Self { steps: Vec::new() }
    }

    /// A top-level attribute or block.
    pub fn root(name: impl Into<String>) -> Self {
        Self::empty().attribute(name)
    }

    /// Goes on to an attribute.
    #[must_use]
    pub fn attribute(self, name: impl Into<String>) -> Self {
        self.step(Step::Attribute(name.into()))
    }

    /// Goes on to the element of a map.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        self.step(Step::Key(key.into()))
    }

    /// Goes on to the element of a list. Indices beyond the protocol's range stay at its end.
    #[must_use]
    pub fn index(self, index: usize) -> Self {
        self.step(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    /// Goes on by any step.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The steps, outermost first.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether this is the path of the whole object.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// This path with `outer` in front of it.
    #[must_use]
    pub fn within(mut self, outer: &Self) -> Self {
        let mut steps = outer.steps.clone();
        steps.append(&mut self.steps);
        Self { steps }
    }
}

impl From<&str> for AttributePath {
    fn from(name: &str) -> Self {
        Self::root(name)
    }
}

impl From<String> for AttributePath {
    fn from(name: String) -> Self {
        Self::root(name)
    }
}

impl From<&AttributePath> for AttributePath {
    fn from(path: &AttributePath) -> Self {
        path.clone()
    }
}

impl fmt::Display for AttributePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps.iter().enumerate() {
            match step {
                Step::Attribute(name) if position == 0 => write!(f, "{name}")?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_like_terraform_writes_it() {
        let path = AttributePath::root("ports")
            .index(0)
            .attribute("labels")
            .key("a b");
        assert_eq!(path.to_string(), r#"ports[0].labels["a b"]"#);
        assert_eq!(
            path.within(&AttributePath::root("outer")).to_string(),
            r#"outer.ports[0].labels["a b"]"#
        );
    }
}
