//! zund killed in the middle of every kind of work on volumes, on real images, devices and mounts, and now and then the
//! whole host with it: what was begun comes to its end, no byte changes, nothing stays plugged that nobody has.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use zun_acceptance::api::Api;
use zun_acceptance::tofu::Flavor;
use zun_acceptance::world::{ROOMY, World, on_docker_with};
use zun_acceptance::{image, process, storage};

const DEADLINE: Duration = Duration::from_mins(1);
const CONTAINER: &str = "/zund/v1/containers/web";

#[test]
fn zund_killed_in_work_on_volumes() -> Result<()> {
    // No command line takes part: the one that is always there gives the case its world.
    on_docker_with(Flavor::Terraform, ROOMY, |world| {
        let mut case = Case::new(world)?;
        for after_steps in [0, 2, 5] {
            case.round(after_steps)?;
        }
        case.end()
    })
}

/// What is killed when: after so many steps of the operation, by the looks of one who asks all the time.
#[derive(Debug, Clone, Copy)]
struct Blow {
    after_steps: u64,
    /// With everything that runs and is mounted on the host.
    whole_host: bool,
}

struct Case<'a> {
    world: &'a mut World,
    api: Api,
    uuid: String,
    data: String,
    /// The checksum of what is on it.
    sum: String,
    edits: u32,
}

impl<'a> Case<'a> {
    fn new(world: &'a mut World) -> Result<Self> {
        let api = world.api()?;
        let data = volume(&api)?;
        let wish = json!({ "name": "web", "spec": spec(0, &[at(&data, "/data")]) });
        let answer = api.post("/zund/v1/containers", &wish)?;
        let uuid = answer["container"]["uuid"].as_str().context("no uuid")?;
        let mut case = Self {
            uuid: uuid.to_owned(),
            world,
            api,
            data,
            sum: String::new(),
            edits: 0,
        };
        case.ended(&operation_of(&answer)?)?;
        let fill = "dd if=/dev/urandom of=/data/file bs=1M count=8 2>/dev/null";
        case.in_container(fill)?;
        case.sum = case.sum_at("/data")?;
        Ok(case)
    }

    /// Everything there is to do, each struck.
    fn round(&mut self, after_steps: u64) -> Result<()> {
        let blow = |whole_host| Blow {
            after_steps,
            whole_host,
        };
        let path = self.api.block_storage("snapshots");
        let body =
            json!({ "snapshot": { "volume_id": self.data, "name": "night", "force": true } });
        let answer = self.struck(blow(false), |api| api.post(&path, &body))?;
        let snapshot = id_of(&answer["snapshot"])?;
        let path = self.api.block_storage("volumes");
        let body = json!({ "volume": { "snapshot_id": snapshot, "name": "restored" } });
        let answer = self.struck(blow(false), |api| api.post(&path, &body))?;
        let restored = id_of(&answer["volume"])?;

        let both = [at(&self.data, "/data"), at(&restored, "/restored")];
        let alone = [at(&self.data, "/data")];
        for (mounts, whole_host) in [(&both[..], false), (&both[..], true), (&alone[..], false)] {
            self.edits += 1;
            let wish = json!({ "spec": spec(self.edits, mounts) });
            self.struck(blow(whole_host), |api| api.put(CONTAINER, &wish))?;
            self.must_be_whole(mounts)?;
        }

        for path in [
            format!("volumes/{restored}"),
            format!("snapshots/{snapshot}"),
        ] {
            let path = self.api.block_storage(&path);
            self.struck(blow(false), |api| api.delete(&path))?;
            ensure!(self.api.get(&path).is_err(), "{path} is still there");
        }
        self.must_be_whole(&alone)
    }

