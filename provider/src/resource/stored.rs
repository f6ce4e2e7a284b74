//! What volumes and snapshots have in common: they are found by id or name, described in the same words, and
//! become what they are some time after it was asked for. [`life`] is the resource of either.

pub(super) mod life;

use std::collections::BTreeMap;

use tfplugin::schema::validator;
use tfplugin::{
    Attribute, Diagnostic, Diagnostics, Schema, Type, UpdateRequest, Value, async_trait,
};
use zun_client::{Client, Described, Error, Snapshot, Volume};

use crate::json::{parse, to_json, value_of};
use crate::report::{detail, failed, sentence};
use crate::resource::value::no_nulls;
use crate::wait::{Patience, Seen, Unmet, Why};

/// A volume or a snapshot.
#[async_trait]
pub(crate) trait Stored: Sized + Send + Sync {
    /// What it is called.
    const NOUN: &'static str;

    /// Its id.
    fn id(&self) -> &str;
    /// What is said about it.
    fn words(&self) -> Described;
    /// What it is doing.
    fn status(&self) -> &str;
    /// Why it is as it is.
    fn reason(&self) -> Option<&str>;

    /// By id.
    async fn find(client: &Client, id: &str) -> Result<Option<Self>, Error>;
    /// By name.
    async fn named(client: &Client, name: &str) -> Result<Vec<Self>, Error>;
    /// Changes what is said about it.
    async fn describe(client: &Client, id: &str, words: &Described) -> Result<(), Error>;
    /// Accepts its end; whether there was one.
    async fn delete(client: &Client, id: &str) -> Result<bool, Error>;
}

macro_rules! stored {
    ($type:ident, $noun:literal, $find:ident, $named:ident, $describe:ident, $delete:ident) => {
        #[async_trait]
        impl Stored for $type {
            const NOUN: &'static str = $noun;

            fn id(&self) -> &str {
                &self.id
            }

            fn words(&self) -> Described {
                Described {
                    name: self.name.clone().unwrap_or_default(),
                    description: self.description.clone().unwrap_or_default(),
                    metadata: self.metadata.clone(),
                }
            }

            fn status(&self) -> &str {
                &self.status
            }

            fn reason(&self) -> Option<&str> {
                self.status_reason.as_deref()
            }

            async fn find(client: &Client, id: &str) -> Result<Option<Self>, Error> {
                client.$find(id).await
            }

            async fn named(client: &Client, name: &str) -> Result<Vec<Self>, Error> {
                client.$named(name).await
            }

            async fn describe(client: &Client, id: &str, words: &Described) -> Result<(), Error> {
                client.$describe(id, words).await
            }

            async fn delete(client: &Client, id: &str) -> Result<bool, Error> {
                client.$delete(id).await
            }
        }
    };
}

stored!(
    Volume,
    "volume",
    volume_find,
    volumes_named,
    volume_describe,
    volume_delete
);
stored!(
    Snapshot,
    "snapshot",
    snapshot_find,
    snapshots_named,
    snapshot_describe,
    snapshot_delete
);

/// The attributes in which it is described.
const WORDS: [&str; 3] = ["name", "description", "metadata"];

/// Adds `id` and the words.
///
/// Description and metadata are empty when left out: the server cannot tell the one from the other, so the plan
/// after an import would show a change to whoever wrote what the state happened not to say.
pub(crate) fn attributes(schema: Schema) -> Schema {
    schema
        .attribute(
            "id",
            Attribute::string()
                .computed()
                .use_state_for_unknown()
                .description("The uuid."),
        )
        .attribute(
            "name",
            Attribute::string()
                .optional()
                .validator(validator::length(1..=255))
                .description("Name; it need not be unique. Changed live."),
        )
        .attribute(
            "description",
            Attribute::string()
                .default("")
                .validator(validator::length(..=255))
                .description("What it is for; empty when left out. Changed live."),
        )
        .attribute(
            "metadata",
            Attribute::map(Type::String)
                .default(Value::map::<&str>([]))
                .validator(no_nulls())
                .description(
                    "Words of your own, key and value; empty when left out. Changed live.",
                ),
        )
}

