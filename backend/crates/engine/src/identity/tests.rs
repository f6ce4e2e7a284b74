//! Every refusal, on real SQLite with a frozen clock.
