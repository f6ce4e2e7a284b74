//! Real databases on volumes, whose data is there after their container was recreated, and after the host came up
//! again: the example with PostgreSQL, and a MariaDB, which takes every folder in its data for a database.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use zun_acceptance::tofu::{Flavor, Workspace};
use zun_acceptance::world::{ROOMY, World, on_docker_with};
use zun_acceptance::{image, process, skip, storage};

const DATABASE: &str = "zun_container.database";
const VOLUME: &str = "zun_volume.data";
/// A database that was killed replays its log first.
const BACK: Duration = Duration::from_mins(1);

#[test]
fn database_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, database)
}

#[test]
fn database_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, database)
}

#[test]
fn mariadb_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, mariadb)
}

fn database(world: &mut World) -> Result<()> {
    image::ensure(&world.engine, image::POSTGRES)?;
    let mut workspace = world.workspace()?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/terraform/database/main.tf");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    workspace.write("main.tf", &text)?;
    workspace.run(&["fmt", "-check", "-diff"])?.success()?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    let uuid = id_of(&workspace, DATABASE)?;
    ask(world, &uuid, "CREATE TABLE kept (word text)")?;
    ask(
        world,
        &uuid,
        "INSERT INTO kept SELECT md5(n::text) FROM generate_series(1, 20000) n",
    )?;
    let written = sum(world, &uuid)?;

    recreated(world, &mut workspace, &uuid, &written)?;
    if storage::grows_mounted() {
        grown(world, &mut workspace, &uuid)?;
    } else {
        skip::skip("a volume that grows below a running database: needs CAP_SYS_RESOURCE");
    }

    world.reboot()?;
    let found = process::poll(BACK, || sum(world, &uuid).ok());
    let found = found.context("the database is not back after a reboot")?;
    ensure!(found == written, "after a reboot {written} became {found}");
    workspace.must_be_settled()?;
    world.must_balance()?;

    refused_while_attached(&workspace)?;
    workspace.destroy()?;
    world.must_be_empty()
}

/// A blank volume has nothing in it that MariaDB would stumble over, and holds its data from then on.
fn mariadb(world: &mut World) -> Result<()> {
    image::ensure(&world.engine, image::MARIADB)?;
    let workspace = world.workspace()?;
    workspace.configure(&on_mariadb("first"))?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    let uuid = id_of(&workspace, DATABASE)?;
    let ask = |world: &World, sql: &str| {
        let connect = |sql| ["mariadb", "--socket=/run/mysqld/mysqld.sock", "-BNe", sql];
        let ready = || world.engine.exec(&uuid, &connect("SELECT 1")).ok();
        process::poll(BACK, ready).context("the database does not answer")?;
        world.engine.exec(&uuid, &connect(sql))
    };
    ask(
        world,
        "CREATE DATABASE shop; CREATE TABLE shop.kept AS SELECT seq, md5(seq) AS word FROM shop.seq_1_to_20000",
    )?;
    let sum = "CHECKSUM TABLE shop.kept";
    let written = ask(world, sum)?;
    ensure!(!written.contains("NULL"), "{written}");

    workspace.configure(&on_mariadb("second"))?;
    workspace.apply()?;
    workspace.must_be_settled()?;
    ensure!(ask(world, sum)? == written, "after a recreate");
    world.reboot()?;
    ensure!(ask(world, sum)? == written, "after a reboot");
    workspace.destroy()?;
    world.must_be_empty()
}

fn on_mariadb(edit: &str) -> String {
    format!(
        r#"
resource "zun_volume" "data" {{
  name = "mariadb"
  size = 1
}}

resource "zun_container" "database" {{
  name           = "mariadb"
  image          = "zun/mariadb:1"
  memory         = 512
  restart_policy = {{ name = "unless-stopped" }}
  environment    = {{ EDIT = "{edit}" }}
  mounts         = [{{ source = zun_volume.data.id, destination = "/var/lib/mysql" }}]
}}
"#
    )
}

