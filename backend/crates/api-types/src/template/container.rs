//! A container of a template.

use std::collections::BTreeSet;
use std::num::NonZeroU16;

use serde_json::Value;
use zun_domain::capsule::{CapsuleContainer, CapsuleVolume};
use zun_domain::container::spec::Environment;
use zun_domain::container::{ContainerSpec, MountSpec, PortMapping, Protocol, PullPolicy};
use zun_domain::name::{ContainerName, EnvName, ImageRef};
use zun_domain::unit::{MemoryMib, Millicpu};

use super::TemplateError;
use super::node::{Node, Object, Read};

/// Reads containers, and keeps what has to be told apart among all of them.
pub(super) struct Reader<'a> {
    volumes: &'a [CapsuleVolume],
    mounted: BTreeSet<String>,
    given: BTreeSet<String>,
    names: BTreeSet<ContainerName>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(volumes: &'a [CapsuleVolume]) -> Self {
        Self {
            volumes,
            mounted: BTreeSet::new(),
            given: BTreeSet::new(),
            names: BTreeSet::new(),
        }
    }

    /// Names that are given are not made up for others.
    pub(super) fn reserve(&mut self, items: &[Node]) {
        let names = items.iter().filter_map(|item| item.value().get("name"));
        self.given
            .extend(names.filter_map(Value::as_str).map(ToOwned::to_owned));
    }

    /// The containers of one list; those without a name get one of `word` and their place.
    pub(super) fn all(&mut self, items: Vec<Node>, word: &str) -> Read<Vec<CapsuleContainer>> {
        let mut all = Vec::new();
        for (place, item) in (1..).zip(items) {
            let path = item.path().to_owned();
            let mut entry = item.object()?;
            let name = match entry.parsed("name")? {
                Some(name) => name,
                None => self.made_up(word, place)?,
            };
            if !self.names.insert(name.clone()) {
                return Err(TemplateError {
                    path: format!("{path}.name"),
                    message: format!("{name} is the name of another container of it too"),
                });
            }
            let spec = self.container(&mut entry)?;
            entry.end()?;
            all.push(CapsuleContainer { name, spec });
        }
        Ok(all)
    }

    /// The same for the same template each time, by the place in its list: giving one container a name renames no other.
    fn made_up(&self, word: &str, place: u32) -> Read<ContainerName> {
        let mut names = (place..).map(|number| format!("{word}-{number}"));
        let taken = |name: &String| {
            self.given.contains(name) || self.names.iter().any(|other| other.as_str() == name)
        };
        let name = names.find(|name| !taken(name)).unwrap_or_default();
        name.parse().map_err(|error| TemplateError {
            path: "spec.containers".to_owned(),
            message: format!("{error}"),
        })
    }

    /// Refuses a volume that nobody mounts.
    pub(super) fn end(self) -> Read<()> {
        let mut volumes = self.volumes.iter().enumerate();
        let unused = volumes.find(|(_, volume)| !self.mounted.contains(&volume.name));
        match unused {
            None => Ok(()),
            Some((index, volume)) => Err(TemplateError {
                path: format!("spec.volumes[{index}]"),
                message: format!(
                    "no container mounts {:?}; name it in volumeMounts or leave it out",
                    volume.name
                ),
            }),
        }
    }

    fn container(&mut self, entry: &mut Object) -> Read<ContainerSpec> {
        let image: Option<ImageRef> = entry.parsed("image")?;
        let image = image.ok_or_else(|| entry.missing("image", "the image to run"))?;
        let (cpu, memory) = resources(entry)?;
        Ok(ContainerSpec {
            image_pull_policy: pull_policy(entry)?,
            command: command(entry)?,
            cpu,
            memory,
            ports: ports(entry)?,
            mounts: self.mounts(entry)?,
            environment: environment(entry)?,
            workdir: entry.text("workDir")?,
            labels: super::labels(entry)?,
            interactive: entry.boolean("stdin")?,
            tty: entry.boolean("tty")?,
            ..ContainerSpec::of(image)
        })
    }

    fn mounts(&mut self, entry: &mut Object) -> Read<Option<BTreeSet<MountSpec>>> {
        let Some(node) = entry.take("volumeMounts") else {
            return Ok(None);
        };
        let mut mounts = BTreeSet::new();
        for item in node.items()? {
            let mut mount = item.object()?;
            let name = mount
                .text("name")?
                .ok_or_else(|| mount.missing("name", "the name of one of spec.volumes"))?;
            if self.volumes.iter().all(|volume| volume.name != name) {
                let shown: String = name.chars().take(80).collect();
                return Err(TemplateError {
                    path: mount.path_of("name"),
                    message: format!("{shown:?} is not the name of one of spec.volumes"),
                });
            }
            let destination = mount
                .parsed("mountPath")?
                .ok_or_else(|| mount.missing("mountPath", "an absolute path"))?;
            let read_only = mount.boolean("readOnly")?;
            mount.end()?;
            self.mounted.insert(name.clone());
            mounts.insert(MountSpec {
                destination,
                kind: None,
                source: Some(name),
                size: None,
                content: None,
                read_only: read_only.filter(|given| *given),
            });
        }
        Ok(Some(mounts).filter(|mounts| !mounts.is_empty()))
    }
}

