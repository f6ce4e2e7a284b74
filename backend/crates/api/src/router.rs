//! Every route of every API in one table: method, address, right, first and last version, handler.
//!
//! The router is made from the table and from nothing else, so that a route without an entry cannot be
//! reached; `tests/isolation.rs` walks the same table, so that an entry without its case of a stranger's
//! token fails the tests.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::Method;
use tower::Layer as _;
use tower::util::MapRequestLayer;
use tower_http::catch_panic::CatchPanicLayer;
use zun_domain::policy::Action::{self, Admin, Read, Write};
use zun_engine::Engine;

use crate::admit::{admit, no_such_address, no_such_method};
use crate::frame::{frame, panicked};
use crate::microversion::Microversion;
use crate::settings::ApiSettings;
use crate::volume::metadata::{OfSnapshot, OfVolume};
use crate::{
    App, address, container as c, extension as x, identity as i, image as g, network as n,
    volume as b,
};

/// What a request needs to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Nothing.
    Public,
    /// A good token, for a project or for none.
    Login,
    /// A token that may do this.
    May(Action),
    /// Nothing when it is asked on this machine, else a token that may do this.
    Loopback(Action),
}

/// One entry of the table.
#[derive(Debug, Clone)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The address, with its parameters in braces.
    pub path: &'static str,
    /// What it needs.
    pub right: Right,
    /// First microversion it is served in.
    pub since: Microversion,
    /// Last microversion it is served in.
    pub until: Microversion,
    handler: fn(MethodFilter) -> MethodRouter<App>,
}

macro_rules! route {
    ($method:ident $path:literal, $right:expr, $handler:path) => {
        route!($method $path, $right, $handler, 1, 40)
    };
    ($method:ident $path:literal, $right:expr, $handler:path, $since:literal, $until:literal) => {
        Route {
            method: Method::$method,
            path: $path,
            right: $right,
            since: Microversion($since),
            until: Microversion($until),
            handler: |filter| on(filter, $handler),
        }
    };
}

const fn read(rule: &'static str) -> Right {
    Right::May(Read(rule))
}

const fn write(rule: &'static str) -> Right {
    Right::May(Write(rule))
}

const fn admin(rule: &'static str) -> Right {
    Right::May(Admin(rule))
}

