//! What Docker's answers mean: status codes and sentences into our classes, once.

use std::path::Path;

use bollard::errors::Error as Bollard;
use zun_driver::{Class, Error};

/// Our error for one of bollard's. `tried` completes "cannot …".
pub(crate) fn told(socket: &Path, tried: &str, error: Bollard) -> Error {
    match error {
        Bollard::DockerResponseServerError {
            status_code,
            message,
        } => {
            let class = class_of(status_code, &message);
            Error::new(class, format!("cannot {tried}: {}", clean(&message)))
        }
        Bollard::DockerStreamError { error } => Error::new(
            class_of(500, &error),
            format!("cannot {tried}: {}", clean(&error)),
        ),
        Bollard::SocketNotFoundError(_) => unreachable_engine(socket, "there is no such socket"),
        Bollard::RequestTimeoutError => Error::new(
            Class::Unavailable,
            format!(
                "cannot {tried}: the Docker Engine at {} does not answer in time",
                socket.display()
            ),
        ),
        Bollard::HyperLegacyError { err } => unreachable_engine(socket, &innermost(&err)),
        Bollard::HyperResponseError { err } => unreachable_engine(socket, &innermost(&err)),
        Bollard::IOError { err } => unreachable_engine(socket, &innermost(&err)),
        other => Error::new(
            Class::Internal,
            format!("cannot {tried}: the Docker Engine's answer is not understood: {other}"),
        ),
    }
}

/// The engine cannot be reached: which socket, why, and what to do.
fn unreachable_engine(socket: &Path, cause: &str) -> Error {
    let socket = socket.display();
    let advice = if cause.contains("ermission denied") {
        "run as root or join the group docker"
    } else {
        "start it, for example with `systemctl start docker`"
    };
    Error::new(
        Class::Unavailable,
        format!("the Docker Engine does not answer at {socket} ({cause}): {advice}"),
    )
}

fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// Whether bollard says that the engine has no such thing.
pub(crate) fn is_absent(error: &Bollard) -> bool {
    status(error) == Some(404)
}