    /// Asks, strikes when the operation has come so far, and waits for its good end.
    fn struck(&mut self, blow: Blow, ask: impl Fn(&Api) -> Result<Value>) -> Result<Value> {
        let answer = ask(&self.api)?;
        let newest = self.api.get("/zund/v1/operations?limit=1")?;
        let operation = id_of(&newest["operations"][0])?;
        let come = process::poll(DEADLINE, || {
            let now = self.operation(&operation).ok()?;
            let done = now["steps_done"].as_u64()?;
            (done >= blow.after_steps || is_final(&now)).then_some(())
        });
        come.with_context(|| format!("operation {operation} does not come to {blow:?}"))?;
        if blow.whole_host {
            self.world.reboot()?;
        } else {
            self.world.backend.restart()?;
        }
        self.ended(&operation)
            .with_context(|| format!("{blow:?}, log of zund:\n{}", self.world.backend.log()))?;
        Ok(answer)
    }

    fn operation(&self, id: &str) -> Result<Value> {
        self.api.get(&format!("/zund/v1/operations/{id}"))
    }

    /// Waits for its end, which is a good one.
    fn ended(&self, operation: &str) -> Result<()> {
        let ended = process::poll(DEADLINE, || self.operation(operation).ok().filter(is_final));
        let ended = ended.with_context(|| format!("operation {operation} does not end"))?;
        ensure!(ended["state"] == "succeeded", "{ended:#}");
        Ok(())
    }

    /// The container runs with these volumes and no others are plugged; each holds what it held.
    fn must_be_whole(&self, mounts: &[Value]) -> Result<()> {
        for mount in mounts {
            let folder = mount["destination"].as_str().context("no destination")?;
            let found = process::poll(DEADLINE, || self.sum_at(folder).ok());
            let found = found.with_context(|| format!("nothing to read at {folder}"))?;
            ensure!(found == self.sum, "{folder}: {} became {found}", self.sum);
        }
        let data_dir = self.world.backend.data_dir();
        let settled = process::poll(DEADLINE, || {
            let plugged = storage::plugged(data_dir).ok()?;
            (plugged.devices.len() == mounts.len()).then_some(())
        });
        settled.with_context(|| {
            format!(
                "{} volumes, but {:?}",
                mounts.len(),
                storage::plugged(data_dir)
            )
        })?;
        self.world.must_balance()
    }

    fn in_container(&self, script: &str) -> Result<String> {
        self.world.engine.exec(&self.uuid, &["sh", "-c", script])
    }

    fn sum_at(&self, folder: &str) -> Result<String> {
        let line = self.in_container(&format!("md5sum <{folder}/file"))?;
        Ok(line.trim().to_owned())
    }

    /// All of it goes, and nothing is left.
    fn end(self) -> Result<()> {
        let answer = self.api.delete(CONTAINER)?;
        self.ended(&operation_of(&answer)?)?;
        let path = self.api.block_storage(&format!("volumes/{}", self.data));
        self.api.delete(&path)?;
        let gone = process::poll(DEADLINE, || self.api.get(&path).is_err().then_some(()));
        gone.context("the volume is not deleted")?;
        self.world.must_be_empty()
    }
}

fn is_final(operation: &Value) -> bool {
    !operation["finished_at"].is_null()
}

/// A container that is back by itself after the host was off.
fn spec(edit: u32, mounts: &[Value]) -> Value {
    json!({
        "image": image::TEST,
        "command": ["run", "sleep", "100000"],
        "cpu": 0.1,
        "memory": 16,
        "stop_timeout": 1,
        "restart_policy": { "name": "unless-stopped" },
        "environment": { "EDIT": edit.to_string() },
        "mounts": mounts,
    })
}

fn at(volume: &str, destination: &str) -> Value {
    json!({ "source": volume, "destination": destination })
}

/// A volume that can be used.
fn volume(api: &Api) -> Result<String> {
    let path = api.block_storage("volumes");
    let body = json!({ "volume": { "size": 1, "name": "data" } });
    let id = id_of(&api.post(&path, &body)?["volume"])?;
    let available = process::poll(DEADLINE, || {
        let shown = api.get(&format!("{path}/{id}")).ok()?;
        (shown["volume"]["status"] == "available").then_some(())
    });
    available.context("the volume does not become available")?;
    Ok(id)
}

fn id_of(shown: &Value) -> Result<String> {
    let id = shown["id"].as_str().map(str::to_owned);
    id.with_context(|| format!("{shown} has no id"))
}

fn operation_of(accepted: &Value) -> Result<String> {
    id_of(&accepted["operation"])
}