/// Zun's API and what stands beside it.
const CONTAINER: &[Route] = &[
    route!(GET "/", Right::Public, c::root::versions),
    route!(GET "/healthcheck", Right::Public, c::root::healthcheck),
    route!(GET "/v1", Right::Public, c::root::version),
    route!(GET "/v1/containers", read("container:get_all"), c::list::list),
    route!(POST "/v1/containers", write("container:create"), c::create::create),
    route!(GET "/v1/containers/{ident}", read("container:get_one"), c::list::show),
    route!(PATCH "/v1/containers/{ident}", write("container:update"), c::update::patch),
    route!(DELETE "/v1/containers/{ident}", write("container:delete"), c::update::delete),
    route!(POST "/v1/containers/{ident}/start", write("container:start"), c::act::start),
    route!(POST "/v1/containers/{ident}/stop", write("container:stop"), c::act::stop),
    route!(POST "/v1/containers/{ident}/reboot", write("container:reboot"), c::act::reboot),
    route!(POST "/v1/containers/{ident}/pause", write("container:pause"), c::act::pause),
    route!(POST "/v1/containers/{ident}/unpause", write("container:unpause"), c::act::unpause),
    route!(POST "/v1/containers/{ident}/kill", write("container:kill"), c::act::kill),
    route!(POST "/v1/containers/{ident}/rename", write("container:rename"), c::update::rename, 1, 13),
    route!(POST "/v1/containers/{ident}/resize_container", write("container:resize_container"), c::update::resize_container, 19, 40),
    route!(POST "/v1/containers/{ident}/resize", write("container:resize"), c::look::resize),
    route!(POST "/v1/containers/{ident}/commit", write("container:commit"), c::commit::commit),
    route!(POST "/v1/containers/{ident}/rebuild", write("container:rebuild"), c::commit::rebuild),
    route!(GET "/v1/containers/{ident}/logs", read("container:logs"), c::look::logs),
    route!(GET "/v1/containers/{ident}/top", read("container:top"), c::look::top),
    route!(GET "/v1/containers/{ident}/stats", read("container:stats"), c::look::stats),
    route!(POST "/v1/containers/{ident}/network_attach", write("container:network_attach"), c::network::attach, 8, 40),
    route!(POST "/v1/containers/{ident}/network_detach", write("container:network_detach"), c::network::detach, 6, 40),
    route!(GET "/v1/containers/{ident}/network_list", read("container:network_list"), c::network::list, 13, 40),
    route!(POST "/v1/containers/{ident}/add_security_group", write("container:add_security_group"), c::network::add_group, 1, 14),
    route!(POST "/v1/containers/{ident}/remove_security_group", write("container:remove_security_group"), c::network::remove_group, 1, 14),
    route!(GET "/v1/images", admin("image:get_all"), c::image::list),
    route!(POST "/v1/images", admin("image:pull"), c::image::pull),
    route!(GET "/v1/images/{ident}", admin("image:get_one"), c::image::show),
    route!(DELETE "/v1/images/{ident}", admin("image:delete"), c::image::delete),
    route!(GET "/v1/hosts", admin("host:get_all"), c::host::list, 4, 40),
    route!(GET "/v1/hosts/{ident}", admin("host:get"), c::host::show, 4, 40),
    route!(GET "/v1/services", admin("zun-service:get_all"), c::service::list),
    route!(DELETE "/v1/services", admin("zun-service:delete"), c::service::delete),
    route!(PUT "/v1/services/enable", admin("zun-service:enable"), c::service::enable),
    route!(PUT "/v1/services/disable", admin("zun-service:disable"), c::service::disable),
    route!(PUT "/v1/services/force_down", admin("zun-service:force_down"), c::service::force_down),
    route!(GET "/v1/availability_zones", read("availability_zones:get_all"), c::availability_zone::list),
    route!(GET "/v1/quotas/{project_id}", read("quota:get"), c::quota::show),
    route!(PUT "/v1/quotas/{project_id}", admin("quota:update"), c::quota::set),
    route!(DELETE "/v1/quotas/{project_id}", admin("quota:delete"), c::quota::delete),
    route!(GET "/v1/quotas/{project_id}/defaults", read("quota:get_default"), c::quota::defaults),
    route!(GET "/v1/quota_classes/{name}", admin("quota_class:get"), c::quota::class_show),
    route!(PUT "/v1/quota_classes/{name}", admin("quota_class:update"), c::quota::class_set),
    route!(GET "/v1/registries", read("registry:get_all"), c::registry::list),
    route!(POST "/v1/registries", write("registry:create"), c::registry::create),
    route!(GET "/v1/registries/{ident}", read("registry:get_one"), c::registry::show),
    route!(PATCH "/v1/registries/{ident}", write("registry:update"), c::registry::patch),
    route!(DELETE "/v1/registries/{ident}", write("registry:delete"), c::registry::delete),
    route!(GET "/v1/images/search", read("image:search"), c::search::by_query),
    route!(GET "/v1/images/{name}/search", read("image:search"), c::search::by_name),
];

