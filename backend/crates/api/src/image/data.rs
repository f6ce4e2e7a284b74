//! The data of an image, uploaded and downloaded as a stream: neither is ever in memory as a whole.

use std::io;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use http::{HeaderValue, StatusCode, header};

use super::{id, sight};
use crate::App;
use crate::admit::Admitted;
use crate::error::{Answer, Problem};

const MEDIA: &str = "application/octet-stream";

/// `PUT /image/v2/images/{id}/file`.
pub(crate) async fn upload(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
    request: Request,
) -> Answer<StatusCode> {
    let (call, ident) = (sight(&asked), id(&ident)?);
    app.engine.image_get(&call, &ident).await?;
    let given = request.headers().get(header::CONTENT_TYPE);
    let given = given
        .and_then(|value| value.to_str().ok())
        .unwrap_or("none");
    if !given.eq_ignore_ascii_case(MEDIA) {
        let shown: String = given.chars().take(80).collect();
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            format!("data takes Content-Type: {MEDIA}, and this request has {shown}"),
        ));
    }
    let body = request.into_body().into_data_stream();
    let data = patient(body, app.settings.body_timeout);
    app.engine.image_upload(&call, &ident, data.boxed()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The body, as long as the next piece of it comes in time.
fn patient(
    body: BodyDataStream,
    patience: Duration,
) -> impl futures::Stream<Item = io::Result<axum::body::Bytes>> + Send + 'static {
    stream::unfold(Some(body), move |body| async move {
        let mut body = body?;
        match tokio::time::timeout(patience, body.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(body))),
            Ok(Some(Err(error))) => Some((Err(io::Error::other(error)), None)),
            Err(_) => {
                let seconds = patience.as_secs_f32();
                let message = format!("nothing came for {seconds} s");
                Some((Err(io::Error::new(io::ErrorKind::TimedOut, message)), None))
            }
        }
    })
}

/// `GET /image/v2/images/{id}/file`; 204 while there is none.
pub(crate) async fn download(
    State(app): State<App>,
    asked: Admitted,
    Path(ident): Path<String>,
) -> Answer<Response> {
    let found = app
        .engine
        .image_download(&sight(&asked), &id(&ident)?)
        .await?;
    let Some((facts, data)) = found.data else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let mut response = Body::from_stream(data).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(facts.size));
    if let Ok(checksum) = HeaderValue::try_from(facts.md5) {
        headers.insert("content-md5", checksum);
    }
    Ok(response)
}
