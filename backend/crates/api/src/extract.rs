//! What handlers are given: bodies of a bounded size, read within a bounded time, with a refusal that
//! names the field; and Zun's arguments, which come from the query and the body alike.

use std::collections::BTreeMap;
use std::fmt;

use axum::body::Bytes;
use axum::extract::{FromRequest, Query, Request};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use zun_engine::identity::Secret;

use crate::App;
use crate::error::{Answer, Problem};

/// The body of the request, of a bounded size, within a bounded time.
pub(crate) async fn read_body(app: &App, request: Request) -> Answer<Bytes> {
    let limit = app.settings.max_body_bytes;
    let too_large = || {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "payload-too-large",
            format!("the body is larger than the {limit} bytes that are read"),
        )
    };
    let declared = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let whole = Limited::new(request.into_body(), limit).collect();
    let patience = app.settings.body_timeout;
    match tokio::time::timeout(patience, whole).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Problem::bad(
            "invalid",
            "the body ended before it was complete",
        )),
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "request-timeout",
            format!(
                "the body did not arrive within {} s",
                patience.as_secs_f32()
            ),
        )),
    }
}

/// Refuses a body that does not call itself JSON.
pub(crate) fn json_only(headers: &HeaderMap) -> Answer<()> {
    let given = headers.get(header::CONTENT_TYPE);
    let text = given.map_or("none", |value| {
        value.to_str().unwrap_or("an unreadable one")
    });
    let media = text
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if media == "application/json"
        || (media.starts_with("application/") && media.ends_with("+json"))
    {
        return Ok(());
    }
    let shown: String = text.chars().take(80).collect();
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        format!("the body takes Content-Type: application/json, and this request has {shown}"),
    ))
}

/// Fields whose values are nobody's business in a message.
const SECRET: [&str; 4] = ["environment", "environment_wo", "password", "secret"];

pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Answer<T> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::bad(
            "schema-validation-error",
            "the body is empty; a JSON object is expected",
        ));
    }
    if has_nul(bytes) {
        let whole: Value = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
        if let Some(path) = path_of_nul(&whole) {
            return Err(Problem::value(
                &path,
                "a NUL (\\u0000) stands in it, which no value may hold",
            ));
        }
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        let inner = error.into_inner();
        if !inner.is_data() {
            return malformed(&inner);
        }
        let secret = path.split('.').any(|part| SECRET.contains(&part));
        if secret {
            return Problem::value(&path, "the value is not of the form that is accepted here");
        }
        let text = inner.to_string();
        let message = text
            .rsplit_once(" at line ")
            .map_or(text.as_str(), |(message, _)| message);
        Problem::value(&path, message)
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// A first look that costs next to nothing: the escape of a NUL, or what looks like one.
fn has_nul(bytes: &[u8]) -> bool {
    bytes.windows(6).any(|window| window == br"\u0000")
}

/// Where a text or a key holds a NUL: no database, no program and no path takes one.
fn path_of_nul(value: &Value) -> Option<String> {
    let below = |name: String, inner: &Value| {
        let path = path_of_nul(inner)?;
        let dot = if path.is_empty() || path.starts_with('[') {
            ""
        } else {
            "."
        };
        Some(format!("{name}{dot}{path}"))
    };
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(all) => {
            let mut all = all.iter().enumerate();
            all.find_map(|(index, inner)| below(format!("[{index}]"), inner))
        }
        Value::Object(all) => all.iter().find_map(|(key, inner)| {
            if key.contains('\0') {
                return Some(key.replace('\0', "\\0"));
            }
            below(key.clone(), inner)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::bad(
        "schema-validation-error",
        format!("the body is no JSON: {error}"),
    )
}

/// A JSON body of a known shape.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        json_only(request.headers())?;
        let bytes = read_body(app, request).await?;
        // A list would be read as the fields in their order.
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        if first.is_some_and(|byte| *byte != b'{') {
            parse::<Value>(&bytes)?;
            return Err(Problem::bad(
                "schema-validation-error",
                "the body must be a JSON object",
            ));
        }
        parse(&bytes).map(Self)
    }
}

/// A password or secret in a body; what is wrong with one is told without showing it.
#[derive(Debug, Clone)]
pub(crate) struct SecretText(pub(crate) Secret);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = SecretText;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E>(self, text: &str) -> Result<SecretText, E> {
                Ok(SecretText(Secret::new(text)))
            }
        }
        deserializer
            .deserialize_str(Text)
            .map_err(|_| serde::de::Error::custom("expected a string"))
    }
}

/// Zun's arguments: the query and the JSON object of the body in one. What was taken is
/// gone, so that [`Args::end`] can refuse what nobody knows.
#[derive(Debug, Default)]
pub(crate) struct Args {
    all: Map<String, Value>,
    /// The query as it came, for links to the next page.
    pub(crate) query: Vec<(String, String)>,
}

impl FromRequest<App> for Args {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let mut args = Self::of_query(request.uri())?;
        let takes_body = matches!(
            *request.method(),
            Method::POST | Method::PUT | Method::PATCH
        );
        if takes_body {
            let headers = request.headers().clone();
            let bytes = read_body(app, request).await?;
            args.add_body(&headers, &bytes)?;
        }
        Ok(args)
    }
}