/// The part of Keystone that clients use.
const IDENTITY: &[Route] = &[
    route!(GET "/identity", Right::Public, i::discovery::versions),
    route!(GET "/identity/v3", Right::Public, i::discovery::version),
    route!(POST "/identity/v3/auth/tokens", Right::Public, i::token::issue),
    route!(GET "/identity/v3/auth/tokens", Right::Login, i::token::check),
    route!(DELETE "/identity/v3/auth/tokens", Right::Login, i::token::revoke),
    route!(GET "/identity/v3/auth/catalog", Right::Login, i::token::catalog),
    route!(GET "/identity/v3/auth/projects", Right::Login, i::project::own),
    route!(GET "/identity/v3/projects", admin("identity:list_projects"), i::project::list),
    route!(POST "/identity/v3/projects", admin("identity:create_project"), i::project::create),
    route!(GET "/identity/v3/projects/{id}", read("identity:get_project"), i::project::show),
    route!(PATCH "/identity/v3/projects/{id}", admin("identity:update_project"), i::project::update),
    route!(DELETE "/identity/v3/projects/{id}", admin("identity:delete_project"), i::project::delete),
    route!(GET "/identity/v3/users", admin("identity:list_users"), i::user::list),
    route!(POST "/identity/v3/users", admin("identity:create_user"), i::user::create),
    route!(GET "/identity/v3/users/{id}", Right::Login, i::user::show),
    route!(PATCH "/identity/v3/users/{id}", admin("identity:update_user"), i::user::update),
    route!(DELETE "/identity/v3/users/{id}", admin("identity:delete_user"), i::user::delete),
    route!(POST "/identity/v3/users/{id}/password", Right::Login, i::user::password),
    route!(GET "/identity/v3/users/{id}/projects", Right::Login, i::project::of_user),
    route!(GET "/identity/v3/domains", admin("identity:list_domains"), i::domain::list),
    route!(POST "/identity/v3/domains", admin("identity:create_domain"), i::domain::create),
    route!(GET "/identity/v3/domains/{id}", admin("identity:get_domain"), i::domain::show),
    route!(PATCH "/identity/v3/domains/{id}", admin("identity:update_domain"), i::domain::update),
    route!(DELETE "/identity/v3/domains/{id}", admin("identity:delete_domain"), i::domain::delete),
    route!(GET "/identity/v3/roles", admin("identity:list_roles"), i::role::list),
    route!(GET "/identity/v3/roles/{id}", admin("identity:get_role"), i::role::show),
    route!(GET "/identity/v3/role_assignments", admin("identity:list_role_assignments"), i::role::assignments),
    route!(GET "/identity/v3/projects/{project}/users/{user}/roles", admin("identity:list_grants"), i::role::of),
    route!(GET "/identity/v3/projects/{project}/users/{user}/roles/{role}", admin("identity:check_grant"), i::role::check),
    route!(PUT "/identity/v3/projects/{project}/users/{user}/roles/{role}", admin("identity:create_grant"), i::role::grant),
    route!(DELETE "/identity/v3/projects/{project}/users/{user}/roles/{role}", admin("identity:revoke_grant"), i::role::revoke),
    route!(GET "/identity/v3/users/{id}/application_credentials", Right::Login, i::application_credential::list),
    route!(POST "/identity/v3/users/{id}/application_credentials", Right::Login, i::application_credential::create),
    route!(GET "/identity/v3/users/{id}/application_credentials/{credential}", Right::Login, i::application_credential::show),
    route!(DELETE "/identity/v3/users/{id}/application_credentials/{credential}", Right::Login, i::application_credential::delete),
];

