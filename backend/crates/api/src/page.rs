//! Pages of `/v1`: limit, marker, order, and the link to the next page.

use serde_json::Value;
use url::form_urlencoded::Serializer;

use crate::error::{Answer, Problem};
use crate::extract::Args;

/// Most items of one page, and the number where none is asked for.
pub(crate) const MOST: u32 = 1000;

/// What a list asks of its pages.
#[derive(Debug)]
pub(crate) struct Paging {
    pub(crate) limit: u32,
    pub(crate) marker: Option<String>,
    pub(crate) sort_key: String,
    pub(crate) descending: bool,
    /// Everything else that the query holds, for the link to the next page.
    kept: Vec<(String, String)>,
}

impl Paging {
    /// Takes the paging arguments. `keys` are the accepted sort keys, the first being the default.
    pub(crate) fn take(args: &mut Args, keys: &[&str]) -> Answer<Self> {
        let limit = args.integer("limit", 1, i64::MAX)?;
        let sort_key = args.text("sort_key")?.unwrap_or_else(|| keys[0].to_owned());
        if !keys.contains(&sort_key.as_str()) {
            let shown: String = sort_key.chars().take(80).collect();
            return Err(Problem::bad(
                "invalid-parameter-value",
                format!(
                    "sort_key: {shown:?} is not valid: one of {} is expected",
                    keys.join(", ")
                ),
            ));
        }
        let descending = match args.text("sort_dir")?.as_deref() {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(_) => {
                return Err(Problem::bad(
                    "invalid-parameter-value",
                    "sort_dir: must be asc or desc",
                ));
            }
        };
        let marker = args.text("marker")?;
        // Accepted by Zun, and without effect there too.
        args.take("resource_url");
        args.take("expand");
        let own = [
            "limit",
            "sort_key",
            "sort_dir",
            "marker",
            "resource_url",
            "expand",
        ];
        let mut kept = args.query.clone();
        kept.retain(|(name, _)| !own.contains(&name.as_str()));
        let limit = limit.map_or(MOST, |limit| u32::try_from(limit).unwrap_or(MOST).min(MOST));
        Ok(Self {
            limit,
            marker,
            sort_key,
            descending,
            kept,
        })
    }

    /// The link to the page after `last`, where this page was full.
    pub(crate) fn next(
        &self,
        base: &str,
        collection: &str,
        count: usize,
        last: Option<String>,
    ) -> Value {
        let (true, Some(last)) = (count == self.limit as usize, last) else {
            return Value::Null;
        };
        let mut query = Serializer::new(String::new());
        for (name, text) in &self.kept {
            query.append_pair(name, text);
        }
        let direction = if self.descending { "desc" } else { "asc" };
        query.append_pair("sort_key", &self.sort_key);
        query.append_pair("sort_dir", direction);
        query.append_pair("limit", &self.limit.to_string());
        query.append_pair("marker", &last);
        Value::String(format!("{base}/v1/{collection}?{}", query.finish()))
    }

    /// The page of a list that is short enough to be sorted here. `id` names an item as a marker does.
    pub(crate) fn cut<T, K: Ord>(
        &self,
        what: &'static str,
        mut items: Vec<T>,
        key: impl Fn(&T) -> K,
        id: impl Fn(&T) -> String,
    ) -> Answer<Vec<T>> {
        items.sort_by_key(|item| (key(item), id(item)));
        if self.descending {
            items.reverse();
        }
        let from = match &self.marker {
            None => 0,
            Some(marker) => {
                let place = items.iter().position(|item| id(item) == *marker);
                place.ok_or_else(|| Problem::not_found(what, marker))? + 1
            }
        };
        Ok(items
            .into_iter()
            .skip(from)
            .take(self.limit as usize)
            .collect())
    }
}
