//! Log records in the form Terraform understands: one JSON object per line on standard error.
//!
//! Installed only if the environment asks for logs. Values of configurations and states are
//! never logged by this crate.

use std::fmt::Debug;
use std::io::Write;

use serde_json::{Map, Value as Json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// Libraries whose records are about the transport, not about the provider.
const TRANSPORT: [&str; 5] = ["h2", "hyper", "rustls", "tonic", "tower"];

/// Sends all records of this level and above to Terraform.
pub(crate) fn install(level: LevelFilter, module: &str) {
    let layer = Records {
        module: format!("provider.{module}"),
    };
    let subscriber = tracing_subscriber::registry().with(layer.with_filter(level));
    // A second subscriber in one process is refused; the first one goes on.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

struct Records {
    module: String,
}

impl<S: Subscriber> Layer<S> for Records {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let library = metadata.target().split("::").next().unwrap_or_default();
        if TRANSPORT.contains(&library) {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let record = record(
            *metadata.level(),
            &self.module,
            &now(),
            metadata.target(),
            fields.0,
        );
        let mut line = Json::Object(record).to_string();
        line.push('\n');
        // Terraform may have closed the pipe; there is nobody else to tell.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "log records carry the time at which they are written"
)]
fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
        .to_string()
}

/// Terraform takes level, message and time for granted as text, in exactly this form.
fn record(
    level: Level,
    module: &str,
    time: &str,
    target: &str,
    mut fields: Map<String, Json>,
) -> Map<String, Json> {
    let message = match fields.remove("message") {
        Some(Json::String(message)) => message,
        _ => String::new(),
    };
    fields.retain(|name, _| !name.starts_with('@'));
    let own = [
        ("@level", level.as_str().to_lowercase()),
        ("@message", message),
        ("@timestamp", time.to_owned()),
        ("@module", module.to_owned()),
        ("@caller", target.to_owned()),
    ];
    for (name, value) in own {
        fields.insert(name.to_owned(), Json::String(value));
    }
    fields
}

#[derive(Default)]
struct Fields(Map<String, Json>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Json>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_what_terraform_takes_for_granted() {
        let mut fields = Map::new();
        fields.insert("message".into(), "hello".into());
        fields.insert("@level".into(), 7.into());
        fields.insert("count".into(), 3.into());
        let record = record(Level::WARN, "provider.x", &now(), "x::y", fields);
        assert_eq!(record["@level"], "warn");
        assert_eq!(record["@message"], "hello");
        assert_eq!(record["count"], 3);
        let time = record["@timestamp"].as_str().unwrap();
        assert_eq!(time.len(), "2026-01-02T03:04:05.123456Z".len(), "{time}");
    }
}
