//! `POST /v1/containers`: Zun's body becomes the specification that every API shares.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde_json::Value;
use zun_domain::container::spec::{CpuPolicy, Environment, ImageSource};
use zun_domain::container::{
    ContainerSpec, Healthcheck, Protocol, PullPolicy, RestartPolicy, RestartPolicyName, WaitFor,
    Wish,
};
use zun_domain::name::{ContainerName, EnvName, ImageRef, LabelKey};
use zun_domain::policy::Action;
use zun_domain::unit::{DiskGib, MemoryMib, Millicpu};
use zun_engine::Error;
use zun_engine::command::CreateContainer;

use super::mounts::mounts;
use super::network::{groups, nets};
use super::view::{self, Shown};
use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};
use crate::extract::{Args, json_only};
use crate::microversion::{Microversion, too_old};

/// 202, where to find it, and the container.
pub(crate) type Created = (StatusCode, [(HeaderName, String); 1], Json<Shown>);

/// Accepts a container. With `run` it is started too.
pub(crate) async fn create(
    State(app): State<App>,
    asked: Admitted,
    headers: HeaderMap,
    mut args: Args,
) -> Answer<Created> {
    json_only(&headers)?;
    check_versions(&args, asked.version)?;
    let name: Option<ContainerName> = args.parsed("name")?;
    let run = args.ext_bool("run")?.unwrap_or(false);
    refuse_later(&mut args)?;
    let exposed = exposed(&mut args)?;
    let spec = spec(&mut args, asked.version)?;
    args.end()?;
    check_rights(&asked, &spec)?;
    let create = CreateContainer {
        name,
        spec,
        wish: Some(if run { Wish::Running } else { Wish::Stopped }),
        wait_for: WaitFor::None,
        unique: false,
    };
    let creating = app
        .engine
        .container_create_exposing(&asked.call, create, &exposed);
    let accepted = Box::pin(creating).await.map_err(refused)?;
    let location = format!("{}/v1/containers/{}", asked.base, accepted.container.id);
    let now = app.settings.clock.now();
    let body = view::container(accepted.container, &asked, true, now);
    Ok((
        StatusCode::ACCEPTED,
        [(header::LOCATION, location)],
        Json(body),
    ))
}

/// An engine's refusal with Zun's status for it.
pub(super) fn refused(error: Error) -> Problem {
    let bad_request = matches!(
        error,
        Error::VolumeNotUsable(_) | Error::NetworkNotUsable(_)
    );
    let problem = Problem::from(error);
    if bad_request {
        problem.or_bad_request()
    } else {
        problem
    }
}

/// Parameters that came with a later version than the first.
const SINCE: [(&str, Microversion); 6] = [
    ("auto_remove", Microversion(3)),
    ("runtime", Microversion(5)),
    ("hostname", Microversion(9)),
    ("privileged", Microversion(21)),
    ("exposed_ports", Microversion(24)),
    ("registry", Microversion(31)),
];

/// The same, where an empty value counts as none.
const SINCE_FILLED: [(&str, Microversion); 3] = [
    ("nets", Microversion(2)),
    ("mounts", Microversion(11)),
    ("healthcheck", Microversion(22)),
];

/// Parameters that are unknown before their version.
const UNKNOWN_BEFORE: [(&str, Microversion); 2] =
    [("host", Microversion(39)), ("entrypoint", Microversion(40))];

fn check_versions(args: &Args, version: Microversion) -> Answer<()> {
    let given = SINCE.iter().filter(|(name, _)| args.has(name));
    let filled = SINCE_FILLED.iter().filter(|(name, _)| args.holds(name));
    for (name, since) in given.chain(filled) {
        if version < *since {
            return Err(too_old(name, *since, version));
        }
    }
    for (name, since) in UNKNOWN_BEFORE {
        if version < since && args.has(name) {
            let message = format!(
                "no such parameter is known in API version {version}; it came with {since}"
            );
            return Err(Problem::value(name, message));
        }
    }
    Ok(())
}

/// What other services of the product will serve. Empty ones, which clients always send, are fine.
fn refuse_later(args: &mut Args) -> Answer<()> {
    if args.holds("security_groups") && args.holds("exposed_ports") {
        return Err(Problem::value(
            "exposed_ports",
            "cannot be given together with security_groups",
        ));
    }
    Ok(())
}

/// `exposed_ports`: what is opened to everybody.
fn exposed(args: &mut Args) -> Answer<BTreeSet<(Protocol, u16)>> {
    let Some(ports) = args.take("exposed_ports") else {
        return Ok(BTreeSet::new());
    };
    let Value::Object(ports) = ports else {
        return Err(Problem::value(
            "exposed_ports",
            "must be an object such as {\"80/tcp\": {}}",
        ));
    };
    let parsed = ports.keys().map(|port| {
        exposed_port(port).ok_or_else(|| {
            let shown: String = port.chars().take(40).collect();
            let message =
                format!("{shown:?} is not valid: a port such as 80, 80/tcp or 53/udp is expected");
            Problem::value("exposed_ports", message)
        })
    });
    parsed.collect()
}

