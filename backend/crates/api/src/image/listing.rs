//! What a list of images asks for: filters, order, page, and the links to the first and the next page.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::{Value, json};
use url::form_urlencoded::Serializer;
use zun_domain::image::{Image, Visibility};
use zun_domain::time::Timestamp;
use zun_engine::query::{ImageFilter, ImageOrder};

use super::view;
use crate::error::{Answer, Problem};
use crate::extract::Args;
use crate::page::MOST;

/// Images of a page where nothing is said, as in Glance.
const USUAL: usize = 25;

/// What a list asks for, and what its links repeat.
pub(super) struct Listing {
    pub(super) filter: ImageFilter,
    limit: usize,
    kept: Vec<(String, String)>,
}

impl Listing {
    /// Takes the arguments of a list. A name that Glance does not know is that of a property.
    pub(super) fn take(args: Args) -> Answer<Self> {
        let mut filter = ImageFilter::default();
        let mut limit = USUAL;
        let mut sorting = Sorting::default();
        for (name, text) in &args.query {
            match name.as_str() {
                "limit" => limit = number(name, text)?.min(MOST as usize),
                "marker" => filter.marker = Some(parsed(name, text, "the id of an image")?),
                "sort" => sorting.whole(text)?,
                "sort_key" => sorting.keys.push(order_key(name, text)?),
                "sort_dir" => sorting.directions.push(descending(name, text)?),
                _ => narrow(&mut filter, name, text)?,
            }
        }
        filter.order = sorting.order();
        filter.limit = Some(limit + 1);
        let mut kept = args.query;
        kept.retain(|(name, _)| name != "marker");
        Ok(Self {
            filter,
            limit,
            kept,
        })
    }

    /// The body. One more than `limit` has been looked up: it tells whether there is a next page.
    pub(super) fn body(&self, mut found: Vec<Image>) -> Value {
        let more = found.len() > self.limit;
        found.truncate(self.limit);
        let images: Vec<Value> = found.iter().map(view::image).collect();
        let mut body = json!({
            "images": images,
            "first": self.link(None),
            "schema": "/v2/schemas/images",
        });
        if let (true, Some(last)) = (more, found.last()) {
            body["next"] = json!(self.link(Some(last)));
        }
        body
    }

    /// As Glance writes it: without the address of the service, which clients add.
    fn link(&self, after: Option<&Image>) -> String {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(&self.kept);
        if let Some(last) = after {
            query.append_pair("marker", &last.id.to_string());
        }
        let query = query.finish();
        if query.is_empty() {
            return "/v2/images".to_owned();
        }
        format!("/v2/images?{query}")
    }
}

fn wrong(name: &str, text: &str, accepted: impl std::fmt::Display) -> Problem {
    let shown: String = text.chars().take(80).collect();
    Problem::value(
        name,
        format!("{shown:?} is not valid: {accepted} is expected"),
    )
}

fn parsed<T: std::str::FromStr>(name: &str, text: &str, accepted: &str) -> Answer<T> {
    text.parse().map_err(|_| wrong(name, text, accepted))
}

fn number(name: &str, text: &str) -> Answer<usize> {
    parsed(name, text, "a whole number from 0 up")
}

fn boolean(name: &str, text: &str) -> Answer<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(wrong(name, text, "true or false")),
    }
}

