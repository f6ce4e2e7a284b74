//! Request and response shapes of `/zund/v1`, shared by the server and its clients, and the error body
//! of every API.
//!
//! | route | request | response |
//! |---|---|---|
//! | `GET /zund/v1` | | 200 [`features::Features`] |
//! | `GET /zund/v1/health` (no token) | | 200 or 503 [`features::Health`] |
//! | `GET /zund/v1/metrics` (no token on loopback) | | 200 Prometheus text |
//! | `POST /zund/v1/containers` | [`container::CreateContainer`] | 202 [`container::Accepted`] |
//! | `GET /zund/v1/containers?limit=&marker=&name=&state=&host=&image=` | | 200 [`container::ContainerPage`] |
//! | `GET /zund/v1/containers/{uuid or name}` | | 200 [`container::Container`] |
//! | `PUT /zund/v1/containers/{uuid}` | [`container::UpdateContainer`] | 202 [`container::Accepted`] |
//! | `DELETE /zund/v1/containers/{uuid}` | | 202 [`container::Accepted`]; 404 when gone |
//! | `POST /zund/v1/containers/{uuid}/confirm` | | 204 |
//! | `GET /zund/v1/containers/{uuid}/events?after=` | | 200 [`operation::EventPage`] |
//! | `POST /zund/v1/preview` | [`preview::PreviewRequest`] | 200 [`preview::Preview`] |
//! | `GET /zund/v1/operations?unconfirmed=&container=` | | 200 [`operation::OperationPage`] |
//! | `GET /zund/v1/operations/{id}?wait=SECONDS&after=STEPS_DONE` | | 200 [`operation::Operation`], at once when final, else when it changed or after at most 60 s |
//! | `GET /zund/v1/operations/{id}/events` | | server-sent events, each an [`operation::Operation`] |
//! | `GET`, `PUT`, `DELETE /zund/v1/quotas/{project}` | [`quota::SetLimits`] | 200 [`quota::Quota`], DELETE 204 |
//! | `GET`, `PUT`, `DELETE /zund/v1/quota_classes/{name}` | [`quota::SetLimits`] | 200 [`quota::QuotaClass`], DELETE 204 |
//! | `POST /zund/v1/images` | [`image::CreateImage`] | 202 [`image::ImageAccepted`] |
//! | `GET /zund/v1/images/{uuid or name}` | | 200 [`image::Image`] |
//! | `DELETE /zund/v1/images/{uuid or name}` | | 202 [`image::ImageAccepted`]; 404 when gone |
//! | `GET /zund/v1/host_images` | | 200 [`image::HostImagePage`] |
//!
//! Nested values are the domain's own scalars and its [`zun_domain::container::ContainerSpec`], so that
//! a request is refused for the same reasons in `plan` and on the server.

pub mod container;
pub mod error;
pub mod features;
pub mod image;
pub mod operation;
pub mod preview;
pub mod quota;
