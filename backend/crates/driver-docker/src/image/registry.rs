//! What is told to a registry through the engine, and what it may be told without TLS.

use std::collections::HashMap;
use std::net::IpAddr;

use bollard::auth::DockerCredentials;
use bollard::errors::Error as Bollard;
use bollard::models::{IndexInfo, RegistryServiceConfig};
use bollard::query_parameters::{
    PushImageOptionsBuilder, SearchImagesOptionsBuilder, TagImageOptionsBuilder,
};
use futures::StreamExt;
use ipnet::IpNet;
use tokio::sync::watch;
use zun_domain::image::{FoundImage, PullProgress};
use zun_domain::name::ImageRef;
use zun_domain::registry::{Credentials, DOCKER_HUB, RegistryDomain};
use zun_driver::image::repository;
use zun_driver::{Class, Error, Result};

use super::familiar;
use super::layers::Pushes;
use crate::{Docker, error};

/// What the engine takes for Docker Hub in credentials
/// (<https://github.com/moby/moby/blob/v20.10.24/registry/config.go>, `IndexServer`).
const HUB_SERVER: &str = "https://index.docker.io/v1/";

/// What the engine says where a registry does not know the search of the registries' first API
/// (<https://github.com/moby/moby/blob/v20.10.24/registry/session.go>, `SearchRepositories`).
const NO_SEARCH: &str = "Unexpected status code 404";

/// The credentials for the registry of this image, in the engine's words; none where they are for another one.
pub(super) fn told_to(
    image: &ImageRef,
    credentials: Option<&Credentials>,
) -> Option<DockerCredentials> {
    let credentials = credentials?.for_image(image)?;
    let server = match RegistryDomain::of(image).as_str() {
        DOCKER_HUB => HUB_SERVER.to_owned(),
        domain => domain.to_owned(),
    };
    Some(DockerCredentials {
        username: Some(credentials.username.clone()),
        password: Some(credentials.password.expose().to_owned()),
        serveraddress: Some(server),
        ..DockerCredentials::default()
    })
}

impl Docker {
    /// Refuses a registry that the engine would ask without TLS, unless the configuration names it. The engine itself
    /// takes every address of 127.0.0.0/8 for insecure.
    pub(super) async fn check_transport(&self, image: &ImageRef) -> Result<()> {
        let domain = RegistryDomain::of(image);
        let mut named = self.inner.insecure_registries.iter();
        if domain.as_str() == DOCKER_HUB || named.any(|named| named.plain() == domain) {
            return Ok(());
        }
        let info = self.client().await?.info().await;
        let info = info.map_err(|error| self.told("ask what it takes for insecure", error))?;
        if !is_insecure(&domain, info.registry_config.unwrap_or_default()).await {
            return Ok(());
        }
        Err(Error::new(
            Class::Refused,
            format!(
                "the registry {domain} of the image {image} is not asked: the Docker Engine would do it without TLS; name it \
                 in image.insecure_registries of zund's configuration to allow that"
            ),
        ))
    }

    pub(super) async fn send(
        &self,
        target: &ImageRef,
        credentials: Option<&Credentials>,
        progress: &watch::Sender<PullProgress>,
    ) -> Result<()> {
        let reference = target.with_tag();
        let name = repository(&reference);
        let tag = reference.get(name.len() + 1..).unwrap_or("latest");
        let options = PushImageOptionsBuilder::new().tag(tag).build();
        let client = self.client().await?;
        let told = told_to(target, credentials);
        let mut messages = std::pin::pin!(client.push_image(name, Some(options), told));
        let mut pushes = Pushes::default();
        while let Some(message) = messages.next().await {
            let message = message.map_err(|error| {
                error::told_by_registry(&self.inner.socket, target.as_str(), error)
            })?;
            if pushes.hear(message.status.as_deref().unwrap_or_default()) {
                progress.send_replace(pushes.sum());
            }
        }
        Ok(())
    }

    /// Names an image; what was named so before.
    pub(super) async fn name_it(&self, image: &str, target: &ImageRef) -> Result<Option<String>> {
        let reference = target.with_tag();
        let before = self.local_image(&reference).await?.and_then(|was| was.id);
        let name = repository(&reference);
        let tag = reference.get(name.len() + 1..).unwrap_or("latest");
        let options = TagImageOptionsBuilder::new().repo(name).tag(tag).build();
        let tagged = self.client().await?.tag_image(image, Some(options)).await;
        tagged.map_err(|error| self.told(&format!("name the image {image} {reference}"), error))?;
        Ok(before)
    }