/// The words of a plan.
pub(crate) fn words_of(planned: &Value) -> Result<Described, Diagnostic> {
    let text = |name: &str| {
        let value = planned.get(name).ok().and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let metadata: Option<BTreeMap<String, String>> = match planned.get("metadata") {
        Ok(value) => parse(to_json(value)).map_err(|problem| problem.at("metadata"))?,
        Err(_) => None,
    };
    Ok(Described {
        name: text("name"),
        description: text("description"),
        metadata: metadata.unwrap_or_default(),
    })
}

/// Does the part of an update that says something else about it.
pub(crate) async fn describe_anew<T: Stored>(
    client: &Client,
    id: &str,
    request: &UpdateRequest,
) -> Result<(), Diagnostics> {
    if WORDS.iter().any(|name| request.changes(name)) {
        let words = words_of(&request.planned_state)?;
        let described = T::describe(client, id, &words).await;
        described.map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// Sets `id` and the words.
pub(crate) fn set_words(state: &mut Value, thing: &impl Stored) {
    let words = thing.words();
    let named = !words.name.is_empty();
    state.set("id", thing.id());
    state.set("name", named.then_some(words.name));
    state.set("description", words.description);
    state.set("metadata", value_of(&words.metadata));
}

/// The one of this id or, failing that, of this name.
pub(crate) async fn by_id_or_name<T: Stored>(
    client: &Client,
    which: &str,
) -> Result<T, Diagnostic> {
    let which = which.trim();
    if which.is_empty() {
        let text = format!("Name the {} by its id or by its name.", T::NOUN);
        return Err(Diagnostic::error("Nothing to look for", text));
    }
    match by_id(client, which).await? {
        Some(found) => Ok(found),
        None => by_name(client, which).await,
    }
}

/// The one of this id, if any. A server that also knows it by name answers for that too, which is not meant.
pub(crate) async fn by_id<T: Stored>(client: &Client, id: &str) -> Result<Option<T>, Diagnostic> {
    let found = T::find(client, id).await.map_err(|error| failed(&error))?;
    Ok(found.filter(|thing| thing.id() == id))
}

/// The only one of this name.
pub(crate) async fn by_name<T: Stored>(client: &Client, name: &str) -> Result<T, Diagnostic> {
    let named = T::named(client, name).await;
    let mut named = named.map_err(|error| failed(&error))?;
    let noun = T::NOUN;
    match named.len() {
        1 => Ok(named.remove(0)),
        0 => Err(Diagnostic::error(
            format!("No such {noun}"),
            format!(
                "The project has no {noun} with the id or the name {name:?}.\n\n\
                 `openstack {} list` shows those it has.",
                command(noun)
            ),
        )),
        count => {
            let ids: Vec<&str> = named.iter().map(Stored::id).collect();
            Err(Diagnostic::error(
                format!("Several {noun}s have this name"),
                format!(
                    "{count} {noun}s are named {name:?}; name one by its id: {}.",
                    ids.join(", ")
                ),
            ))
        }
    }
}

/// The part of the `openstack` command that is about it.
fn command(noun: &str) -> &str {
    match noun {
        "snapshot" => "volume snapshot",
        noun => noun,
    }
}

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Create,
    Extend,
    Delete,
}

impl Deed {
    fn done(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Extend => "extended",
            Self::Delete => "deleted",
        }
    }

    fn timeout(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Extend => "update",
            Self::Delete => "delete",
        }
    }

    /// What is left to do after it has failed.
    fn next(self) -> &'static str {
        match self {
            Self::Create => {
                "Correct the cause and apply again: what is left of this one is then replaced."
            }
            Self::Extend => {
                "It is as large as before, and its data is untouched. Correct the cause and apply again."
            }
            Self::Delete => "Correct the cause and apply again.",
        }
    }
}

/// Waits until nothing is being done to it any more. What could not be made is an error with its reason.
pub(crate) async fn settled<T: Stored>(
    client: &Client,
    patience: &Patience,
    deed: Deed,
    id: &str,
) -> Result<T, Diagnostic> {
    let found = while_doing::<T>(client, patience, &["creating", "extending"], id).await;
    match found.map_err(|unmet| of_unmet::<T>(deed, id, &unmet))? {
        Some(thing) if thing.status() == "error" => Err(failure(deed, &thing)),
        Some(thing) => Ok(thing),
        None => Err(Diagnostic::error(
            format!("{} {id} is gone", sentence(T::NOUN)),
            format!(
                "Somebody deleted it while it was being {}. Plan again.",
                deed.done()
            ),
        )),
    }
}

/// Waits until it is gone. A delete that failed leaves it as it was.
pub(crate) async fn gone<T: Stored>(
    client: &Client,
    patience: &Patience,
    id: &str,
) -> Result<(), Diagnostic> {
    let left = while_doing::<T>(client, patience, &["deleting"], id).await;
    match left.map_err(|unmet| of_unmet::<T>(Deed::Delete, id, &unmet))? {
        None => Ok(()),
        Some(thing) => Err(failure(Deed::Delete, &thing)),
    }
}

/// Waits until its status is none of these.
async fn while_doing<T: Stored>(
    client: &Client,
    patience: &Patience,
    work: &[&str],
    id: &str,
) -> Result<Option<T>, Unmet> {
    let look = || async {
        Ok(match T::find(client, id).await? {
            Some(thing) if work.contains(&thing.status()) => Seen::Still(thing.status().to_owned()),
            found => Seen::Done(found),
        })
    };
    patience.until(look).await
}

/// `volume data (6b1c...)`, for the beginning of a sentence.
fn called<T: Stored>(thing: &T) -> String {
    let name = thing.words().name;
    if name.is_empty() {
        format!("{} {}", sentence(T::NOUN), thing.id())
    } else {
        format!("{} {name} ({})", sentence(T::NOUN), thing.id())
    }
}

/// It did not become what it should, with the server's reason.
pub(crate) fn failure<T: Stored>(deed: Deed, thing: &T) -> Diagnostic {
    let reason = thing
        .reason()
        .map_or_else(|| format!("Its status is {}", thing.status()), sentence);
    Diagnostic::error(
        format!("{} could not be {}", called(thing), deed.done()),
        format!("{reason}.\n\n{}", deed.next()),
    )
}

fn of_unmet<T: Stored>(deed: Deed, id: &str, unmet: &Unmet) -> Diagnostic {
    let progress = match unmet.progress.as_str() {
        "" => String::new(),
        progress => format!(" (it is {progress})"),
    };
    let text = match &unmet.why {
        Why::Stopped => format!(
            "The run was stopped; the server goes on with it{progress}. Plan again to see how it ended."
        ),
        Why::TimedOut(timeout) => format!(
            "It took longer than {} seconds and the server goes on with it{progress}. Plan again to see how it ended, or \
             give it more time with timeouts = {{ {} = \"1h\" }}.",
            timeout.as_secs(),
            deed.timeout()
        ),
        Why::Lost(error) => format!(
            "{} The server goes on with it{progress}; plan again to see how it ended.",
            detail(error)
        ),
    };
    let summary = format!("{} {id} is not {} yet", sentence(T::NOUN), deed.done());
    Diagnostic::error(summary, text)
}
