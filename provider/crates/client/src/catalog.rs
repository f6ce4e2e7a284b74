//! Where the services are, by the catalog of a login.

use serde::Deserialize;
use url::Url;

use crate::error::Cause;

/// A service of the catalog.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Service {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    endpoints: Vec<Endpoint>,
}

#[derive(Debug, Clone, Deserialize)]
struct Endpoint {
    interface: String,
    #[serde(default)]
    region: Option<String>,
    url: String,
}

/// Names of the service type, the usual one first.
const KINDS: [&str; 2] = ["container", "application-container"];

/// Names of the type of the block storage service.
const BLOCK_STORAGE: [&str; 4] = ["block-storage", "volumev3", "block-store", "volume"];

/// Names of the type of the network service.
const NETWORKING: [&str; 1] = ["network"];

/// Names of the type of the image service.
const IMAGES: [&str; 1] = ["image"];

/// The address of the block storage service, with its version and the project; `None` where the catalog does
/// not say one of version 3.
pub(crate) fn block_storage_of(catalog: &[Service], region: Option<&str>) -> Option<Url> {
    public(catalog, &BLOCK_STORAGE, region)
        .find(|url| url.path().split('/').any(|part| part == "v3"))
}

/// The address of the network service with its version, which catalogs leave out as a rule; `None` where the
/// catalog does not name the service.
pub(crate) fn networking_of(catalog: &[Service], region: Option<&str>) -> Option<Url> {
    let url = public(catalog, &NETWORKING, region).next()?;
    Some(with_version(url, "/v2.0"))
}

/// The address of the image service with its version, which catalogs leave out as a rule; `None` where the catalog
/// does not name the service.
pub(crate) fn images_of(catalog: &[Service], region: Option<&str>) -> Option<Url> {
    let url = public(catalog, &IMAGES, region).next()?;
    Some(with_version(url, "/v2"))
}

fn with_version(mut url: Url, version: &str) -> Url {
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix(version).unwrap_or(path);
    let path = format!("{path}{version}");
    url.set_path(&path);
    url
}

/// The public addresses of a service by the names of its type, those of its usual name first.
fn public<'a>(
    catalog: &'a [Service],
    kinds: &'a [&str],
    region: Option<&'a str>,
) -> impl Iterator<Item = Url> + 'a {
    let rank = move |service: &Service| kinds.iter().position(|kind| *kind == service.kind);
    let mut services: Vec<&Service> = catalog.iter().filter(|s| rank(s).is_some()).collect();
    services.sort_by_key(|service| rank(service));
    let endpoints = services.into_iter().flat_map(|service| &service.endpoints);
    endpoints
        .filter(|endpoint| endpoint.interface == "public")
        .filter(move |endpoint| {
            region.is_none_or(|region| endpoint.region.as_deref() == Some(region))
        })
        .filter_map(|endpoint| endpoint.url.parse::<Url>().ok())
}

/// The address of the container service, without its version.
pub(crate) fn base_of(catalog: &[Service], region: Option<&str>) -> Result<Url, Cause> {
    let services: Vec<&Service> = catalog
        .iter()
        .filter(|service| KINDS.contains(&service.kind.as_str()))
        .collect();
    if services.is_empty() {
        let mut offered: Vec<&str> = catalog
            .iter()
            .map(|service| service.kind.as_str())
            .collect();
        offered.sort_unstable();
        return Err(Cause::Catalog {
            message: format!(
                "the catalog of this login names no service of the type container, only: {}",
                if offered.is_empty() {
                    "nothing at all (a login without a project has no catalog)".to_owned()
                } else {
                    offered.join(", ")
                }
            ),
        });
    }
    let public: Vec<&Endpoint> = services
        .iter()
        .flat_map(|service| &service.endpoints)
        .filter(|endpoint| endpoint.interface == "public")
        .collect();
    let found = public
        .iter()
        .find(|endpoint| region.is_none_or(|region| endpoint.region.as_deref() == Some(region)));
    let Some(endpoint) = found else {
        let mut regions: Vec<&str> = public.iter().filter_map(|e| e.region.as_deref()).collect();
        regions.sort_unstable();
        regions.dedup();
        return Err(Cause::Catalog {
            message: format!(
                "the container service has no public endpoint in the region {:?}, only in: {}",
                region.unwrap_or_default(),
                regions.join(", ")
            ),
        });
    };
    let url = endpoint.url.parse().map_err(|error| Cause::Catalog {
        message: format!(
            "the catalog's address of the container service, {:?}, is not one: {error}",
            endpoint.url
        ),
    })?;
    Ok(without_version(url))
}

