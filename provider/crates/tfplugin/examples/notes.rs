//! A provider whose objects are files: enough of everything to be tried with a real Terraform.
//!
//! ```text
//! cargo build -p tfplugin-rs --example notes
//! ```

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tfplugin::schema::validator;
use tfplugin::{
    Action, Attribute, ConfigureRequest, Context, CreateRequest, DataResponse, DataSource,
    DeleteRequest, Diagnostic, Diagnostics, Fields, IdentityAttribute, IdentitySchema,
    ImportRequest, ImportResponse, Number, Operation, PlanRequest, PlanResponse, Provider,
    ReadRequest, Resource, Schema, StateResponse, Timeouts, Type, UpdateRequest, Value,
    async_trait, model,
};

/// The directory the notes are in.
struct Notes {
    directory: PathBuf,
}

impl Notes {
    fn path(&self, id: &str) -> PathBuf {
        self.directory.join(format!("{id}.json"))
    }

    fn write(&self, id: &str, note: &Note) -> io::Result<()> {
        let content = json!({
            "title": note.title,
            "weight": note.weight.to_string(),
            "labels": note.labels,
            "secret": note.secret,
            "format": note.format.as_ref().map(|f| json!({"bold": f.bold, "size": f.size})),
            "lines": note.lines.as_ref().map(|lines| {
                lines.iter().map(|line| &line.text).collect::<Vec<_>>()
            }),
        });
        std::fs::write(self.path(id), content.to_string())
    }