/// One value, or several as `in:a,b`, where one with a comma stands in quotes.
fn several(text: &str) -> BTreeSet<String> {
    let Some(list) = text.strip_prefix("in:") else {
        return BTreeSet::from([text.to_owned()]);
    };
    let (mut all, mut quoted) = (vec![String::new()], false);
    for c in list.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(String::new()),
            c => {
                if let Some(last) = all.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    all.into_iter().collect()
}

fn narrow(filter: &mut ImageFilter, name: &str, text: &str) -> Answer<()> {
    match name {
        "id" => {
            for id in several(text) {
                filter.ids.insert(parsed(name, &id, "the id of an image")?);
            }
        }
        "name" => filter.names = several(text),
        "status" => filter.statuses = several(text),
        "container_format" => filter.container_formats = several(text),
        "disk_format" => filter.disk_formats = several(text),
        "visibility" => filter.visibility = visibility(text)?,
        "owner" => filter.owner = Some(parsed(name, text, "the id of a project")?),
        "tag" => {
            filter.tags.insert(text.to_owned());
        }
        "protected" => filter.protected = Some(boolean(name, text)?),
        "os_hidden" => filter.hidden = boolean(name, text)?,
        "checksum" => filter.checksum = Some(text.to_owned()),
        "os_hash_value" => filter.hash = Some(text.to_owned()),
        "size_min" => filter.size_min = Some(number(name, text)? as u64),
        "size_max" => filter.size_max = Some(number(name, text)? as u64),
        "created_at" => filter.created_at.push(bound(name, text)?),
        "updated_at" => filter.updated_at.push(bound(name, text)?),
        // Of images that other projects share, which there are none of.
        "member_status" => {}
        _ => {
            filter.properties.insert(name.to_owned(), text.to_owned());
        }
    }
    Ok(())
}

fn visibility(text: &str) -> Answer<Option<Visibility>> {
    match text {
        "private" => Ok(Some(Visibility::Private)),
        "public" => Ok(Some(Visibility::Public)),
        "all" => Ok(None),
        _ => Err(wrong("visibility", text, "private, public or all")),
    }
}

/// `gte:2026-01-01T00:00:00Z`: which orderings to that moment are right.
fn bound(name: &str, text: &str) -> Answer<(Timestamp, Vec<Ordering>)> {
    use Ordering::{Equal, Greater, Less};
    let accepted = "gt, gte, lt, lte, eq or neq, a colon and a time such as 2026-01-01T00:00:00Z";
    let refused = || wrong(name, text, accepted);
    let (word, time) = match text.split_once(':') {
        Some((word, time)) if word.chars().all(|c| c.is_ascii_lowercase()) => (word, time),
        _ => ("eq", text),
    };
    let right = match word {
        "gt" => vec![Greater],
        "gte" => vec![Greater, Equal],
        "lt" => vec![Less],
        "lte" => vec![Less, Equal],
        "eq" => vec![Equal],
        "neq" => vec![Less, Greater],
        _ => return Err(refused()),
    };
    let zoned = if time.ends_with('Z') || time.contains('+') {
        time.to_owned()
    } else {
        format!("{time}Z")
    };
    let time: Timestamp = zoned.parse().map_err(|_| refused())?;
    Ok((time, right))
}

/// `sort=name:asc,id`, or any number of `sort_key` and `sort_dir`.
#[derive(Default)]
struct Sorting {
    keys: Vec<ImageOrder>,
    directions: Vec<bool>,
}

impl Sorting {
    fn whole(&mut self, text: &str) -> Answer<()> {
        for part in text.split(',') {
            let (key, direction) = part.split_once(':').unwrap_or((part, "desc"));
            self.keys.push(order_key("sort", key.trim())?);
            self.directions.push(descending("sort", direction.trim())?);
        }
        Ok(())
    }

    /// One direction for all, or one for each; down where none is given.
    fn order(self) -> Vec<(ImageOrder, bool)> {
        let first = self.directions.first().copied().unwrap_or(true);
        let direction = |index: usize| self.directions.get(index).copied().unwrap_or(first);
        let keys = self.keys.iter().enumerate();
        let mut order: Vec<_> = keys.map(|(index, key)| (*key, direction(index))).collect();
        order.push((ImageOrder::CreatedAt, true));
        order
    }
}

fn order_key(name: &str, word: &str) -> Answer<ImageOrder> {
    let found = ImageOrder::ALL.into_iter().find(|key| key.name() == word);
    let words = ImageOrder::ALL.map(ImageOrder::name).join(", ");
    found.ok_or_else(|| wrong(name, word, format_args!("one of {words}")))
}

fn descending(name: &str, word: &str) -> Answer<bool> {
    match word {
        "desc" => Ok(true),
        "asc" => Ok(false),
        _ => Err(wrong(name, word, "asc or desc")),
    }
}
