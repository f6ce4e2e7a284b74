//! What nobody but the container may read: not in a log of either program, whatever its level, nor in the state, nor in
//! the server's answers.

use std::fs;

use anyhow::{Result, ensure};
use zun_acceptance::tofu::Flavor;
use zun_acceptance::world::{World, on_docker_with};

/// Values that appear nowhere else, as they are and in base64.
const WRITE_ONLY: &str = "wo-Cq7tX2pLw9";
const ENVIRONMENT: &str = "env-h3ZkV8sNf4";
const FILE: &str = "file-R5mYd1GjB6";
const FILE_IN_BASE64: &str = "ZmlsZS1SNW1ZZDFHakI2";

#[test]
fn values_stay_out_of_logs() -> Result<()> {
    // Write-only attributes are read by terraform from 1.11 on alone.
    on_docker_with(Flavor::Terraform, &[("ZUND_LOG", "trace")], |world| {
        values_stay_out(world)
    })
}

fn values_stay_out(world: &mut World) -> Result<()> {
    let mut workspace = world.workspace()?;
    let log = workspace.dir().join("provider.log");
    workspace.set("TF_LOG_PROVIDER", "TRACE");
    workspace.set("TF_LOG_PATH", &log.display().to_string());
    for edit in [1, 2] {
        workspace.configure(&container(edit))?;
        workspace.apply()?;
        workspace.must_be_settled()?;
        let id = workspace.attributes("zun_container.web")?["id"].clone();
        let inside = world.engine.exec(
            id.as_str().unwrap_or_default(),
            &["sh", "-c", "env; cat /etc/web.conf"],
        )?;
        for value in [WRITE_ONLY, ENVIRONMENT, FILE] {
            ensure!(
                inside.contains(value),
                "{value} is not in the container: {inside}"
            );
        }
        let known = fs::read_to_string(workspace.dir().join("terraform.tfstate"))?;
        ensure!(!known.contains(WRITE_ONLY), "{WRITE_ONLY} is in the state");
        let rows = format!("{:?}", world.api()?.containers()?);
        ensure!(!rows.contains(WRITE_ONLY), "the server tells {WRITE_ONLY}");
    }
    workspace.destroy()?;
    let logs = [
        ("the provider", "[TRACE]", fs::read_to_string(&log)?),
        ("zund", "\"DEBUG\"", world.backend.log()),
    ];
    for (whose, level, log) in logs {
        ensure!(
            log.contains(level),
            "the log of {whose} has nothing of {level}"
        );
        for value in [WRITE_ONLY, ENVIRONMENT, FILE, FILE_IN_BASE64] {
            let line = log.lines().find(|line| line.contains(value));
            ensure!(line.is_none(), "{value} is in the log of {whose}: {line:?}");
        }
    }
    world.must_be_empty()
}

fn container(edit: u32) -> String {
    format!(
        r#"
resource "zun_container" "web" {{
  name                   = "secrets"
  image                  = "zun/test:1"
  stop_timeout           = 1
  environment            = {{ GREETING = "{ENVIRONMENT}", EDIT = "{edit}" }}
  environment_wo         = {{ PASSWORD = "{WRITE_ONLY}" }}
  environment_wo_version = {edit}
  mounts                 = [{{ type = "bind", destination = "/etc/web.conf", content = base64encode("{FILE}") }}]
}}
"#
    )
}
