//! From records to rules.
