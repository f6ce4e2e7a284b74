//! Tests of the plans of updates.
