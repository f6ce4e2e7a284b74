//! One suite, run on SQLite always and on PostgreSQL when `TEST_POSTGRES_URL` names a server. Each case gets a
//! database of its own from [`database`] and data from [`sample`].

mod claims;
mod containers;
mod database;
mod disk;
mod hosts;
mod identity;
mod images;
mod kept;
mod migration;
mod networks;
mod opening;
mod operations;
mod paging;
mod ports;
mod quotas;
mod races;
mod registries;
mod routers;
mod sample;
mod secrets;
mod security_groups;
mod shared_commit;
mod transactions;
mod volumes;
