//! The many ways Zun's clients write one address, made plain before routing: a path whose
//! first segment is none of ours is one of `/v1`; slashes at the end and `.json` behind a collection do
//! not count.

use http::{Request, Uri, uri::PathAndQuery};

/// First segments of the addresses that are not below `/v1`.
const ROOTS: [&str; 7] = [
    "v1",
    "identity",
    "volume",
    "network",
    "image",
    "zund",
    "healthcheck",
];

/// The path as the client wrote it, where it was made plain.
#[derive(Debug, Clone)]
pub(crate) struct Written(pub(crate) String);

/// Gives the request its plain address.
pub(crate) fn plain<B>(mut request: Request<B>) -> Request<B> {
    let path = plain_path(request.uri().path());
    if path != request.uri().path() {
        let query = request
            .uri()
            .query()
            .map_or_else(String::new, |query| format!("?{query}"));
        if let Ok(path) = PathAndQuery::try_from(format!("{path}{query}")) {
            let mut parts = request.uri().clone().into_parts();
            parts.path_and_query = Some(path);
            let written = Written(request.uri().path().to_owned());
            request.extensions_mut().insert(written);
            if let Ok(uri) = Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
        }
    }
    request
}

fn plain_path(path: &str) -> String {
    let mut segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    if segments == [""] || segments == ["index.json"] {
        return "/".to_owned();
    }
    let bare = segments[0].strip_suffix(".json").unwrap_or(segments[0]);
    if !ROOTS.contains(&bare) {
        segments.insert(0, "v1");
    }
    // Only where no name can stand: a container may be called "web.json".
    if segments[0].starts_with("v1")
        && segments.len() <= 2
        && let Some(last) = segments.last_mut()
    {
        *last = last.strip_suffix(".json").unwrap_or(last);
    }
    if let ["v1", "images", name @ .., "search"] = segments.as_slice()
        && name.len() > 1
    {
        // The name of an image has slashes of its own: everything in between is the name.
        return format!("/v1/images/{}/search", name.join("%2F"));
    }
    format!("/{}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling() {
        for (written, meant) in [
            ("/", "/"),
            ("//", "/"),
            ("/v1", "/v1"),
            ("/v1/", "/v1"),
            ("/v1.json", "/v1"),
            ("/containers", "/v1/containers"),
            ("/containers/", "/v1/containers"),
            ("/v1/containers/", "/v1/containers"),
            ("/v1/containers.json", "/v1/containers"),
            ("/v1/containers/web.json", "/v1/containers/web.json"),
            ("/containers/web/start/", "/v1/containers/web/start"),
            ("/identity/v3/", "/identity/v3"),
            ("/zund/v1/", "/zund/v1"),
            ("/volume/", "/volume"),
            ("/volume/v3/p/types/", "/volume/v3/p/types"),
            ("/network/", "/network"),
            ("/image/v2/", "/image/v2"),
            ("/images/", "/v1/images"),
            ("/network/v2.0/ports/", "/network/v2.0/ports"),
            ("/v1/images/search/", "/v1/images/search"),
            ("/v1/images/nginx/search", "/v1/images/nginx/search"),
            (
                "/images/library/nginx/search",
                "/v1/images/library%2Fnginx/search",
            ),
            (
                "/v1/images/r.example:5000/a/b/search/",
                "/v1/images/r.example:5000%2Fa%2Fb/search",
            ),
            (
                "/v1/images/library%2Fnginx/search",
                "/v1/images/library%2Fnginx/search",
            ),
            ("/v1/images/search/search", "/v1/images/search/search"),
            ("/v1/containers/a%2Fb", "/v1/containers/a%2Fb"),
        ] {
            assert_eq!(plain_path(written), meant, "{written}");
        }
        let request = Request::builder().uri("/hosts/?limit=3").body(()).unwrap();
        assert_eq!(plain(request).uri(), "/v1/hosts?limit=3");
    }
}
