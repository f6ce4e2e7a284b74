//! What a list of Block Storage asks for: filters, order, page, and the link to the next page.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde_json::{Value, json};
use url::form_urlencoded::Serializer;
use uuid::Uuid;
use zun_domain::policy::Action;
use zun_domain::volume::VolumeStatus;
use zun_engine::Call;
use zun_engine::query::{VolumeFilter, VolumeOrder};

use super::literal;
use super::scope::Scope;
use crate::error::{Answer, Problem};
use crate::extract::Args;
use crate::page::MOST;

/// Where a page begins and how much is on it.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) limit: usize,
    pub(super) offset: usize,
    pub(super) marker: Option<Uuid>,
    /// Everything that the query holds but the place where the page begins.
    kept: Vec<(String, String)>,
}

impl Page {
    /// Takes the arguments of a page.
    pub(super) fn take(args: &mut Args) -> Answer<Self> {
        let limit = args.integer("limit", 0, i64::MAX)?;
        let offset = args.integer("offset", 0, i64::from(i32::MAX))?;
        let marker = args.text("marker")?;
        let marker = marker.map(|text| {
            Uuid::parse_str(&text)
                .map_err(|_| wrong("marker", &text, "the id of the last one of the page before"))
        });
        let mut kept = args.query.clone();
        kept.retain(|(name, _)| !matches!(name.as_str(), "marker" | "offset"));
        let limit = limit.map_or(MOST, |limit| u32::try_from(limit).unwrap_or(MOST).min(MOST));
        Ok(Self {
            limit: limit as usize,
            offset: offset
                .and_then(|offset| usize::try_from(offset).ok())
                .unwrap_or(0),
            marker: marker.transpose()?,
            kept,
        })
    }

    /// The body of the page. One more than `limit` has been looked up: it tells whether there is a next page.
    pub(super) fn body<T>(
        &self,
        name: &str,
        here: &str,
        mut found: Vec<T>,
        id: impl Fn(&T) -> String,
        view: impl Fn(&T) -> Value,
    ) -> Value {
        let more = found.len() > self.limit;
        found.truncate(self.limit);
        let mut body = json!({});
        body[name] = found.iter().map(view).collect();
        if let (true, Some(last)) = (more, found.last()) {
            let mut query = Serializer::new(String::new());
            query.extend_pairs(&self.kept);
            query.append_pair("marker", &id(last));
            let href = format!("{here}?{}", query.finish());
            body[format!("{name}_links")] = json!([{"rel": "next", "href": href}]);
        }
        body
    }
}

/// What a list of volumes or snapshots asks for, and the view it is looked up in.
pub(super) struct Listing {
    pub(super) page: Page,
    pub(super) filter: VolumeFilter,
    pub(super) call: Call,
}

impl Listing {
    /// Takes the arguments of a list. What is not known is left alone.
    pub(super) fn take(scope: &Scope, mut args: Args, all: &'static str) -> Answer<Self> {
        let page = Page::take(&mut args)?;
        let mut call = scope.0.call.clone();
        // Asked for by somebody else it has no effect, as in Cinder, whose clients send it always.
        if args.ext_bool("all_tenants")? == Some(true) && scope.0.may(Action::Admin(all)).is_ok() {
            call.all_projects = true;
        }
        let filter = VolumeFilter {
            name: args.text("name")?,
            status: status(&mut args)?,
            metadata: metadata(&mut args)?,
            volume: parsed(&mut args, "volume_id", "the id of a volume")?,
            project: parsed(&mut args, "project_id", "the id of a project")?,
            user: parsed(&mut args, "user_id", "the id of a user")?,
            order: order(&mut args)?,
            limit: Some(page.limit + 1),
            offset: page.offset,
            marker: page.marker,
        };
        Ok(Self { page, filter, call })
    }
}

fn wrong(name: &str, text: &str, accepted: impl Display) -> Problem {
    let shown: String = text.chars().take(80).collect();
    Problem::value(
        name,
        format!("{shown:?} is not valid: {accepted} is expected"),
    )
}

fn parsed<T: std::str::FromStr>(args: &mut Args, name: &str, accepted: &str) -> Answer<Option<T>> {
    let text = args.text(name)?;
    text.map(|text| text.parse().map_err(|_| wrong(name, &text, accepted)))
        .transpose()
}

fn status(args: &mut Args) -> Answer<Option<VolumeStatus>> {
    let Some(text) = args.text("status")? else {
        return Ok(None);
    };
    let word = text.to_ascii_lowercase();
    let found = VolumeStatus::ALL
        .into_iter()
        .find(|status| status.as_str() == word);
    let words = VolumeStatus::ALL.map(VolumeStatus::as_str).join(", ");
    found
        .map(Some)
        .ok_or_else(|| wrong("status", &text, format_args!("one of {words}")))
}

fn metadata(args: &mut Args) -> Answer<BTreeMap<String, String>> {
    let Some(text) = args.text("metadata")? else {
        return Ok(BTreeMap::new());
    };
    literal::dictionary(&text).ok_or_else(|| {
        wrong(
            "metadata",
            &text,
            "a dictionary of texts such as {'stage': 'test'}",
        )
    })
}

/// `sort=name:asc,id`, or the older `sort_key` and `sort_dir`. A key without a direction goes down.
fn order(args: &mut Args) -> Answer<Vec<(VolumeOrder, bool)>> {
    let sort = args.text("sort")?;
    let (key, direction) = (args.text("sort_key")?, args.text("sort_dir")?);
    let Some(sort) = sort else {
        let key = key.as_deref().unwrap_or(VolumeOrder::CreatedAt.name());
        let direction = direction.as_deref().unwrap_or("desc");
        return Ok(vec![(
            order_key("sort_key", key)?,
            descending("sort_dir", direction)?,
        )]);
    };
    if key.is_some() || direction.is_some() {
        return Err(Problem::value(
            "sort",
            "goes without sort_key and sort_dir: give sort=key:direction alone",
        ));
    }
    let parts = sort.split(',').map(|part| {
        let (key, direction) = part.split_once(':').unwrap_or((part, "desc"));
        Ok((
            order_key("sort", key.trim())?,
            descending("sort", direction.trim())?,
        ))
    });
    parts.collect()
}

fn order_key(name: &str, word: &str) -> Answer<VolumeOrder> {
    let found = VolumeOrder::ALL.into_iter().find(|key| key.name() == word);
    let words = VolumeOrder::ALL.map(VolumeOrder::name).join(", ");
    found.ok_or_else(|| wrong(name, word, format_args!("one of {words}")))
}

fn descending(name: &str, word: &str) -> Answer<bool> {
    match word {
        "desc" => Ok(true),
        "asc" => Ok(false),
        _ => Err(wrong(name, word, "asc or desc")),
    }
}
