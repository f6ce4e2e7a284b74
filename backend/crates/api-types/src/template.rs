//! The template of a capsule, as Zun's clients send it and as files hold it: JSON or YAML, read once for the server
//! and for its clients, so that a plan refuses what the server would.
//!
//! The shape is Zun's (`zun/api/controllers/v1/schemas/capsules.py`), with what upstream ignores or refuses mended:
//! `restartPolicy` at the top or in `spec`, `nets` and `security_groups`, `limits` beside `requests`, `readOnly`,
//! `hostPort`, a container's own `name` and `labels`, and init containers that are checked like the others. What
//! upstream answers with 500 is a [`TemplateError`] with the path in the template.

mod container;
mod node;
mod volume;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;
use zun_domain::capsule::{CapsuleContainer, CapsuleSpec, CapsuleVolume};
use zun_domain::container::{NetworkSpec, RestartPolicy, RestartPolicyName};
use zun_domain::name::{ContainerName, LabelKey};

use node::{Node, Object, Read};

/// What a template asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// `metadata.name`.
    pub name: Option<ContainerName>,
    /// Everything else, in our own words.
    pub spec: CapsuleSpec,
    /// Paths of what Zun accepts there and nobody heeds.
    pub ignored: Vec<String>,
}

/// Why a template was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct TemplateError {
    /// Where in the template, such as `spec.containers[0].resources.requests.cpu`; `template` for the whole.
    pub path: String,
    /// What is wrong and what would be accepted.
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// Most bytes of a template in text, so that a small request cannot make a large one.
const MOST_TEXT: usize = 1024 * 1024;

impl Template {
    /// Reads an object, or a text that holds one.
    pub fn of(value: Value) -> Result<Self, TemplateError> {
        match value {
            Value::String(text) => Self::parse(&text),
            value => capsule(Node::root(value)),
        }
    }

    /// Reads JSON or YAML.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > MOST_TEXT {
            return Err(whole(format!(
                "it is {} bytes long, and at most {MOST_TEXT} are read",
                text.len()
            )));
        }
        if text.trim().is_empty() {
            return Err(whole(
                "it is empty; a capsule as JSON or YAML is expected".to_owned(),
            ));
        }
        capsule(Node::root(read(text)?))
    }
}

fn whole(message: String) -> TemplateError {
    TemplateError {
        path: "template".to_owned(),
        message,
    }
}

/// YAML contains JSON; the messages of JSON's own parser are the better ones for what begins like it.
fn read(text: &str) -> Result<Value, TemplateError> {
    let json = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    // Read as YAML's own value first: that refuses a key that stands twice.
    let yaml = serde_yaml_ng::from_str::<serde_yaml_ng::Value>(text);
    let value = yaml.and_then(serde_yaml_ng::from_value);
    value.map_err(|yaml| {
        let why = if text.trim_start().starts_with('{') {
            json.to_string()
        } else {
            yaml.to_string()
        };
        whole(format!("it is neither JSON nor YAML: {why}"))
    })
}

fn capsule(root: Node) -> Read<Template> {
    let mut top = root.object()?;
    top.word("kind", &[("capsule", ()), ("Capsule", ())])?
        .ok_or_else(|| top.missing("kind", "\"capsule\""))?;
    top.word("capsuleVersion", &[("beta", ()), ("Beta", ())])?;
    let mut metadata = top
        .object("metadata")?
        .ok_or_else(|| top.missing("metadata", "an object, with the capsule's name in it"))?;
    let name = metadata.parsed("name")?;
    let labels = labels(&mut metadata)?;
    let annotations = metadata.map("annotations")?;
    metadata.end()?;
    let mut inner = top
        .object("spec")?
        .ok_or_else(|| top.missing("spec", "an object with containers"))?;
    let restart_policy = restart_policy(&mut top, &mut inner)?;
    let networks = either(&mut top, &mut inner, &["nets", "networks"], nets)?;
    let security_groups = either(
        &mut top,
        &mut inner,
        &["security_groups", "securityGroups"],
        groups,
    )?;
    let availability_zone = top.text("availabilityZone")?;
    top.end()?;
    let mut ignored = Vec::new();
    let volumes = volume::volumes(&mut inner, &mut ignored)?;
    let (containers, init_containers) = containers(&mut inner, volumes.as_deref())?;
    ignored.extend(inner.rest());
    Ok(Template {
        name,
        spec: CapsuleSpec {
            containers,
            init_containers,
            volumes,
            restart_policy,
            labels,
            annotations,
            hostname: None,
            networks,
            security_groups,
            availability_zone,
            host: None,
            hints: None,
        },
        ignored,
    })
}