impl Args {
    fn of_query(uri: &Uri) -> Answer<Self> {
        let Query(query) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Problem::bad("invalid", "the query cannot be read"))?;
        let texts = query.iter().cloned();
        Ok(Self {
            all: texts
                .map(|(name, text)| (name, Value::String(text)))
                .collect(),
            query,
        })
    }

    fn add_body(&mut self, headers: &HeaderMap, bytes: &[u8]) -> Answer<()> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        json_only(headers)?;
        match parse::<Value>(bytes)? {
            Value::Null => Ok(()),
            Value::Object(body) => {
                self.all.extend(body);
                Ok(())
            }
            _ => Err(Problem::bad(
                "schema-validation-error",
                "the body must be a JSON object",
            )),
        }
    }

    /// The arguments inside of one argument.
    pub(crate) fn nested(name: &str, value: Value) -> Answer<Self> {
        match value {
            Value::Object(all) => Ok(Self {
                all,
                query: Vec::new(),
            }),
            _ => Err(Problem::value(name, "must be an object")),
        }
    }

    /// The argument is there, null or not.
    pub(crate) fn given(&self, name: &str) -> bool {
        self.all.contains_key(name)
    }

    /// The argument is there and not null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.all.get(name).is_some_and(|value| !value.is_null())
    }

    /// The argument is there and holds something.
    pub(crate) fn holds(&self, name: &str) -> bool {
        match self.all.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::Object(items)) => !items.is_empty(),
            Some(_) => true,
        }
    }

    /// Takes an argument; null is none.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.all.remove(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &str) -> Answer<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Problem::value(name, "must be a string")),
        }
    }

    /// A text that stands for a domain's value.
    pub(crate) fn parsed<T>(&mut self, name: &str) -> Answer<Option<T>>
    where
        T: std::str::FromStr<Err: fmt::Display>,
    {
        let text = self.text(name)?;
        let parsed = text.map(|text| {
            text.parse::<T>()
                .map_err(|error| Problem::value(name, error))
        });
        parsed.transpose()
    }

    /// True or false in every spelling that OpenStack's clients use.
    pub(crate) fn ext_bool(&mut self, name: &str) -> Answer<Option<bool>> {
        let refused = || {
            Problem::value(
                name,
                "must be a boolean: true or false, 1 or 0, yes or no, on or off",
            )
        };
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(Value::String(text)) => match text.to_ascii_lowercase().as_str() {
                "true" | "1" | "on" | "yes" => Ok(Some(true)),
                "false" | "0" | "off" | "no" => Ok(Some(false)),
                _ => Err(refused()),
            },
            Some(Value::Number(number)) => match number.as_u64() {
                Some(1) => Ok(Some(true)),
                Some(0) => Ok(Some(false)),
                _ => Err(refused()),
            },
            Some(_) => Err(refused()),
        }
    }

    /// True or false, as JSON or as a word.
    pub(crate) fn bool(&mut self, name: &str) -> Answer<Option<bool>> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(Value::String(text)) if matches!(&*text, "true" | "True") => Ok(Some(true)),
            Some(Value::String(text)) if matches!(&*text, "false" | "False") => Ok(Some(false)),
            Some(_) => Err(Problem::value(name, "must be true or false")),
        }
    }

    /// A whole number, or digits in a string, from `least` to `most`.
    pub(crate) fn integer(&mut self, name: &str, least: i64, most: i64) -> Answer<Option<i64>> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let number = match &value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number.filter(|number| (least..=most).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(Problem::value(
                name,
                format!(
                    "{} is not valid: a whole number from {least} to {most} is expected",
                    shown(&value)
                ),
            )),
        }
    }

    /// A number, or one in a string, from `least` to `most`.
    pub(crate) fn number(&mut self, name: &str, least: f64, most: f64) -> Answer<Option<f64>> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let number = match &value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        match number.filter(|number| (least..=most).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(Problem::value(
                name,
                format!(
                    "{} is not valid: a number from {least} to {most} is expected",
                    shown(&value)
                ),
            )),
        }
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, name: &str) -> Answer<Option<Vec<String>>> {
        let refused = || Problem::value(name, "must be a list of strings");
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(items)) => {
                let texts = items.into_iter().map(|item| match item {
                    Value::String(text) => Ok(text),
                    _ => Err(refused()),
                });
                texts.collect::<Result<_, _>>().map(Some)
            }
            Some(_) => Err(refused()),
        }
    }

    /// A map of texts. With `coerce`, other scalars become texts, as Zun does with labels.
    pub(crate) fn map(
        &mut self,
        name: &str,
        coerce: bool,
    ) -> Answer<Option<BTreeMap<String, String>>> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        let Value::Object(items) = value else {
            return Err(Problem::value(name, "must be an object of strings"));
        };
        let mut map = BTreeMap::new();
        for (key, item) in items {
            let text = match item {
                Value::String(text) => text,
                Value::Bool(_) | Value::Number(_) if coerce => item.to_string(),
                _ => return Err(Problem::value(&format!("{name}.{key}"), "must be a string")),
            };
            map.insert(key, text);
        }
        Ok(Some(map))
    }

    /// Refuses what was not taken. Null counts: a name that nobody knows is a mistake.
    pub(crate) fn end(self) -> Answer<()> {
        match self.all.keys().next() {
            None => Ok(()),
            Some(name) => {
                let name: String = name.chars().take(80).collect();
                Err(Problem::value(
                    &name,
                    "no such parameter is known here, or not in this API version",
                ))
            }
        }
    }
}

/// A value in a message, cut short.
fn shown(value: &Value) -> String {
    value.to_string().chars().take(80).collect()
}
