//! The images that we make ourselves: a page when asked, an end when told.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    CreateContainerOptions, InspectContainerOptions, StartContainerOptions,
    StopContainerOptionsBuilder,
};
use zun_acceptance::docker::{Engine, Sweeper};
use zun_acceptance::{image, settings, skip};

const GRACE_SECONDS: i32 = 20;
const PROMPT: Duration = Duration::from_secs(5);

#[test]
fn each_image_ends_at_once_on_term() -> Result<()> {
    if !settings::docker() {
        skip::skip("needs Docker: TEST_DOCKER is not 1 (`./dev test` sets it)");
        return Ok(());
    }
    let engine = Engine::connect()?;
    let label = format!("zun.image-test={}", std::process::id());
    let _sweeper = Sweeper::new(&engine, label.clone());
    for name in [image::QUICKSTART, image::TEST] {
        image::ensure(&engine, name)?;
        let id = start(&engine, name, &label)?;
        let begin = Instant::now();
        let options = StopContainerOptionsBuilder::new().t(GRACE_SECONDS).build();
        engine.block_on(engine.client().stop_container(&id, Some(options)))?;
        let took = begin.elapsed();
        ensure!(took < PROMPT, "{name} took {took:?} to end");
        let stopped = engine.block_on(
            engine
                .client()
                .inspect_container(&id, None::<InspectContainerOptions>),
        )?;
        let code = stopped.state.and_then(|state| state.exit_code);
        ensure!(code == Some(0), "{name} ended with {code:?}");
    }
    Ok(())
}

fn start(engine: &Engine, image: &str, label: &str) -> Result<String> {
    let (key, value) = label.split_once('=').unwrap_or((label, ""));
    let body = ContainerCreateBody {
        image: Some(image.to_owned()),
        labels: Some([(key.to_owned(), value.to_owned())].into()),
        host_config: Some(HostConfig {
            network_mode: Some("none".to_owned()),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    };
    engine.block_on(async {
        let created = engine
            .client()
            .create_container(None::<CreateContainerOptions>, body)
            .await?;
        engine
            .client()
            .start_container(&created.id, None::<StartContainerOptions>)
            .await?;
        Ok(created.id)
    })
}