fn exposed_port(text: &str) -> Option<(Protocol, u16)> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let protocol = match protocol {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        _ => return None,
    };
    let number = number.parse::<u16>().ok().filter(|number| *number > 0)?;
    Some((protocol, number))
}

/// Fields that only some may give, by Zun's policy.
fn check_rights(asked: &Admitted, spec: &ContainerSpec) -> Answer<()> {
    if spec.runtime.is_some() {
        asked.may(Action::Admin("container:create:runtime"))?;
    }
    if spec.image_pull_policy.is_some() {
        asked.may(Action::Admin("container:create:image_pull_policy"))?;
    }
    if spec.host.is_some() {
        asked.may(Action::Admin("container:create:requested_destination"))?;
    }
    if spec.privileged == Some(true) {
        asked.may(Action::Named("container:create:privileged"))?;
    }
    Ok(())
}

fn spec(args: &mut Args, version: Microversion) -> Answer<ContainerSpec> {
    let image: Option<ImageRef> = args.parsed("image")?;
    let image = image.ok_or_else(|| Problem::value("image", "is required: the image to run"))?;
    let interactive = args.bool("interactive")?;
    let tty = args.bool("tty")?;
    // From 1.20 to 1.35 one flag stood for both.
    let one_flag = (Microversion(20)..=Microversion(35)).contains(&version);
    let tty = if one_flag && interactive.is_some() {
        interactive
    } else {
        tty
    };
    Ok(ContainerSpec {
        interactive,
        tty,
        image_driver: image_driver(args)?,
        image_pull_policy: pull_policy(args)?,
        command: command(args, version)?,
        entrypoint: args.texts("entrypoint")?,
        environment: environment(args)?,
        labels: labels(args)?,
        hints: args.map("hints", true)?,
        workdir: args.text("workdir")?,
        hostname: args.parsed("hostname")?,
        cpu: cpu(args)?,
        memory: memory(args)?,
        disk: disk(args)?,
        cpu_policy: cpu_policy(args)?,
        restart_policy: restart_policy(args)?,
        healthcheck: healthcheck(args)?,
        runtime: args.text("runtime")?,
        privileged: args.bool("privileged")?,
        auto_heal: args.bool("auto_heal")?,
        auto_remove: auto_remove(args)?,
        mounts: mounts(args)?,
        registry: registry(args)?,
        networks: nets(args)?,
        security_groups: groups(args)?,
        availability_zone: args.text("availability_zone")?,
        host: args.text("host")?,
        ..ContainerSpec::of(image)
    })
}

/// Cores, within Zun's bounds.
pub(super) fn cpu(args: &mut Args) -> Answer<Option<Millicpu>> {
    let cores = args.number("cpu", 0.1, 16.0)?;
    let cpu = cores
        .map(|cores| Millicpu::from_cores(cores).map_err(|error| Problem::value("cpu", error)));
    cpu.transpose()
}

/// MiB, within Zun's bounds.
pub(super) fn memory(args: &mut Args) -> Answer<Option<MemoryMib>> {
    let mib = args.integer("memory", 4, 8192)?;
    Ok(mib.and_then(|mib| u64::try_from(mib).ok()).map(MemoryMib))
}

fn disk(args: &mut Args) -> Answer<Option<DiskGib>> {
    let gib = args.integer("disk", 1, 160)?;
    Ok(gib.and_then(|gib| u64::try_from(gib).ok()).map(DiskGib))
}

/// One of a few words.
pub(super) fn word<T>(args: &mut Args, name: &str, words: &[(&str, T)]) -> Answer<Option<T>>
where
    T: Copy,
{
    let Some(text) = args.text(name)? else {
        return Ok(None);
    };
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| Some(*value)).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        let accepted: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        Problem::value(
            name,
            format!(
                "{shown:?} is not valid: one of {} is expected",
                accepted.join(", ")
            ),
        )
    })
}

fn cpu_policy(args: &mut Args) -> Answer<Option<CpuPolicy>> {
    word(
        args,
        "cpu_policy",
        &[
            ("shared", CpuPolicy::Shared),
            ("dedicated", CpuPolicy::Dedicated),
        ],
    )
}

fn pull_policy(args: &mut Args) -> Answer<Option<PullPolicy>> {
    let words = [
        ("always", PullPolicy::Always),
        ("ifnotpresent", PullPolicy::IfNotPresent),
        ("never", PullPolicy::Never),
        ("Always", PullPolicy::Always),
        ("IfNotPresent", PullPolicy::IfNotPresent),
        ("Never", PullPolicy::Never),
    ];
    word(args, "image_pull_policy", &words)
}

