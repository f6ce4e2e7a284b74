//! The example of a blog, used as its author would: what was written and uploaded is there after each of its containers
//! was recreated, and nobody but WordPress reaches the database.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use zun_acceptance::tofu::{Flavor, Workspace};
use zun_acceptance::world::{ROOMY, World, on_docker_with};
use zun_acceptance::{http, image, process};

use crate::network::must_be_as_new;

const WEB: &str = "zun_container.web";
const DATABASE: &str = "zun_container.database";
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn wordpress_with_terraform() -> Result<()> {
    on_docker_with(Flavor::Terraform, ROOMY, wordpress)
}

#[test]
fn wordpress_with_tofu() -> Result<()> {
    on_docker_with(Flavor::Tofu, ROOMY, wordpress)
}

fn wordpress(world: &mut World) -> Result<()> {
    image::ensure(&world.engine, image::MARIADB)?;
    image::ensure(&world.engine, image::WORDPRESS)?;
    let mut workspace = world.workspace()?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = path.join("../examples/terraform/wordpress/main.tf");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    workspace.write("main.tf", &text)?;
    let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    workspace.set("TF_VAR_port", &free.port().to_string());
    workspace.set("TF_VAR_cidr", &format!("{}.1.0/24", world.own_prefix()));
    workspace.set("TF_VAR_title", "First title");
    workspace.run(&["fmt", "-check", "-diff"])?.success()?;
    workspace.apply()?;
    workspace.must_have_nothing_to_refresh()?;
    workspace.must_be_settled()?;

    let url = workspace.output("url")?;
    let url = url.as_str().context("a URL that is no text")?;
    shows(url, "First title")?;
    let author = Author::log_in(&workspace, url)?;
    let file = author.write_and_upload()?;
    shows(url, "Written by hand")?;
    shows(&file, "what was uploaded")?;
    ensure!(!reaches_the_database(&workspace)?, "the host reaches it");

    recreated(world, &mut workspace, WEB, ("TF_VAR_title", "Second title"))?;
    shows(url, "Second title")?;
    recreated(
        world,
        &mut workspace,
        DATABASE,
        ("TF_VAR_max_connections", "30"),
    )?;
    shows(url, "Written by hand")?;
    shows(&file, "what was uploaded")?;
    workspace.destroy()?;
    must_be_as_new(&world.api()?)?;
    world.must_be_empty()
}

/// An edit that recreates one container in place, and nothing else.
fn recreated(
    world: &World,
    workspace: &mut Workspace,
    address: &str,
    (variable, value): (&str, &str),
) -> Result<()> {
    let id = |workspace: &Workspace| {
        let id = workspace.attributes(address)?["id"].clone();
        anyhow::Ok(id.as_str().context("no id")?.to_owned())
    };
    let (uuid, before) = (id(workspace)?, world.engine.engine_id(&id(workspace)?)?);
    workspace.set(variable, value);
    let plan = workspace.plan()?;
    let changed: Vec<&str> = plan.changed().into_iter().collect();
    ensure!(changed == [address], "{changed:?}\n{}", plan.text);
    workspace.apply()?;
    workspace.must_be_settled()?;
    ensure!(id(workspace)? == uuid, "another container");
    ensure!(world.engine.engine_id(&uuid)? != before, "not recreated");
    Ok(())
}

/// A page that has these words, perhaps only once what was restarted is back.
fn shows(url: &str, words: &str) -> Result<()> {
    let found = process::poll(PATIENCE, || match http::get(url) {
        Ok((200, body)) if body.contains(words) => Some(()),
        _ => None,
    });
    found.with_context(|| format!("{url} does not show {words:?}: {:?}", http::get(url)))
}

fn reaches_the_database(workspace: &Workspace) -> Result<bool> {
    let values = workspace.attributes(DATABASE)?;
    let address = values["addresses"][0]["ip"]
        .as_str()
        .context("no address")?;
    let address = format!("{address}:3306").parse()?;
    Ok(std::net::TcpStream::connect_timeout(&address, Duration::from_secs(2)).is_ok())
}

/// Whoever writes the blog, with a browser's cookies.
struct Author<'a> {
    url: &'a str,
    jar: std::path::PathBuf,
    nonce: String,
}

impl<'a> Author<'a> {
    fn log_in(workspace: &Workspace, url: &'a str) -> Result<Self> {
        let mut author = Self {
            url,
            jar: workspace.dir().join("cookies"),
            nonce: String::new(),
        };
        let login = [
            "-b",
            "wordpress_test_cookie=WP%20Cookie%20check",
            "-d",
            "log=admin&pwd=change-me-soon&testcookie=1",
        ];
        author.ask("wp-login.php", &login)?;
        author.nonce = author.ask("wp-admin/admin-ajax.php?action=rest-nonce", &[])?;
        Ok(author)
    }

    /// Publishes a post and uploads a file; the address of that.
    fn write_and_upload(&self) -> Result<String> {
        let nonce = format!("X-WP-Nonce: {}", self.nonce);
        let post = json!({ "title": "Written by hand", "content": "Text.", "status": "publish" });
        let kind = "Content-Type: application/json";
        let post = post.to_string();
        let made = ["-H", nonce.as_str(), "-H", kind, "-d", post.as_str()];
        let made: Value = serde_json::from_str(&self.ask("?rest_route=/wp/v2/posts", &made)?)?;
        ensure!(made["status"] == "publish", "{made}");
        let name = "Content-Disposition: attachment; filename=\"notes.txt\"";
        let kind = "Content-Type: text/plain";
        let headers = ["-H", nonce.as_str(), "-H", name, "-H", kind];
        let sent = [headers.as_slice(), &["--data-binary", "what was uploaded"]].concat();
        let made: Value = serde_json::from_str(&self.ask("?rest_route=/wp/v2/media", &sent)?)?;
        let file = made["source_url"].as_str();
        Ok(file.with_context(|| made.to_string())?.to_owned())
    }

    fn ask(&self, path: &str, arguments: &[&str]) -> Result<String> {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--fail", "--max-time", "30", "-b"])
            .arg(&self.jar)
            .arg("-c")
            .arg(&self.jar)
            .args(arguments)
            .arg(format!("{}{path}", self.url));
        let finished = process::run(&mut curl, Duration::from_mins(1))?;
        Ok(finished.success()?.stdout)
    }
}
