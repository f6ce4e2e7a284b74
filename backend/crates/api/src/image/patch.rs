//! A change of an image as a JSON patch (RFC 6902), of which Glance takes a part: `add`, `replace` and `remove` of one
//! attribute.

use axum::extract::Request;
use http::{StatusCode, header};
use serde_json::{Map, Value};
use zun_engine::command::image::ImageEdit;

use super::words::{BASE, READ_ONLY, edit, read_only};
use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::{parse, read_body};

/// What the body has to call itself.
const MEDIA: &str = "application/openstack-images-v2.1-json-patch";

/// The operations of a patch.
pub(super) struct Patch(Vec<Map<String, Value>>);

impl Patch {
    /// Reads the body.
    pub(super) async fn read(app: &App, request: Request) -> Answer<Self> {
        let given = request.headers().get(header::CONTENT_TYPE);
        let given = given
            .and_then(|value| value.to_str().ok())
            .unwrap_or("none");
        let media = given.split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case(MEDIA) {
            let shown: String = given.chars().take(80).collect();
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                format!("a change takes Content-Type: {MEDIA}, and this request has {shown}"),
            ));
        }
        parse(&read_body(app, request).await?).map(Self)
    }

    /// The changes in their order.
    pub(super) fn edits(&self, asked: &Admitted) -> Answer<Vec<ImageEdit>> {
        let mut edits = Vec::new();
        for operation in &self.0 {
            edits.extend(one(asked, operation)?);
        }
        Ok(edits)
    }
}

fn one(asked: &Admitted, operation: &Map<String, Value>) -> Answer<Option<ImageEdit>> {
    let word = |name: &str| {
        let text = operation.get(name).and_then(Value::as_str);
        text.ok_or_else(|| Problem::value(name, "must be a string in each operation of the patch"))
    };
    let (verb, path) = (word("op")?, word("path")?);
    let name = attribute(path)?;
    if READ_ONLY.contains(&name.as_str()) {
        return Err(read_only(&name));
    }
    let base = BASE.contains(&name.as_str());
    let value = || {
        let value = operation.get("value");
        value.ok_or_else(|| Problem::value("value", format!("is missing of {verb} {path}")))
    };
    match verb {
        "add" => edit(asked, &name, value()?),
        "replace" if base => edit(asked, &name, value()?),
        "replace" => Ok(match edit(asked, &name, value()?)? {
            Some(ImageEdit::SetProperty(name, value)) => {
                Some(ImageEdit::ReplaceProperty(name, value))
            }
            other => other,
        }),
        "remove" if base => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "read-only",
            format!("attribute {name:?} cannot be removed: replace it"),
        )),
        "remove" => Ok(Some(ImageEdit::RemoveProperty(name))),
        _ => {
            let shown: String = verb.chars().take(40).collect();
            Err(Problem::value(
                "op",
                format!("{shown:?} is not valid: add, replace or remove is expected"),
            ))
        }
    }
}

/// The attribute that a JSON pointer (RFC 6901) of one part names.
fn attribute(path: &str) -> Answer<String> {
    let inner = path
        .strip_prefix('/')
        .filter(|rest| !rest.is_empty() && !rest.contains('/'));
    let inner = inner.ok_or_else(|| {
        let shown: String = path.chars().take(80).collect();
        Problem::value(
            "path",
            format!("{shown:?} is not valid: a slash and the name of an attribute is expected, such as /name"),
        )
    })?;
    Ok(inner.replace("~1", "/").replace("~0", "~"))
}