/// `args` behind `command`; alone they are the command.
fn command(entry: &mut Object) -> Read<Option<Vec<String>>> {
    let (command, args) = (entry.texts("command")?, entry.texts("args")?);
    let words: Vec<String> = command.into_iter().chain(args).flatten().collect();
    Ok(Some(words).filter(|words| !words.is_empty()))
}

fn pull_policy(entry: &mut Object) -> Read<Option<PullPolicy>> {
    let words = [
        ("always", PullPolicy::Always),
        ("ifnotpresent", PullPolicy::IfNotPresent),
        ("never", PullPolicy::Never),
        ("Always", PullPolicy::Always),
        ("IfNotPresent", PullPolicy::IfNotPresent),
        ("Never", PullPolicy::Never),
    ];
    entry.word("imagePullPolicy", &words)
}

/// The limits where there are some, else what is requested: what a container may use is what it claims.
fn resources(entry: &mut Object) -> Read<(Option<Millicpu>, Option<MemoryMib>)> {
    let Some(mut resources) = entry.object("resources")? else {
        return Ok((None, None));
    };
    let requests = resources.object("requests")?;
    let limits = resources.object("limits")?;
    resources.end()?;
    let requested = requests.map(amounts).transpose()?.unwrap_or_default();
    let path = limits.as_ref().map(|limits| limits.path_of(""));
    let limited = limits.map(amounts).transpose()?.unwrap_or_default();
    let above = |least: bool, name: &str| {
        let path = path.as_deref().unwrap_or_default();
        least.then(|| TemplateError {
            path: format!("{path}{name}"),
            message: "is below what requests ask for".to_owned(),
        })
    };
    let cpu = matches!((requested.0, limited.0), (Some(least), Some(most)) if most < least);
    let memory = matches!((requested.1, limited.1), (Some(least), Some(most)) if most < least);
    if let Some(error) = above(cpu, "cpu").or_else(|| above(memory, "memory")) {
        return Err(error);
    }
    Ok((limited.0.or(requested.0), limited.1.or(requested.1)))
}

fn amounts(mut given: Object) -> Read<(Option<Millicpu>, Option<MemoryMib>)> {
    let cpu = given.take("cpu").map(|node| {
        let cores = node.value().as_f64();
        let cores = cores.ok_or_else(|| {
            node.refused("must be a number of cores, such as 0.5, and not in quotes")
        })?;
        Millicpu::from_cores(cores).map_err(|error| node.refused(error))
    });
    let memory = given.take("memory").map(|node| {
        if node.value().is_string() {
            return Err(node.refused(
                "must be a whole number of MiB, such as 128, without a unit and not in quotes",
            ));
        }
        node.whole(4, u64::from(u32::MAX), false).map(MemoryMib)
    });
    let found = (cpu.transpose()?, memory.transpose()?);
    given.end()?;
    Ok(found)
}

fn environment(entry: &mut Object) -> Read<Option<Environment>> {
    let path = entry.path_of("env");
    let Some(all) = entry.map("env")? else {
        return Ok(None);
    };
    let parsed = all.into_iter().map(|(name, text)| {
        let name: EnvName = name.parse().map_err(|error| TemplateError {
            path: path.clone(),
            message: format!("{error}"),
        })?;
        Ok((name, text))
    });
    let parsed = parsed.collect::<Read<_>>()?;
    Ok(Some(Environment(parsed)))
}

/// Every port is published; on a port of the host that is picked once where `hostPort` gives none.
fn ports(entry: &mut Object) -> Read<Option<BTreeSet<PortMapping>>> {
    let Some(node) = entry.take("ports") else {
        return Ok(None);
    };
    let ports = node.items()?.into_iter().map(|item| {
        let mut port = item.object()?;
        let internal = number(&mut port, "containerPort")?
            .ok_or_else(|| port.missing("containerPort", "a port inside the container"))?;
        let external = number(&mut port, "hostPort")?;
        let words = [
            ("TCP", Protocol::Tcp),
            ("UDP", Protocol::Udp),
            ("tcp", Protocol::Tcp),
            ("udp", Protocol::Udp),
        ];
        let protocol = port.word("protocol", &words)?;
        // A remark of the author's: nothing goes by it.
        port.text("name")?;
        port.end()?;
        Ok(PortMapping {
            internal,
            external,
            protocol,
            ip: None,
        })
    });
    let ports = ports.collect::<Read<BTreeSet<_>>>()?;
    Ok(Some(ports).filter(|ports| !ports.is_empty()))
}

fn number(port: &mut Object, name: &str) -> Read<Option<NonZeroU16>> {
    let Some(node) = port.take(name) else {
        return Ok(None);
    };
    let number = node.whole(1, u64::from(u16::MAX), false)?;
    Ok(u16::try_from(number).ok().and_then(NonZeroU16::new))
}