    /// The digest that the registry of this reference has the image under.
    pub(super) async fn digest_of(&self, image: &str, target: &ImageRef) -> Result<String> {
        let mine = familiar(repository(target.as_str())).to_owned();
        let found = self.local_image(image).await?;
        let digests = found
            .and_then(|image| image.repo_digests)
            .unwrap_or_default();
        let entries = digests.iter().filter_map(|entry| entry.split_once('@'));
        let mut mine = entries.filter(|(repository, _)| familiar(repository) == mine);
        mine.next_back()
            .map(|(_, digest)| digest.to_owned())
            .ok_or_else(|| {
                Error::new(
                    Class::Internal,
                    format!("the engine has sent {target} and does not say its digest"),
                )
            })
    }

    pub(super) async fn search_for(&self, term: &str, limit: u32) -> Result<Vec<FoundImage>> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let options = SearchImagesOptionsBuilder::new()
            .term(term)
            .limit(limit)
            .build();
        let found = self.client().await?.search_images(options).await;
        let found = found.map_err(|error| match error {
            Bollard::DockerResponseServerError { message, .. } if message.contains(NO_SEARCH) => {
                Error::new(
                    Class::Refused,
                    format!(
                        "cannot search for {term}: its registry has no search, as most have not that keep private images \
                         (it answers /v1/search with 404); name the image in full"
                    ),
                )
            }
            error => error::told_by_registry(&self.inner.socket, term, error),
        })?;
        let shown = found.into_iter().filter_map(|item| {
            Some(FoundImage {
                name: item.name?,
                description: item.description.unwrap_or_default(),
                official: item.is_official.unwrap_or_default(),
                stars: u64::try_from(item.star_count.unwrap_or_default()).unwrap_or_default(),
            })
        });
        Ok(shown.collect())
    }
}

/// Whether the engine may ask this registry without TLS: by its name, else by its addresses, as the engine decides it
/// (<https://github.com/moby/moby/blob/v20.10.24/registry/config.go>, `isSecureIndex`).
async fn is_insecure(domain: &RegistryDomain, config: RegistryServiceConfig) -> bool {
    let named: HashMap<String, IndexInfo> = config.index_configs.unwrap_or_default();
    if let Some(secure) = named.get(domain.as_str()).and_then(|index| index.secure) {
        return !secure;
    }
    let ranges = config.insecure_registry_cidrs.unwrap_or_default();
    let ranges: Vec<IpNet> = ranges.iter().filter_map(|net| net.parse().ok()).collect();
    let addresses: Vec<IpAddr> = match domain.host().parse::<IpAddr>() {
        Ok(address) => vec![address],
        // A host that nobody knows has no addresses; asking it will say so.
        Err(_) => match tokio::net::lookup_host((domain.host(), 0)).await {
            Ok(found) => found.map(|address| address.ip()).collect(),
            Err(_) => Vec::new(),
        },
    };
    let within = |address: &IpAddr| ranges.iter().any(|range| range.contains(address));
    addresses.iter().any(within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_engine_s_word_decides_what_is_insecure() {
        let index = IndexInfo {
            secure: Some(false),
            ..IndexInfo::default()
        };
        let config = RegistryServiceConfig {
            index_configs: Some(HashMap::from([("plain.example:5000".to_owned(), index)])),
            insecure_registry_cidrs: Some(vec!["127.0.0.0/8".to_owned(), "10.1.0.0/16".to_owned()]),
            ..RegistryServiceConfig::default()
        };
        for (domain, insecure) in [
            ("plain.example:5000", true),
            ("127.0.0.1:5000", true),
            ("127.9.9.9:80", true),
            ("localhost:5000", true),
            ("10.1.2.3:5000", true),
            ("10.2.2.3:5000", false),
        ] {
            let domain = domain.parse().unwrap();
            let found = is_insecure(&domain, config.clone()).await;
            assert_eq!(found, insecure, "{domain}");
        }
    }

    #[test]
    fn docker_hub_is_told_by_its_own_address() {
        let password = zun_domain::registry::Password::try_from("p".to_owned()).unwrap();
        let credentials = Credentials {
            domain: "docker.io".parse().unwrap(),
            username: "me".to_owned(),
            password,
        };
        let told = told_to(&"nginx".parse().unwrap(), Some(&credentials)).unwrap();
        assert_eq!(told.serveraddress.as_deref(), Some(HUB_SERVER));
        assert_eq!(
            told_to(&"r.example/nginx".parse().unwrap(), Some(&credentials)),
            None
        );
    }
}