    fn find(&self, id: &str) -> io::Result<Option<Json>> {
        match std::fs::read(self.path(id)) {
            Ok(content) => Ok(Some(serde_json::from_slice(&content)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

model! {
    /// What a note consists of.
    struct Note {
        title: String,
        weight: Number,
        labels: Option<BTreeMap<String, String>>,
        secret: Option<String>,
        format: Option<Format>,
        lines: Option<Vec<Line>>,
        delay_ms: u64,
        fail: Option<String>,
    }
}

model! {
    /// How a note looks.
    struct Format {
        bold: bool,
        size: Option<u32>,
    }
}

model! {
    /// One line of a note.
    struct Line {
        text: String,
        length: tfplugin::Attr<u64>,
    }
}

struct NoteResource;

impl NoteResource {
    /// Everything the provider computes, for a note that exists.
    fn complete(
        id: &str,
        planned: &Value,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let lines: Option<Vec<Line>> = planned.read("lines")?;
        let lines = lines.map(|lines| {
            let measured = lines.into_iter().map(|line| Line {
                length: (line.text.len() as u64).into(),
                ..line
            });
            measured.collect::<Vec<_>>()
        });
        response.set_state(planned.clone());
        response.set("id", id);
        response.set("lines", lines);
        response.set("revision", "1");
        response.set_identity(Value::object([("id", Value::string(id))]));
        Ok(())
    }
}

fn failed(what: &str, error: impl ToString) -> Diagnostics {
    Diagnostic::error(format!("Cannot {what} the note"), error).into()
}

#[async_trait]
impl Resource<Notes> for NoteResource {
    fn type_name(&self) -> &'static str {
        "notes_note"
    }

    fn schema(&self) -> Schema {
        let format = Fields::new()
            .attribute("bold", Attribute::bool().default(false))
            .attribute("size", Attribute::int().optional());
        let line = Fields::new()
            .attribute("text", Attribute::string().required())
            .attribute("length", Attribute::int().computed());
        Schema::new()
            .description("A note in a file.")
            .attribute("id", Attribute::string().computed().use_state_for_unknown())
            .attribute("revision", Attribute::string().computed())
            .attribute(
                "title",
                Attribute::string()
                    .required()
                    .requires_replace()
                    .validator(validator::length(1..=40)),
            )
            .attribute("weight", Attribute::number().default(0.1))
            .attribute("labels", Attribute::map(Type::String).optional())
            .attribute("secret", Attribute::string().optional().sensitive())
            .attribute("token", Attribute::string().optional().write_only())
            .attribute("format", Attribute::single_nested(format).optional())
            .attribute("lines", Attribute::list_nested(line).optional())
            .attribute("delay_ms", Attribute::int().default(0))
            .attribute("fail", Attribute::string().optional())
            .timeouts(Timeouts::new().of(Operation::Create, Duration::from_mins(1)))
    }

    fn identity(&self) -> Option<IdentitySchema> {
        let id = IdentityAttribute::required(Type::String);
        Some(IdentitySchema::new().attribute("id", id))
    }

    async fn modify_plan(
        &self,
        _: &Context<Notes>,
        request: &PlanRequest,
        response: &mut PlanResponse,
    ) -> Result<(), Diagnostics> {
        if request.action == Action::Destroy {
            response
                .diagnostics
                .warn("A note goes away", "Its text is lost.");
        }
        Ok(())
    }

    async fn create(
        &self,
        context: &Context<Notes>,
        request: CreateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let note: Note = request.planned_state.to()?;
        let id = format!("note-{}", note.title);
        let notes = context.client()?;
        notes.write(&id, &note).map_err(|e| failed("write", e))?;
        response.set("id", &id);
        if request.config.get("token")?.as_str() == Some("wrong") {
            return Err(failed("protect", "The token is wrong."));
        }
        match note.fail.as_deref() {
            Some("error") => return Err(failed("check", "It was asked to fail.")),
            Some("panic") => assert!(id.is_empty(), "it was asked to panic"),
            _ => {}
        }
        let wait = Duration::from_millis(note.delay_ms).min(context.timeout);
        let stopped = tokio::time::timeout(wait, context.cancel.cancelled()).await;
        if stopped.is_ok() {
            return Err(failed("finish", "The run was stopped."));
        }
        Self::complete(&id, &request.planned_state, response)
    }

    async fn read(
        &self,
        context: &Context<Notes>,
        request: ReadRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let id: String = request.current_state.read("id")?;
        let found = context.client()?.find(&id).map_err(|e| failed("read", e))?;
        let Some(found) = found else {
            response.remove();
            return Ok(());
        };
        response.set("title", found["title"].as_str());
        let weight: Option<Number> = found["weight"].as_str().and_then(|w| w.parse().ok());
        response.set("weight", weight);
        response.set("revision", "1");
        response.set_identity(Value::object([("id", Value::string(&id))]));
        if response.state().get("delay_ms")?.is_null() {
            response.set("delay_ms", 0);
        }
        Ok(())
    }

    async fn update(
        &self,
        context: &Context<Notes>,
        request: UpdateRequest,
        response: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let id: String = request.prior_state.read("id")?;
        let note: Note = request.planned_state.to()?;
        let notes = context.client()?;
        notes.write(&id, &note).map_err(|e| failed("write", e))?;
        Self::complete(&id, &request.planned_state, response)
    }

    async fn delete(
        &self,
        context: &Context<Notes>,
        request: DeleteRequest,
        _: &mut StateResponse,
    ) -> Result<(), Diagnostics> {
        let id: String = request.prior_state.read("id")?;
        match std::fs::remove_file(context.client()?.path(&id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", error)),
            _ => Ok(()),
        }
    }

    async fn import(
        &self,
        _: &Context<Notes>,
        request: ImportRequest,
        response: &mut ImportResponse,
    ) -> Result<(), Diagnostics> {
        response.state.set("id", request.id("id"));
        Ok(())
    }
}

struct NoteCount;

#[async_trait]
impl DataSource<Notes> for NoteCount {
    fn type_name(&self) -> &'static str {
        "notes_count"
    }

    fn schema(&self) -> Schema {
        Schema::new()
            .attribute("prefix", Attribute::string().optional())
            .attribute("count_of", Attribute::int().computed())
    }

    async fn read(
        &self,
        context: &Context<Notes>,
        config: Value,
        response: &mut DataResponse,
    ) -> Result<(), Diagnostics> {
        let prefix: Option<String> = config.read("prefix")?;
        let prefix = format!("note-{}", prefix.unwrap_or_default());
        let files = std::fs::read_dir(&context.client()?.directory);
        let files = files
            .map_err(|e| failed("count", e))?
            .filter_map(Result::ok);
        let count = files.filter(|file| file.file_name().to_string_lossy().starts_with(&prefix));
        response.set("count_of", count.count() as u64);
        Ok(())
    }
}

struct NotesProvider;

#[async_trait]
impl Provider for NotesProvider {
    type Client = Notes;

    fn address(&self) -> &'static str {
        "example.com/tfplugin/notes"
    }

    fn schema(&self) -> Schema {
        Schema::new().attribute("directory", Attribute::string().required())
    }

    async fn configure(
        &self,
        request: ConfigureRequest,
        _: &mut Diagnostics,
    ) -> Result<Option<Notes>, Diagnostics> {
        tracing::info!(terraform = request.terraform_version, "configured");
        let directory: tfplugin::Attr<String> = request.config.read("directory")?;
        Ok(directory.known().map(|directory| Notes {
            directory: directory.into(),
        }))
    }

    fn resources(&self) -> Vec<Box<dyn Resource<Notes>>> {
        vec![Box::new(NoteResource)]
    }

    fn data_sources(&self) -> Vec<Box<dyn DataSource<Notes>>> {
        vec![Box::new(NoteCount)]
    }
}

fn main() -> ExitCode {
    tfplugin::serve(NotesProvider)
}
