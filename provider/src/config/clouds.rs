//! One cloud out of `clouds.yaml`, with the secrets of `secure.yaml` beside it.

use std::path::{Path, PathBuf};

use serde_yaml_ng::Value as Yaml;

use super::environment::Environment;

/// The settings of one cloud.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cloud {
    settings: Yaml,
    file: PathBuf,
}

impl Cloud {
    /// The cloud of that name, or why there is none, as a sentence.
    pub(crate) fn find(name: &str, environment: &Environment) -> Result<Self, String> {
        let places = places(environment);
        let Some(file) = places.iter().find(|place| place.is_file()) else {
            let looked: Vec<String> = places.iter().map(|p| p.display().to_string()).collect();
            return Err(format!(
                "The cloud {name:?} is asked for, but there is no clouds.yaml. Looked for {}.",
                looked.join(", ")
            ));
        };
        let all = read(file)?;
        let clouds = all.get("clouds").and_then(Yaml::as_mapping);
        let Some(cloud) = clouds.and_then(|clouds| clouds.get(name)) else {
            let known: Vec<&str> = clouds
                .into_iter()
                .flat_map(|clouds| clouds.keys().filter_map(Yaml::as_str))
                .collect();
            return Err(format!(
                "{} has no cloud {name:?}, only: {}.",
                file.display(),
                if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                }
            ));
        };
        let mut settings = cloud.clone();
        let secure = file.with_file_name("secure.yaml");
        if secure.is_file() {
            let secrets = read(&secure)?;
            if let Some(secrets) = secrets.get("clouds").and_then(|clouds| clouds.get(name)) {
                merge(&mut settings, secrets);
            }
        }
        Ok(Self {
            settings,
            file: file.clone(),
        })
    }

    /// A setting, by its path with dots: `auth.username`.
    pub(crate) fn get(&self, path: &str) -> Option<String> {
        let value = path
            .split('.')
            .try_fold(&self.settings, |settings, key| settings.get(key))?;
        match value {
            Yaml::String(text) if !text.is_empty() => Some(text.clone()),
            Yaml::Number(number) => Some(number.to_string()),
            Yaml::Bool(truth) => Some(truth.to_string()),
            _ => None,
        }
    }

    /// The file it comes from.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }
}

fn places(environment: &Environment) -> Vec<PathBuf> {
    if let Some(file) = environment.get("OS_CLIENT_CONFIG_FILE") {
        return vec![PathBuf::from(file)];
    }
    let mut places = vec![PathBuf::from("clouds.yaml")];
    let home = environment.get("HOME").map(PathBuf::from);
    let config = environment
        .get("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| home.map(|home| home.join(".config")));
    if let Some(config) = config {
        places.push(config.join("openstack/clouds.yaml"));
    }
    places.push(PathBuf::from("/etc/openstack/clouds.yaml"));
    places
}

/// Reads a file. The message names the place of a mistake and nothing of its content, which may be secret.
fn read(file: &Path) -> Result<Yaml, String> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}.", file.display()))?;
    serde_yaml_ng::from_str(&text).map_err(|error| {
        let place = error.location().map_or_else(String::new, |at| {
            format!(", line {}, column {}", at.line(), at.column())
        });
        format!("{}{place} is not YAML.", file.display())
    })
}

fn merge(into: &mut Yaml, from: &Yaml) {
    match (into, from) {
        (Yaml::Mapping(into), Yaml::Mapping(from)) => {
            for (key, value) in from {
                match into.get_mut(key) {
                    Some(place) => merge(place, value),
                    None => {
                        into.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (into, from) => *into = from.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_join_and_mistakes_are_placed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clouds.yaml");
        let environment = Environment::of(&[("OS_CLIENT_CONFIG_FILE", file.to_str().unwrap())]);
        let error = Cloud::find("dev", &environment).unwrap_err();
        assert!(error.contains("there is no clouds.yaml"), "{error}");

        let clouds =
            "clouds: {dev: {auth: {username: ann, user_id: 7}, region_name: R, verify: false}}";
        std::fs::write(&file, clouds).unwrap();
        std::fs::write(
            folder.path().join("secure.yaml"),
            "clouds: {dev: {auth: {password: pw}}}",
        )
        .unwrap();
        let cloud = Cloud::find("dev", &environment).unwrap();
        let get = |path: &str| cloud.get(path).unwrap_or_default();
        assert_eq!(
            [
                get("auth.username"),
                get("auth.password"),
                get("auth.user_id"),
                get("verify")
            ],
            ["ann", "pw", "7", "false"]
        );
        let error = Cloud::find("prod", &environment).unwrap_err();
        assert!(error.contains("only: dev"), "{error}");

        std::fs::write(&file, "clouds: {dev: {auth: {password: [hunter2}}}").unwrap();
        let error = Cloud::find("dev", &environment).unwrap_err();
        assert!(
            error.contains("line 1") && !error.contains("hunter2"),
            "{error}"
        );
    }
}