/// The part of Cinder that clients use.
const VOLUME: &[Route] = &[
    route!(GET "/volume", Right::Public, b::discovery::versions),
    route!(GET "/volume/v3", Right::Public, b::discovery::version),
    route!(GET "/volume/v3/{project_id}/volumes", read("volume:get_all"), b::volumes::list),
    route!(POST "/volume/v3/{project_id}/volumes", write("volume:create"), b::volumes::create),
    route!(GET "/volume/v3/{project_id}/volumes/detail", read("volume:get_all"), b::volumes::detail),
    route!(GET "/volume/v3/{project_id}/volumes/{id}", read("volume:get"), b::volumes::show),
    route!(PUT "/volume/v3/{project_id}/volumes/{id}", write("volume:update"), b::volumes::update),
    route!(DELETE "/volume/v3/{project_id}/volumes/{id}", write("volume:delete"), b::volumes::delete),
    route!(POST "/volume/v3/{project_id}/volumes/{id}/action", write("volume:extend"), b::action::act),
    route!(GET "/volume/v3/{project_id}/volumes/{id}/metadata", read("volume:get_volume_metadata"), b::metadata::list::<OfVolume>),
    route!(POST "/volume/v3/{project_id}/volumes/{id}/metadata", write("volume:create_volume_metadata"), b::metadata::merge::<OfVolume>),
    route!(PUT "/volume/v3/{project_id}/volumes/{id}/metadata", write("volume:update_volume_metadata"), b::metadata::replace::<OfVolume>),
    route!(GET "/volume/v3/{project_id}/volumes/{id}/metadata/{key}", read("volume:get_volume_metadata"), b::metadata::show::<OfVolume>),
    route!(PUT "/volume/v3/{project_id}/volumes/{id}/metadata/{key}", write("volume:update_volume_metadata"), b::metadata::set::<OfVolume>),
    route!(DELETE "/volume/v3/{project_id}/volumes/{id}/metadata/{key}", write("volume:delete_volume_metadata"), b::metadata::remove::<OfVolume>),
    route!(GET "/volume/v3/{project_id}/snapshots", read("volume:get_all_snapshots"), b::snapshots::list),
    route!(POST "/volume/v3/{project_id}/snapshots", write("volume:create_snapshot"), b::snapshots::create),
    route!(GET "/volume/v3/{project_id}/snapshots/detail", read("volume:get_all_snapshots"), b::snapshots::detail),
    route!(GET "/volume/v3/{project_id}/snapshots/{id}", read("volume:get_snapshot"), b::snapshots::show),
    route!(PUT "/volume/v3/{project_id}/snapshots/{id}", write("volume:update_snapshot"), b::snapshots::update),
    route!(DELETE "/volume/v3/{project_id}/snapshots/{id}", write("volume:delete_snapshot"), b::snapshots::delete),
    route!(GET "/volume/v3/{project_id}/snapshots/{id}/metadata", read("volume:get_snapshot_metadata"), b::metadata::list::<OfSnapshot>),
    route!(POST "/volume/v3/{project_id}/snapshots/{id}/metadata", write("volume:update_snapshot_metadata"), b::metadata::merge::<OfSnapshot>),
    route!(PUT "/volume/v3/{project_id}/snapshots/{id}/metadata", write("volume:update_snapshot_metadata"), b::metadata::replace::<OfSnapshot>),
    route!(GET "/volume/v3/{project_id}/snapshots/{id}/metadata/{key}", read("volume:get_snapshot_metadata"), b::metadata::show::<OfSnapshot>),
    route!(PUT "/volume/v3/{project_id}/snapshots/{id}/metadata/{key}", write("volume:update_snapshot_metadata"), b::metadata::set::<OfSnapshot>),
    route!(DELETE "/volume/v3/{project_id}/snapshots/{id}/metadata/{key}", write("volume:delete_snapshot_metadata"), b::metadata::remove::<OfSnapshot>),
    route!(GET "/volume/v3/{project_id}/types", read("volume_extension:type_get_all"), b::kind::list),
    route!(GET "/volume/v3/{project_id}/types/{id}", read("volume_extension:type_get"), b::kind::show),
    route!(GET "/volume/v3/{project_id}/limits", read("limits_extension:used_limits"), b::limits::show),
    route!(GET "/volume/v3/{project_id}/os-availability-zone", read("volume:availability_zone_list"), b::zone::list),
];

