//! What the methods of a resource answer.

use crate::diagnostic::Diagnostics;
use crate::path::AttributePath;
use crate::private::Private;
use crate::value::{ToValue, Value};

/// The state after an operation.
///
/// In create it begins as the plan, and counts only once something has been set: an error before
/// that leaves nothing behind, an error after it leaves the state as set so far, with everything
/// still unknown turned to null. In read, update and delete it begins as the stored state.
#[derive(Debug, Clone)]
pub struct StateResponse {
    state: Value,
    exists: bool,
    set: bool,
    identity: Value,
    /// Data to keep beside the state; begins as what was stored.
    pub private: Private,
    /// Warnings, and errors beside the returned one.
    pub diagnostics: Diagnostics,
}

impl StateResponse {
    pub(crate) fn new(state: Value, exists: bool, identity: Value, private: Private) -> Self {
        Self {
            state,
            exists,
            set: false,
            identity,
            private,
            diagnostics: Diagnostics::new(),
        }
    }

    /// Sets one attribute. The object now exists as far as Terraform is concerned.
    pub fn set(&mut self, name: impl Into<String>, value: impl ToValue) {
        self.state.set(name, value);
        self.exists = true;
        self.set = true;
    }

    /// Sets the whole state, from a model or a value. The object now exists.
    pub fn set_state(&mut self, state: impl ToValue) {
        self.state = state.to_value();
        self.exists = !self.state.is_null();
        self.set = true;
    }

    /// The object does not exist (any more).
    pub fn remove(&mut self) {
        self.exists = false;
        self.set = true;
    }

    /// Sets the identity.
    pub fn set_identity(&mut self, identity: impl ToValue) {
        self.identity = identity.to_value();
    }

    /// The state as it stands.
    pub fn state(&self) -> &Value {
        &self.state
    }

    /// The identity as it stands; null if there is none.
    pub fn identity(&self) -> &Value {
        &self.identity
    }

    /// Whether anything was set.
    pub(crate) fn is_set(&self) -> bool {
        self.set
    }

    /// The state to return: null for what does not exist.
    pub(crate) fn into_state(self) -> Value {
        if self.exists { self.state } else { Value::Null }
    }
}

/// A plan, as far as it is made.
#[derive(Debug, Clone)]
pub struct PlanResponse {
    /// The state after the apply; null when destroying. What the configuration sets may not be
    /// changed; computed values may.
    pub planned_state: Value,
    /// The attributes whose change replaces the object.
    pub requires_replace: Vec<AttributePath>,
    /// Data for the apply.
    pub private: Private,
    /// Warnings, and errors beside the returned one.
    pub diagnostics: Diagnostics,
}

impl PlanResponse {
    /// Announces a value for after the apply. Does nothing where the path leads nowhere.
    pub fn mark_unknown(&mut self, path: impl Into<AttributePath>) {
        self.set(path, Value::UNKNOWN);
    }

    /// Plans a value. Does nothing where the path leads nowhere.
    pub fn set(&mut self, path: impl Into<AttributePath>, value: impl ToValue) {
        if let Some(place) = self.planned_state.at_mut(&path.into()) {
            *place = value.to_value();
        }
    }

    /// A change of this attribute replaces the object. Terraform drops the demand if the
    /// attribute does not change.
    pub fn require_replace(&mut self, path: impl Into<AttributePath>) {
        self.requires_replace.push(path.into());
    }
}

/// An object made elsewhere.
#[derive(Debug, Clone)]
pub struct ImportResponse {
    /// Its state; begins with every attribute null. Setting what `read` needs is enough.
    pub state: Value,
    /// Its identity; begins as given, null if it was not.
    pub identity: Value,
    /// Data to keep beside the state.
    pub private: Private,
    /// Warnings, and errors beside the returned one.
    pub diagnostics: Diagnostics,
}