/// Id or name of a registry.
fn registry(args: &mut Args) -> Answer<Option<String>> {
    let text = args.text("registry")?;
    match text.as_ref().map(|text| text.chars().count()) {
        None | Some(2..=255) => Ok(text),
        Some(_) => Err(Problem::value(
            "registry",
            "the id or the name of a registry has 2 to 255 characters",
        )),
    }
}

/// The word `None` is what clients send for no driver.
pub(super) fn image_driver(args: &mut Args) -> Answer<Option<ImageSource>> {
    let words = [
        ("docker", Some(ImageSource::Docker)),
        ("glance", Some(ImageSource::Glance)),
        ("None", None),
    ];
    Ok(word(args, "image_driver", &words)?.flatten())
}

fn auto_remove(args: &mut Args) -> Answer<Option<bool>> {
    match args.take("auto_remove") {
        None => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(value)),
        Some(_) => Err(Problem::value("auto_remove", "must be true or false")),
    }
}

/// A list; one text, split as a shell does, up to version 1.19.
fn command(args: &mut Args, version: Microversion) -> Answer<Option<Vec<String>>> {
    if version >= Microversion(20) {
        return args.texts("command");
    }
    let Some(text) = args.text("command")? else {
        return Ok(None);
    };
    if text.is_empty() {
        return Ok(None);
    }
    let words = shlex::split(&text);
    words
        .map(Some)
        .ok_or_else(|| Problem::value("command", "has a quote that is not closed"))
}

fn environment(args: &mut Args) -> Answer<Option<Environment>> {
    let Some(map) = args.map("environment", false)? else {
        return Ok(None);
    };
    let parsed = map.into_iter().map(|(name, value)| {
        let name: EnvName = name
            .parse()
            .map_err(|error| Problem::value("environment", error))?;
        Ok((name, value))
    });
    parsed
        .collect::<Answer<_>>()
        .map(|all| Some(Environment(all)))
}

fn labels(args: &mut Args) -> Answer<Option<std::collections::BTreeMap<LabelKey, String>>> {
    let Some(map) = args.map("labels", true)? else {
        return Ok(None);
    };
    let parsed = map.into_iter().map(|(name, value)| {
        let name: LabelKey = name
            .parse()
            .map_err(|error| Problem::value("labels", error))?;
        Ok((name, value))
    });
    parsed.collect::<Answer<_>>().map(Some)
}

fn restart_policy(args: &mut Args) -> Answer<Option<RestartPolicy>> {
    let Some(value) = args.take("restart_policy") else {
        return Ok(None);
    };
    let mut inner = Args::nested("restart_policy", value)?;
    let inside = |problem: Problem| problem.within("restart_policy");
    let words = [
        ("no", RestartPolicyName::No),
        ("always", RestartPolicyName::Always),
        ("on-failure", RestartPolicyName::OnFailure),
        ("unless-stopped", RestartPolicyName::UnlessStopped),
    ];
    let name = word(&mut inner, "Name", &words).map_err(inside)?;
    let name = name.ok_or_else(|| Problem::value("restart_policy.Name", "is required"))?;
    let count = inner
        .integer("MaximumRetryCount", 0, i64::from(i32::MAX))
        .map_err(inside)?;
    inner.end().map_err(inside)?;
    let count = count
        .and_then(|count| u32::try_from(count).ok())
        .filter(|count| *count > 0);
    if count.is_some()
        && matches!(
            name,
            RestartPolicyName::Always | RestartPolicyName::UnlessStopped
        )
    {
        return Err(Problem::value(
            "restart_policy.MaximumRetryCount",
            "goes with the name \"on-failure\" only",
        ));
    }
    let maximum_retry_count = count.filter(|_| name == RestartPolicyName::OnFailure);
    Ok(Some(RestartPolicy {
        name,
        maximum_retry_count,
    }))
}

/// Clients send `cmd`, and what they read back, `test`.
fn healthcheck(args: &mut Args) -> Answer<Option<Healthcheck>> {
    let holds = args.holds("healthcheck");
    let Some(value) = args.take("healthcheck").filter(|_| holds) else {
        return Ok(None);
    };
    let mut inner = Args::nested("healthcheck", value)?;
    let inside = |problem: Problem| problem.within("healthcheck");
    let cmd = match inner.text("cmd").map_err(inside)? {
        Some(cmd) => Some(cmd),
        None => inner.text("test").map_err(inside)?,
    };
    let cmd = cmd.filter(|cmd| !cmd.trim().is_empty());
    let mut seconds = |name: &str| -> Answer<Option<u32>> {
        let number = inner
            .integer(name, 0, i64::from(i32::MAX))
            .map_err(inside)?;
        Ok(number
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| *number > 0))
    };
    let (interval, timeout, retries) = (
        seconds("interval")?,
        seconds("timeout")?,
        seconds("retries")?,
    );
    inner.end().map_err(inside)?;
    let cmd = cmd
        .ok_or_else(|| Problem::value("healthcheck.cmd", "is required: the command that checks"))?;
    Ok(Some(Healthcheck {
        cmd,
        interval,
        timeout,
        retries,
    }))
}
