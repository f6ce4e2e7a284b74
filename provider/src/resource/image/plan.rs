//! What a plan makes of an image: whether the data it was made of is still what the configuration names.
//!
//! What another data comes to is left open, also where the file can be read while planning: Terraform plans once more
//! while it applies, and a file that has changed in between would contradict what was shown.

use std::io;

use tfplugin::{Action, Diagnostic, Diagnostics, PlanRequest, PlanResponse, Value};

use super::file::Digests;
use crate::resource::networking::life::IMPORTED;

/// Settles the plan of an image.
pub(super) async fn settle(
    request: &PlanRequest,
    response: &mut PlanResponse,
) -> Result<(), Diagnostics> {
    match request.action {
        Action::Destroy => Ok(()),
        Action::Create => create(&request.config, response),
        Action::Update => update(request, response).await,
    }
}

fn create(config: &Value, response: &mut PlanResponse) -> Result<(), Diagnostics> {
    let is_null = |name: &str| config.get(name).is_ok_and(Value::is_null);
    if is_null("local_file_path") && is_null("registry_image") {
        return Err(Diagnostic::error(
            "Nothing to make an image of",
            "Set local_file_path to a file, or registry_image to what a registry has. An image that exists already is imported.",
        )
        .into());
    }
    if is_null("registry_image") {
        for (name, usual) in [("container_format", "docker"), ("disk_format", "raw")] {
            if is_null(name) {
                response.set(name, usual);
            }
        }
    }
    if let Some(path) = text(config, "local_file_path")
        && let Err(error) = std::fs::metadata(path)
    {
        warn_of(path, &error, response);
    }
    Ok(())
}

fn warn_of(path: &str, error: &io::Error, response: &mut PlanResponse) {
    let text = format!(
        "{path} cannot be read: {error}. The apply fails if it is the same then; a file that this run makes is read when it \
         is needed."
    );
    let warning = Diagnostic::warning("The file of the image is not there", text);
    response.diagnostics.push(warning.at("local_file_path"));
}

async fn update(request: &PlanRequest, response: &mut PlanResponse) -> Result<(), Diagnostics> {
    let (prior, config) = (&request.prior_state, &request.config);
    if text(prior, "status") != Some("active") {
        anew("status", response);
        return Ok(());
    }
    let imported = response.private.get(IMPORTED).is_some();
    match config.get("registry_image").unwrap_or(&Value::Null) {
        Value::Null => {}
        named if Ok(named) == prior.get("registry_image") => {}
        // What it was made of is not known, and may be this.
        named if named.is_known() && imported && text(prior, "registry_image").is_none() => {}
        _ => {
            anew("registry_image", response);
            return Ok(());
        }
    }
    match config.get("local_file_path").unwrap_or(&Value::Null) {
        Value::Null => {}
        Value::String(path) => by_file(path, prior, response).await?,
        // It may name anything: dearer than need be is better than cheaper.
        _ => anew("local_file_path", response),
    }
    Ok(())
}

async fn by_file(
    path: &str,
    prior: &Value,
    response: &mut PlanResponse,
) -> Result<(), Diagnostics> {
    let known = |name: &str| text(prior, name);
    match Digests::of(path).await {
        Ok(found) if found.are_of(known("checksum"), known("sha512")) => {}
        Ok(found) if !found.is_archive => return Err(no_archive(path).into()),
        Ok(_) => anew("checksum", response),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = format!(
                "{path} is not there, so nobody can say whether it still holds what image {} was made of. The image stays as \
                 it is.",
                known("id").unwrap_or_default()
            );
            let warning = Diagnostic::warning("The file of the image is not there", text);
            response.diagnostics.push(warning.at("local_file_path"));
        }
        Err(error) => return Err(unreadable(path, &error).into()),
    }
    Ok(())
}

/// Another image takes its place, for the sake of this attribute.
fn anew(name: &'static str, response: &mut PlanResponse) {
    let computed = ["checksum", "sha512", "status"];
    for open in computed.into_iter().filter(|open| *open == name) {
        response.mark_unknown(open);
    }
    response.require_replace(name);
}

/// A file that the server would not take, told before the image that it replaces is gone.
fn no_archive(path: &str) -> Diagnostic {
    let text = format!(
        "{path} holds other bytes than the image was made of, and they are no tar archive. Expected is a tar archive, plain or \
         compressed with gzip: of docker save, of an OCI layout, or of a root filesystem."
    );
    Diagnostic::error("The file is no image", text).at("local_file_path")
}

/// A file that cannot be read.
pub(super) fn unreadable(path: &str, error: &io::Error) -> Diagnostic {
    let text = format!(
        "{path}: {error}.\n\nName a file that this machine can read: local_file_path is taken from the folder that Terraform \
         runs in."
    );
    Diagnostic::error("The file of the image cannot be read", text).at("local_file_path")
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).ok().and_then(Value::as_str)
}