/// An edit that restarts it: another Docker container, the same volume and data.
fn recreated(world: &World, workspace: &mut Workspace, uuid: &str, written: &str) -> Result<()> {
    let (volume, before) = (id_of(workspace, VOLUME)?, world.engine.engine_id(uuid)?);
    workspace.set("TF_VAR_max_connections", "30");
    workspace.apply()?;
    workspace.must_be_settled()?;
    ensure!(id_of(workspace, DATABASE)? == uuid, "another container");
    ensure!(world.engine.engine_id(uuid)? != before, "not recreated");
    ensure!(id_of(workspace, VOLUME)? == volume, "another volume");
    let connections = ask(world, uuid, "SHOW max_connections")?;
    ensure!(connections.trim() == "30", "the edit is not in force");
    let found = sum(world, uuid)?;
    ensure!(
        found == written,
        "after a recreate {written} became {found}"
    );
    Ok(())
}

/// A larger volume, while the database runs: it sees the room at once.
fn grown(world: &World, workspace: &mut Workspace, uuid: &str) -> Result<()> {
    let before = (world.engine.engine_id(uuid)?, room(world, uuid)?);
    workspace.set("TF_VAR_size", "2");
    let plan = workspace.plan()?;
    ensure!(
        plan.actions(VOLUME) == ["update"] && plan.actions(DATABASE) == ["no-op"],
        "{}",
        plan.text
    );
    workspace.apply()?;
    workspace.must_be_settled()?;
    let after = (world.engine.engine_id(uuid)?, room(world, uuid)?);
    ensure!(before.0 == after.0, "the database was restarted");
    ensure!(
        after.1 > before.1 * 3 / 2,
        "{} KiB became {}",
        before.1,
        after.1
    );
    Ok(())
}

/// Its volume alone cannot be destroyed, and the refusal says by whom it is used.
fn refused_while_attached(workspace: &Workspace) -> Result<()> {
    let id = id_of(workspace, VOLUME)?;
    workspace.run(&["state", "rm", DATABASE])?.success()?;
    let arguments = ["destroy", "-auto-approve", "-no-color", "-target", VOLUME];
    let refused = workspace.run(&arguments)?;
    ensure!(refused.code != Some(0), "the volume was destroyed");
    let text = refused
        .text()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    for part in [
        id.as_str(),
        "container database (",
        "/var/lib/postgresql/data",
    ] {
        ensure!(text.contains(part), "{part:?} is missing in: {text}");
    }
    workspace.import(DATABASE, "database")?.success()?;
    Ok(())
}

fn id_of(workspace: &Workspace, address: &str) -> Result<String> {
    let values = workspace.attributes(address)?;
    let id = values["id"].as_str().map(str::to_owned);
    id.with_context(|| format!("{address} has no id"))
}

/// What the database answers.
fn ask(world: &World, uuid: &str, sql: &str) -> Result<String> {
    let connect = "PGPASSWORD=\"$POSTGRES_PASSWORD\" exec psql -h 127.0.0.1 -U postgres -v ON_ERROR_STOP=1 -Atc \"$1\"";
    world.engine.exec(uuid, &["sh", "-c", connect, "psql", sql])
}

/// A checksum of everything that was written.
fn sum(world: &World, uuid: &str) -> Result<String> {
    let sql = "SELECT count(*) || ' ' || md5(string_agg(word, '' ORDER BY word)) FROM kept";
    Ok(ask(world, uuid, sql)?.trim().to_owned())
}

/// The size of the filesystem that the data is on, in KiB.
fn room(world: &World, uuid: &str) -> Result<u64> {
    let told = world
        .engine
        .exec(uuid, &["df", "-Pk", "/var/lib/postgresql/data"])?;
    let size = told
        .lines()
        .nth(1)
        .and_then(|line| line.split_whitespace().nth(1));
    let size = size.with_context(|| format!("no size in {told}"))?;
    Ok(size.parse()?)
}
