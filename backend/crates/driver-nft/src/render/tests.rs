//! The text of whole rulesets.