fn labels(object: &mut Object) -> Read<Option<BTreeMap<LabelKey, String>>> {
    let path = object.path_of("labels");
    let Some(all) = object.map("labels")? else {
        return Ok(None);
    };
    let parsed = all.into_iter().map(|(key, text)| {
        let key = key.parse().map_err(|error| TemplateError {
            path: path.clone(),
            message: format!("{error}"),
        })?;
        Ok((key, text))
    });
    parsed.collect::<Read<_>>().map(Some)
}

/// What may stand at the top or in `spec`, under one of several names, but in one place only.
fn either<T>(
    top: &mut Object,
    spec: &mut Object,
    names: &[&str],
    read: fn(Node) -> Read<T>,
) -> Read<Option<T>> {
    let mut found = names.iter().filter_map(|name| top.take(name));
    let (first, second) = (found.next(), found.next());
    let mut found: Vec<Node> = first.into_iter().chain(second).collect();
    found.extend(names.iter().filter_map(|name| spec.take(name)));
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some(first), Some(second)) => Err(second.refused(format!(
            "{} says it already; give one of them",
            first.path()
        ))),
        (first, _) => first.map(read).transpose(),
    }
}

fn restart_policy(top: &mut Object, spec: &mut Object) -> Read<Option<RestartPolicy>> {
    const WORDS: [(&str, RestartPolicyName); 3] = [
        ("Always", RestartPolicyName::Always),
        ("OnFailure", RestartPolicyName::OnFailure),
        ("Never", RestartPolicyName::No),
    ];
    const NAME: &str = "restartPolicy";
    let above = top.word(NAME, &WORDS)?;
    let inside = spec.word(NAME, &WORDS)?;
    if let (Some(above), Some(inside)) = (above, inside)
        && above != inside
    {
        return Err(TemplateError {
            path: spec.path_of(NAME),
            message: "another one stands at the top of the template; give one of them".to_owned(),
        });
    }
    Ok(inside.or(above).map(|name| RestartPolicy {
        name,
        maximum_retry_count: None,
    }))
}

/// Networks in the words of a container's `nets`. No entry means the default one.
fn nets(node: Node) -> Read<Vec<NetworkSpec>> {
    let entries = node.items()?.into_iter().map(|item| {
        let mut entry = item.object()?;
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let network = filled(entry.text("network")?);
        let port = filled(entry.text("port")?);
        if network.is_some() == port.is_some() {
            return Err(entry.refused("exactly one of network and port is expected"));
        }
        let net = NetworkSpec {
            network,
            port,
            fixed_ip: entry.parsed("v4-fixed-ip")?,
            fixed_ip_v6: entry.parsed("v6-fixed-ip")?,
            preserve_on_delete: entry.boolean("preserve_on_delete")?,
        };
        entry.end()?;
        Ok(net)
    });
    entries.collect()
}

fn groups(node: Node) -> Read<BTreeSet<String>> {
    let names = node.items()?.into_iter().map(|item| {
        let path = item.path().to_owned();
        let name = item.text()?;
        if (1..=255).contains(&name.len()) {
            return Ok(name);
        }
        Err(TemplateError {
            path,
            message: format!(
                "has {} characters; the name or id of a security group has 1 to 255",
                name.len()
            ),
        })
    });
    names.collect()
}

type Containers = (Vec<CapsuleContainer>, Option<Vec<CapsuleContainer>>);

/// Members and init containers, each with a name of its own and volumes that are there and used.
fn containers(spec: &mut Object, volumes: Option<&[CapsuleVolume]>) -> Read<Containers> {
    let members = spec
        .take("containers")
        .ok_or_else(|| spec.missing("containers", "a list of at least one container"))?;
    let path = members.path().to_owned();
    let members = members.items()?;
    if members.is_empty() {
        return Err(TemplateError {
            path,
            message: "is empty; a capsule has at least one container".to_owned(),
        });
    }
    let init = spec.take("initContainers").map(Node::items).transpose()?;
    let mut reader = container::Reader::new(volumes.unwrap_or_default());
    reader.reserve(&members);
    reader.reserve(init.as_deref().unwrap_or_default());
    let members = reader.all(members, "container")?;
    let init = init.map(|init| reader.all(init, "init")).transpose()?;
    reader.end()?;
    Ok((members, init.filter(|init| !init.is_empty())))
}

#[cfg(test)]
mod tests;
