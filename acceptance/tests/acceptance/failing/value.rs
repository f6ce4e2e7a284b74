//! Values that cannot be, and what does not fit.

use std::net::TcpListener;

use anyhow::Result;
use zun_acceptance::world::World;

use super::{Case, case, must_say};

pub(crate) fn wrong_values(world: &mut World) -> Result<()> {
    let workspace = world.workspace()?;
    let cases = [configuration(), refused_by_zund(), ended()?].concat();
    crate::all(cases.iter().map(|case| case.try_it(&workspace)))?;
    workspace.destroy()?;
    world.must_be_empty()
}

/// Found before anything is asked of the server.
fn configuration() -> Vec<Case> {
    vec![
        case(
            "unknown attribute",
            "  memroy = 16",
            &["Unsupported argument", "memroy", "Did you mean \"memory\"?"],
        ),
        case(
            "a block for an attribute",
            "  ports {\n    internal = 80\n  }",
            &["Unsupported block type", "ports"],
        ),
        case(
            "mistyped",
            "  memory = \"lots\"",
            &["memory", "a number is required"],
        ),
        case(
            "mistyped inside",
            "  ports = [{ internal = \"http\" }]",
            &["ports", "a number is required"],
        ),
        case(
            "bad name",
            "  name = \"-web\"",
            &[
                "name",
                "\"-web\" is not valid",
                "the first a letter or digit",
            ],
        ),
        case(
            "bad image",
            "  image = \"Not An Image\"",
            &["image", "such as nginx:1.27"],
        ),
        case("negative", "  cpu = -1", &["cpu", "at least 0.001"]),
        case(
            "state of a job",
            "  wait_for = \"exited\"\n  state = \"running\"",
            &["leave state out"],
        ),
    ]
}

fn refused_by_zund() -> Vec<Case> {
    vec![
        case(
            "too little memory",
            "  memory = 4",
            &["memory", "4 MiB is below the engine's minimum of 6 MiB"],
        ),
        case(
            "not for this project",
            "  cap_add = [\"SYS_ADMIN\"]",
            &["cap_add", "policy"],
        ),
        case(
            "not in the image service",
            "  image_driver = \"glance\"",
            &[
                "zun/test:1",
                "the image service has no image of that id or name",
            ],
        ),
    ]
}

/// Started, and not for long.
fn ended() -> Result<Vec<Case>> {
    let taken = TcpListener::bind("0.0.0.0:0")?;
    let port = taken.local_addr()?.port();
    // It stays taken for as long as the tests run.
    std::mem::forget(taken);
    let words = [format!("{port}/tcp asked, already taken on this host")];
    let mut port_taken = case(
        "port taken",
        format!("  ports = [{{ internal = 80, external = {port} }}]"),
        &[],
    );
    port_taken.words.extend(words);
    Ok(vec![
        port_taken,
        case(
            "ends at once",
            "  command = [\"sh\", \"-c\", \"for i in 1 2 3; do echo line $i; done; echo the config is wrong >&2; exit 7\"]",
            &[
                "could not be created",
                "exit code 7",
                "line 3",
                "the config is wrong",
            ],
        ),
        case(
            "no such program",
            "  command = [\"no-such-program\"]",
            &["no-such-program"],
        ),
        case(
            "a job that fails",
            "  wait_for = \"exited\"\n  command = [\"sh\", \"-c\", \"echo half done; exit 9\"]",
            &["exit code 9", "half done"],
        ),
        case(
            "out of memory",
            "  memory = 8\n  command = [\"sh\", \"-c\", \"tail /dev/zero\"]\n  wait_for = \"exited\"",
            &["OOM"],
        ),
        case(
            "never healthy",
            "  healthcheck = { cmd = \"echo not yet; false\", interval = 1, retries = 1 }",
            &["health"],
        ),
        case(
            "not in time",
            "  healthcheck = { cmd = \"true\", interval = 60 }\n  timeouts = { create = \"2s\" }",
            &["It took longer than 2 seconds", "timeouts = { create"],
        ),
    ])
}

/// Over quota, and on no host: which limit, how much is used, every reason, what would fit.
pub(crate) fn no_room(world: &mut World) -> Result<()> {
    let workspace = world.workspace()?;
    let reasons = case(
        "no host",
        "  cpu = 64\n  memory = 99999999\n  disk = 9999999\n  availability_zone = \"mars\"\n  runtime = \"kata\"\n  \
         hints = { \"label:rack\" = \"7\", os = \"plan9\" }",
        &[
            "cpu: 64 cores asked, one container gets at most the",
            "memory: 99999999 MiB asked",
            "disk: 9999999 GiB asked",
            "availability_zone: \"mars\" asked, this host is in \"nova\"",
            "runtime: \"kata\" asked, this host offers",
            "hint label:rack: \"7\" asked, this host has no such label",
            "hint os: \"plan9\" asked",
            "would fit",
        ],
    );
    let first = reasons.try_it(&workspace);
    let small = "resource \"zun_container\" \"small\" {\n  image = \"zun/test:1\"\n  memory = 16\n  cpu = 0.1\n}\n\
                 resource \"zun_quota\" \"own\" {\n  memory = 100\n  cpu = 2\n  containers = 5\n}\n";
    workspace.configure(small)?;
    workspace.apply()?;
    workspace.configure(&format!(
        "{small}resource \"zun_container\" \"large\" {{\n  image = \"zun/test:1\"\n  memory = 90\n  cpu = 3\n}}\n"
    ))?;
    let plan = workspace.plan()?;
    let words = ["memory", "100", "16", "90", "cpu", "0.1", "3"].map(str::to_owned);
    let warned = plan
        .text
        .replace("Warning: The server", "Error: The server");
    let second = must_say("over quota, planned", &warned, &words);
    let text = workspace.apply_error()?;
    let third = must_say("over quota", &text, &words);
    crate::all([first, second, third])?;
    workspace.destroy()?;
    world.must_be_empty()
}