/// The address without a trailing `/v1`, so that `/v1` and `/zund/v1` can follow.
pub(crate) fn without_version(mut url: Url) -> Url {
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/v1").unwrap_or(path);
    let path = path.trim_end_matches('/').to_owned();
    url.set_path(&path);
    url.set_query(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_region_and_strips_the_version() {
        let catalog: Vec<Service> = serde_json::from_str(
            r#"[{"type":"container","endpoints":[
                {"interface":"internal","region":"a","url":"http://in/v1"},
                {"interface":"public","region":"a","url":"http://a:9517/v1"},
                {"interface":"public","region":"b","url":"http://b/container/v1/"}]}]"#,
        )
        .unwrap();
        assert_eq!(base_of(&catalog, None).unwrap().as_str(), "http://a:9517/");
        assert_eq!(
            base_of(&catalog, Some("b")).unwrap().as_str(),
            "http://b/container"
        );
        assert_eq!(block_storage_of(&catalog, None), None);
        let error = base_of(&catalog, Some("c")).unwrap_err().to_string();
        assert!(error.contains("only in: a, b"), "{error}");
        let error = base_of(&[], None).unwrap_err().to_string();
        assert!(error.contains("nothing at all"), "{error}");
    }
    #[test]
    fn block_storage_is_version_3_by_its_usual_name_first() {
        let catalog: Vec<Service> = serde_json::from_str(
            r#"[{"type":"volume","endpoints":[{"interface":"public","region":"a","url":"http://old/v1/p"}]},
                {"type":"volumev3","endpoints":[{"interface":"public","region":"a","url":"http://x/volume/v3/p"}]},
                {"type":"block-storage","endpoints":[
                    {"interface":"internal","region":"a","url":"http://in/v3/p"},
                    {"interface":"public","region":"b","url":"http://b/v3/p"}]}]"#,
        )
        .unwrap();
        let of = |region| block_storage_of(&catalog, region).map(|url| url.to_string());
        assert_eq!(of(None).as_deref(), Some("http://b/v3/p"));
        assert_eq!(of(Some("a")).as_deref(), Some("http://x/volume/v3/p"));
        assert_eq!(of(Some("c")), None);
    }

    #[test]
    fn networking_gets_its_version_where_the_catalog_leaves_it_out() {
        let of = |url: &str| {
            let json = format!(
                r#"[{{"type":"network","endpoints":[{{"interface":"public","region":"a","url":"{url}"}}]}}]"#
            );
            let catalog: Vec<Service> = serde_json::from_str(&json).unwrap();
            networking_of(&catalog, Some("a")).map(|url| url.to_string())
        };
        for (url, found) in [
            ("http://a:9517/network", "http://a:9517/network/v2.0"),
            ("http://a:9517/network/v2.0/", "http://a:9517/network/v2.0"),
            ("http://a:9696", "http://a:9696/v2.0"),
            ("http://a:9696/", "http://a:9696/v2.0"),
        ] {
            assert_eq!(of(url).as_deref(), Some(found), "{url}");
        }
        assert_eq!(networking_of(&[], None), None);
    }

    #[test]
    fn the_image_service_gets_its_version_where_the_catalog_leaves_it_out() {
        for (url, found) in [
            ("http://a:9517/image", "http://a:9517/image/v2"),
            ("http://a:9517/image/v2/", "http://a:9517/image/v2"),
            ("http://a:9292", "http://a:9292/v2"),
        ] {
            let json = format!(
                r#"[{{"type":"image","endpoints":[{{"interface":"public","region":"a","url":"{url}"}}]}}]"#
            );
            let catalog: Vec<Service> = serde_json::from_str(&json).unwrap();
            let of = images_of(&catalog, None).map(|url| url.to_string());
            assert_eq!(of.as_deref(), Some(found), "{url}");
        }
        assert_eq!(images_of(&[], None), None);
    }
}
