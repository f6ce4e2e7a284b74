//! Servers that are not there, not the right ones, or not willing.

use anyhow::Result;
use zun_acceptance::world::World;

use super::stub::{closed_port, serve};
use super::{case, must_say};

pub(crate) fn no_image(world: &mut World) -> Result<()> {
    let workspace = world.workspace()?;
    let registry = serve(|path| match path {
        "/v2/" => ("200 OK", "{}"),
        _ => (
            "404 Not Found",
            r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#,
        ),
    })?;
    let closed = closed_port()?;
    // Neither has TLS.
    let insecure = format!("{registry},127.0.0.1:{closed}");
    world
        .backend
        .restart_with("ZUND_IMAGE_INSECURE_REGISTRIES", &insecure)?;
    let body = |image: &str| format!("  image = \"{image}\"");
    let missing = format!("{registry}/team/nothing:1");
    let down = format!("127.0.0.1:{closed}/team/app:1");
    let cases = [
        case(
            "no such image",
            body(&missing),
            &[&missing, "manifest unknown"],
        ),
        case("registry down", body(&down), &[&down, "connection refused"]),
        case(
            "not to be pulled",
            body(&missing) + "\n  image_pull_policy = \"never\"",
            &[&missing, "the pull policy is never"],
        ),
    ];
    crate::all(cases.iter().map(|case| case.try_it(&workspace)))?;
    workspace.destroy()?;
    world.must_be_empty()
}

/// Settings that lead nowhere: name, variable, value, words of the message.
const WRONG: [(&str, &str, &str, &[&str]); 5] = [
    (
        "wrong password",
        "OS_PASSWORD",
        "guessed",
        &["refused the login", "OS_PASSWORD"],
    ),
    (
        "no address",
        "OS_AUTH_URL",
        "zund",
        &["auth_url", "is not an address"],
    ),
    (
        "no such host",
        "OS_AUTH_URL",
        "http://nowhere.invalid:9517/identity/v3",
        &["cannot be resolved"],
    ),
    (
        "no password",
        "OS_PASSWORD",
        "",
        &["Missing password", "OS_PASSWORD"],
    ),
    (
        "no such project",
        "OS_PROJECT_NAME",
        "elsewhere",
        &["refused the login"],
    ),
];

pub(crate) fn wrong_server(world: &mut World) -> Result<()> {
    let mut results = Vec::new();
    let closed = closed_port()?;
    let refused = format!("http://127.0.0.1:{closed}/identity/v3");
    let old = serve(|_| ("404 Not Found", "{}"))?;
    let old_endpoint = format!("http://{old}/v1");
    let no_keystone = format!("http://{old}/identity/v3");
    for (name, variable, value, words) in [
        (
            "nothing there",
            "OS_AUTH_URL",
            refused.as_str(),
            &[
                "connection refused",
                &refused,
                "Check that the service runs",
            ][..],
        ),
        (
            "something else",
            "OS_AUTH_URL",
            &no_keystone,
            &[&no_keystone],
        ),
        (
            "too old",
            "OS_CONTAINER_ENDPOINT_OVERRIDE",
            &old_endpoint,
            &["does not serve the API this program needs", "upgrade"],
        ),
    ]
    .into_iter()
    .chain(WRONG)
    {
        let mut workspace = world.workspace()?;
        workspace.set(variable, value);
        workspace
            .configure("resource \"zun_container\" \"web\" {\n  image = \"zun/test:1\"\n}\n")?;
        let text = workspace.apply_error()?;
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        results.push(must_say(name, &text, &words));
    }
    crate::all(results)?;
    world.must_be_empty()
}