/// The status code of an answer.
pub(crate) fn status(error: &Bollard) -> Option<u16> {
    match error {
        Bollard::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// The engine's own sentence, empty where there is none.
pub(crate) fn sentence(error: &Bollard) -> &str {
    match error {
        Bollard::DockerResponseServerError { message, .. } => message,
        Bollard::DockerStreamError { error } => error,
        _ => "",
    }
}

/// Sentences whose status code says too little, in the words of Engine 20.10 to 29.
const SENTENCES: &[(&str, Class)] = &[
    ("port is already allocated", Class::Conflict),
    ("ddress already in use", Class::Conflict),
    ("overlaps with other one", Class::Conflict),
    ("networks have overlapping IP", Class::Conflict),
    ("networks have same bridge name", Class::Conflict),
    ("has active endpoints", Class::Conflict),
    ("no space left on device", Class::Exhausted),
    ("cannot allocate memory", Class::Exhausted),
    ("no available", Class::Exhausted),
    ("executable file not found", Class::Refused),
    ("no such file or directory", Class::Refused),
    ("exec format error", Class::Refused),
    ("permission denied", Class::Refused),
    ("OCI runtime create failed", Class::Refused),
];

/// What Go's client says of a server that speaks plain http.
const NO_TLS: &str = "server gave HTTP response to HTTPS client";

/// What a registry, or the way to it, says through the engine.
const REGISTRY_SENTENCES: &[(&str, Class)] = &[
    ("no such host", Class::Unavailable),
    ("server misbehaving", Class::Unavailable),
    ("connection refused", Class::Unavailable),
    ("connection reset", Class::Unavailable),
    ("network is unreachable", Class::Unavailable),
    ("no route to host", Class::Unavailable),
    ("i/o timeout", Class::Unavailable),
    ("TLS handshake timeout", Class::Unavailable),
    ("Client.Timeout", Class::Unavailable),
    ("request canceled", Class::Unavailable),
    ("unexpected EOF", Class::Unavailable),
    ("x509:", Class::Refused),
    (NO_TLS, Class::Refused),
    // Before "denied": what Docker Hub says of a repository that does not exist.
    ("repository does not exist", Class::NotFound),
    ("manifest unknown", Class::NotFound),
    ("name unknown", Class::NotFound),
    ("not found", Class::NotFound),
    ("No such image", Class::NotFound),
    ("toomanyrequests", Class::Refused),
    ("denied", Class::Refused),
    ("unauthorized", Class::Refused),
    ("no basic auth credentials", Class::Refused),
    ("no matching manifest", Class::Refused),
    ("invalid reference format", Class::Refused),
    ("no space left on device", Class::Exhausted),
];

fn class_of(status_code: u16, message: &str) -> Class {
    let by_sentence = SENTENCES.iter().find(|(words, _)| message.contains(words));
    match (status_code, by_sentence) {
        (404, _) => Class::NotFound,
        (_, Some((_, class))) => *class,
        (409, None) => Class::Conflict,
        (400 | 401 | 403 | 422, None) => Class::Refused,
        (502..=504, None) => Class::Unavailable,
        (_, None) => Class::Internal,
    }
}

/// Our error for a question to a registry that went through the engine.
pub(crate) fn told_by_registry(socket: &Path, image: &str, error: Bollard) -> Error {
    let message = match &error {
        Bollard::DockerResponseServerError { message, .. } => message.clone(),
        Bollard::DockerStreamError { error } => error.clone(),
        _ => {
            return told(
                socket,
                &format!("ask the registry for the image {image}"),
                error,
            );
        }
    };
    let by_sentence = REGISTRY_SENTENCES
        .iter()
        .find(|(words, _)| message.contains(words));
    let class = match (status(&error), by_sentence) {
        (_, Some((_, class))) => *class,
        (Some(404), None) => Class::NotFound,
        (Some(400 | 401 | 403), None) => Class::Refused,
        (_, None) => Class::Unavailable,
    };
    let said = clean(&message);
    let sentence = match class {
        Class::NotFound => format!("the image {image} was not found: {said}"),
        Class::Unavailable => format!("the registry of the image {image} does not answer: {said}"),
        Class::Refused if said.contains(NO_TLS) => format!(
            "the registry of the image {image} speaks no TLS, and the Docker Engine asks no other: {said}; add it to \
             \"insecure-registries\" in the engine's daemon.json, too"
        ),
        Class::Refused => format!("the registry refused the image {image}: {said}"),
        Class::Conflict | Class::Exhausted | Class::Internal => {
            format!("cannot fetch the image {image}: {said}")
        }
    };
    Error::new(class, sentence)
}

/// The engine's message without the names of its own parts in front and behind.
pub(crate) fn clean(message: &str) -> String {
    let mut text = message.trim();
    let before = [
        "Error response from daemon: ",
        "driver failed programming external connectivity on endpoint ",
        "failed to create task for container: ",
        "failed to create shim task: ",
        "failed to create shim: ",
        "OCI runtime create failed: ",
        "runc create failed: ",
        "unable to start container process: ",
        "starting container process caused: ",
        "Error starting userland proxy: ",
    ];
    loop {
        let shorter = before.iter().find_map(|noise| text.strip_prefix(noise));
        let shorter = shorter
            .or_else(|| without_endpoint(text))
            .or_else(|| without_source_line(text));
        match shorter {
            Some(shorter) => text = shorter.trim_start(),
            None => break,
        }
    }
    let text = text.strip_suffix(": unknown").unwrap_or(text);
    text.trim_end_matches('.').to_owned()
}

/// Drops `zun-… (64 digits): ` in front: the endpoint is the container the sentence is about.
fn without_endpoint(text: &str) -> Option<&str> {
    let (name, rest) = text.split_once(" (")?;
    let (id, rest) = rest.split_once("): ")?;
    let endpoint = name.starts_with("zun-") && id.len() == 64;
    endpoint.then_some(rest)
}

/// Drops `container_linux.go:380: ` in front.
fn without_source_line(text: &str) -> Option<&str> {
    let (place, rest) = text.split_once(": ")?;
    let (file, line) = place.split_once(".go:")?;
    let plain = file.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (plain && line.chars().all(|c| c.is_ascii_digit())).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_lose_their_noise() {
        let id = "0123456789abcdef".repeat(4);
        for (message, cleaned) in [
            (
                format!("driver failed programming external connectivity on endpoint zun-1 ({id}): Bind for 0.0.0.0:80 failed: port is already allocated"),
                "Bind for 0.0.0.0:80 failed: port is already allocated",
            ),
            (
                "OCI runtime create failed: container_linux.go:380: starting container process caused: exec: \"foo\": executable file not found in $PATH: unknown".to_owned(),
                "exec: \"foo\": executable file not found in $PATH",
            ),
            (
                "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: \"foo\": stat foo: no such file or directory: unknown".to_owned(),
                "exec: \"foo\": stat foo: no such file or directory",
            ),
            ("Address already in use".to_owned(), "Address already in use"),
        ] {
            assert_eq!(clean(&message), cleaned);
        }
    }

    #[test]
    fn classes_follow_from_status_and_sentence() {
        for (status_code, message, class) in [
            (404, "network x not found", Class::NotFound),
            (
                500,
                "Bind for 0.0.0.0:80 failed: port is already allocated",
                Class::Conflict,
            ),
            (403, "Address already in use", Class::Conflict),
            (
                400,
                "OCI runtime create failed: exec: \"foo\": executable file not found",
                Class::Refused,
            ),
            (500, "write /x: no space left on device", Class::Exhausted),
            (500, "something else", Class::Internal),
        ] {
            assert_eq!(class_of(status_code, message), class, "{message}");
        }
    }

    #[test]
    fn registries_are_quoted() {
        for (status_code, message, class) in [
            (
                404,
                "manifest for x:1 not found: manifest unknown: manifest unknown",
                Class::NotFound,
            ),
            (
                404,
                "pull access denied for x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
                Class::NotFound,
            ),
            (
                403,
                "denied: requested access to the resource is denied",
                Class::Refused,
            ),
            (
                500,
                "Get https://r.example/v2/: dial tcp: lookup r.example: no such host",
                Class::Unavailable,
            ),
            (
                500,
                "Get \"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused",
                Class::Unavailable,
            ),
        ] {
            let error = Bollard::DockerResponseServerError {
                status_code,
                message: message.to_owned(),
            };
            let told = told_by_registry(Path::new("/s"), "x:1", error);
            assert_eq!(told.class, class, "{message}");
            assert!(told.message.contains("x:1"), "{told}");
        }
    }
}