/// The part of Neutron that clients use.
const NETWORK: &[Route] = &[
    route!(GET "/network", Right::Public, n::discovery::versions),
    route!(GET "/network/v2.0", Right::Public, n::discovery::version),
    route!(GET "/network/v2.0/extensions", read("get_extension"), n::discovery::extensions),
    route!(GET "/network/v2.0/extensions/{alias}", read("get_extension"), n::discovery::one_extension),
    route!(GET "/network/v2.0/availability_zones", read("get_availability_zone"), n::discovery::zones),
    route!(GET "/network/v2.0/networks", read("get_network"), n::noun::list::<n::networks::Networks>),
    route!(POST "/network/v2.0/networks", write("create_network"), n::networks::create),
    route!(GET "/network/v2.0/networks/{id}", read("get_network"), n::noun::show::<n::networks::Networks>),
    route!(PUT "/network/v2.0/networks/{id}", write("update_network"), n::networks::update),
    route!(DELETE "/network/v2.0/networks/{id}", write("delete_network"), n::noun::delete::<n::networks::Networks>),
    route!(GET "/network/v2.0/subnets", read("get_subnet"), n::noun::list::<n::subnets::Subnets>),
    route!(POST "/network/v2.0/subnets", write("create_subnet"), n::subnets::create),
    route!(GET "/network/v2.0/subnets/{id}", read("get_subnet"), n::noun::show::<n::subnets::Subnets>),
    route!(PUT "/network/v2.0/subnets/{id}", write("update_subnet"), n::subnets::update),
    route!(DELETE "/network/v2.0/subnets/{id}", write("delete_subnet"), n::noun::delete::<n::subnets::Subnets>),
    route!(GET "/network/v2.0/subnetpools", read("get_subnetpool"), n::noun::list::<n::subnet_pools::SubnetPools>),
    route!(POST "/network/v2.0/subnetpools", write("create_subnetpool"), n::subnet_pools::create),
    route!(GET "/network/v2.0/subnetpools/{id}", read("get_subnetpool"), n::noun::show::<n::subnet_pools::SubnetPools>),
    route!(PUT "/network/v2.0/subnetpools/{id}", write("update_subnetpool"), n::subnet_pools::update),
    route!(DELETE "/network/v2.0/subnetpools/{id}", write("delete_subnetpool"), n::noun::delete::<n::subnet_pools::SubnetPools>),
    route!(GET "/network/v2.0/ports", read("get_port"), n::noun::list::<n::ports::Ports>),
    route!(POST "/network/v2.0/ports", write("create_port"), n::ports::create),
    route!(GET "/network/v2.0/ports/{id}", read("get_port"), n::noun::show::<n::ports::Ports>),
    route!(PUT "/network/v2.0/ports/{id}", write("update_port"), n::ports::update),
    route!(DELETE "/network/v2.0/ports/{id}", write("delete_port"), n::noun::delete::<n::ports::Ports>),
    route!(GET "/network/v2.0/security-groups", read("get_security_group"), n::noun::list::<n::security_groups::SecurityGroups>),
    route!(POST "/network/v2.0/security-groups", write("create_security_group"), n::security_groups::create),
    route!(GET "/network/v2.0/security-groups/{id}", read("get_security_group"), n::noun::show::<n::security_groups::SecurityGroups>),
    route!(PUT "/network/v2.0/security-groups/{id}", write("update_security_group"), n::security_groups::update),
    route!(DELETE "/network/v2.0/security-groups/{id}", write("delete_security_group"), n::noun::delete::<n::security_groups::SecurityGroups>),
    route!(GET "/network/v2.0/security-group-rules", read("get_security_group_rule"), n::noun::list::<n::security_group_rules::SecurityGroupRules>),
    route!(POST "/network/v2.0/security-group-rules", write("create_security_group_rule"), n::security_group_rules::create),
    route!(GET "/network/v2.0/security-group-rules/{id}", read("get_security_group_rule"), n::noun::show::<n::security_group_rules::SecurityGroupRules>),
    route!(DELETE "/network/v2.0/security-group-rules/{id}", write("delete_security_group_rule"), n::noun::delete::<n::security_group_rules::SecurityGroupRules>),
    route!(GET "/network/v2.0/routers", read("get_router"), n::noun::list::<n::routers::Routers>),
    route!(POST "/network/v2.0/routers", write("create_router"), n::routers::create),
    route!(GET "/network/v2.0/routers/{id}", read("get_router"), n::noun::show::<n::routers::Routers>),
    route!(PUT "/network/v2.0/routers/{id}", write("update_router"), n::routers::update),
    route!(DELETE "/network/v2.0/routers/{id}", write("delete_router"), n::noun::delete::<n::routers::Routers>),
    route!(PUT "/network/v2.0/routers/{id}/add_router_interface", write("add_router_interface"), n::routers::add_interface),
    route!(PUT "/network/v2.0/routers/{id}/remove_router_interface", write("remove_router_interface"), n::routers::remove_interface),
    route!(GET "/network/v2.0/floatingips", read("get_floatingip"), n::noun::list::<n::floating_ips::FloatingIps>),
    route!(POST "/network/v2.0/floatingips", write("create_floatingip"), n::floating_ips::create),
    route!(GET "/network/v2.0/floatingips/{id}", read("get_floatingip"), n::noun::show::<n::floating_ips::FloatingIps>),
    route!(PUT "/network/v2.0/floatingips/{id}", write("update_floatingip"), n::floating_ips::update),
    route!(DELETE "/network/v2.0/floatingips/{id}", write("delete_floatingip"), n::noun::delete::<n::floating_ips::FloatingIps>),
];

/// The part of Glance that clients use.
const IMAGE: &[Route] = &[
    route!(GET "/image", Right::Public, g::discovery::choose),
    route!(GET "/image/versions", Right::Public, g::discovery::versions),
    route!(GET "/image/v2", Right::Public, g::discovery::versions),
    route!(GET "/image/v2/info/import", read("get_images"), g::discovery::import),
    route!(GET "/image/v2/schemas/image", read("get_images"), g::schema::image),
    route!(GET "/image/v2/schemas/images", read("get_images"), g::schema::images),
    route!(GET "/image/v2/images", read("get_images"), g::images::list),
    route!(POST "/image/v2/images", write("add_image"), g::images::create),
    route!(GET "/image/v2/images/{id}", read("get_image"), g::images::show),
    route!(PATCH "/image/v2/images/{id}", write("modify_image"), g::images::update),
    route!(DELETE "/image/v2/images/{id}", write("delete_image"), g::images::delete),
    route!(GET "/image/v2/images/{id}/file", read("download_image"), g::data::download),
    route!(PUT "/image/v2/images/{id}/file", write("upload_image"), g::data::upload),
    route!(PUT "/image/v2/images/{id}/tags/{tag}", write("modify_image"), g::tags::put),
    route!(DELETE "/image/v2/images/{id}/tags/{tag}", write("modify_image"), g::tags::delete),
];

/// Our own API.
const EXTENSION: &[Route] = &[
    route!(GET "/zund/v1", read("zund:features"), x::features::show),
    route!(GET "/zund/v1/health", Right::Public, x::features::health),
    route!(GET "/zund/v1/metrics", Right::Loopback(Admin("zund:metrics")), x::features::metrics),
    route!(GET "/zund/v1/containers", read("container:get_all"), x::container::list),
    route!(POST "/zund/v1/containers", write("container:create"), x::container::create),
    route!(GET "/zund/v1/containers/{ident}", read("container:get_one"), x::container::show),
    route!(PUT "/zund/v1/containers/{ident}", write("container:update"), x::container::update),
    route!(DELETE "/zund/v1/containers/{ident}", write("container:delete"), x::container::delete),
    route!(POST "/zund/v1/containers/{ident}/confirm", write("container:create"), x::container::confirm),
    route!(GET "/zund/v1/containers/{ident}/events", read("container:actions"), x::container::events),
    route!(POST "/zund/v1/preview", read("container:get_one"), x::preview::preview),
    route!(POST "/zund/v1/images", write("add_image"), x::image::create),
    route!(GET "/zund/v1/images/{ident}", read("get_image"), x::image::show),
    route!(DELETE "/zund/v1/images/{ident}", write("delete_image"), x::image::delete),
    route!(GET "/zund/v1/host_images", admin("image:get_all"), x::image::host_images),
    route!(GET "/zund/v1/operations", read("container:actions"), x::operation::list),
    route!(GET "/zund/v1/operations/{id}", read("container:actions"), x::operation::show),
    route!(GET "/zund/v1/operations/{id}/events", read("container:actions"), x::operation::stream),
    route!(GET "/zund/v1/quotas/{project}", read("quota:get"), x::quota::show),
    route!(PUT "/zund/v1/quotas/{project}", admin("quota:update"), x::quota::set),
    route!(DELETE "/zund/v1/quotas/{project}", admin("quota:delete"), x::quota::delete),
    route!(GET "/zund/v1/quota_classes/{name}", admin("quota_class:get"), x::quota::class_show),
    route!(PUT "/zund/v1/quota_classes/{name}", admin("quota_class:update"), x::quota::class_set),
    route!(DELETE "/zund/v1/quota_classes/{name}", admin("quota_class:update"), x::quota::class_delete),
];

/// The whole table.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    let ours = VOLUME.iter().chain(NETWORK).chain(IMAGE).chain(EXTENSION);
    CONTAINER.iter().chain(IDENTITY).chain(ours)
}

/// Every API on this engine. Serve it with connection info, so that metrics know who asks:
/// `router(..).into_make_service_with_connect_info::<SocketAddr>()`.
pub fn router(engine: Engine, settings: ApiSettings) -> Router {
    serve(&App::new(engine, settings), routes())
}

fn serve(app: &App, table: impl Iterator<Item = &'static Route>) -> Router {
    let mut router: Router<App> = Router::new();
    for route in table {
        let Ok(filter) = MethodFilter::try_from(route.method.clone()) else {
            unreachable!("the table holds plain methods only")
        };
        let gate = from_fn_with_state((app.clone(), route), admit);
        router = router.route(route.path, (route.handler)(filter).route_layer(gate));
    }
    let inner = router
        .fallback(no_such_address)
        .method_not_allowed_fallback(no_such_method)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(app.clone(), frame))
        .with_state(app.clone());
    // Addresses are made plain before they are routed, so around the router, not in it.
    Router::new().fallback_service(MapRequestLayer::new(address::plain).layer(inner))
}
