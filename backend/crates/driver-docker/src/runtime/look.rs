//! Looking at containers: one, all of ours, what they printed, what runs in them.

use std::collections::HashMap;

use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::{
    InspectContainerOptions, ListContainersOptionsBuilder, LogsOptionsBuilder, TopOptionsBuilder,
};
use futures::{StreamExt, TryStreamExt, stream};
use zun_domain::container::{Observed, Phase};
use zun_domain::id::ContainerId;
use zun_driver::runtime::{Found, LogQuery, RuntimeName, Top};
use zun_driver::{Class, Error, Result};

use crate::{Docker, Seen, convert, error, label};

/// So many inspects are under way at once when all containers are looked at.
const LOOKS_AT_ONCE: usize = 16;

impl Docker {
    /// What the engine shows of it; `None` if it is gone.
    pub(super) async fn inspect(&self, name: RuntimeName) -> Result<Option<Observed>> {
        let Some(seen) = self.raw(&name.to_string()).await? else {
            return Ok(None);
        };
        Ok(Some(self.understood(name.container(), &seen)?))
    }

    /// The same where it must be there.
    pub(super) async fn existing(&self, name: RuntimeName) -> Result<Observed> {
        let seen = self.inspect(name).await?;
        seen.ok_or_else(|| Self::no_container(&name.to_string()))
    }

    /// The same, and how often its restart policy has started it since somebody did: the engine counts from each start
    /// anew.
    pub(super) async fn existing_with_restarts(
        &self,
        name: RuntimeName,
    ) -> Result<(Observed, i64)> {
        let raw = self.raw(&name.to_string()).await?;
        let raw = raw.ok_or_else(|| Self::no_container(&name.to_string()))?;
        let seen = self.understood(name.container(), &raw)?;
        Ok((seen, raw.restart_count.unwrap_or_default()))
    }

    async fn raw(&self, name: &str) -> Result<Option<ContainerInspectResponse>> {
        let client = self.client().await?;
        match client
            .inspect_container(name, None::<InspectContainerOptions>)
            .await
        {
            Ok(seen) => Ok(Some(seen)),
            Err(error) if error::is_absent(&error) => Ok(None),
            Err(error) => Err(self.told(&format!("look at container {name}"), error)),
        }
    }

    fn understood(
        &self,
        container: ContainerId,
        seen: &ContainerInspectResponse,
    ) -> Result<Observed> {
        let observed = convert::observed(seen).ok_or_else(|| {
            Error::new(
                Class::Internal,
                format!("the engine shows container {container} without an id"),
            )
        })?;
        let running = matches!(observed.phase, Phase::Running | Phase::Paused);
        let id = observed.runtime.0.clone();
        self.memory()
            .containers
            .insert(id, Seen { container, running });
        Ok(observed)
    }

    /// All of this deployment's. One list, then a look at each: a list alone tells too little.
    pub(super) async fn list_ours(&self) -> Result<Vec<Found>> {
        let filters = HashMap::from([("label".to_owned(), vec![label::filter(self.deployment())])]);
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&filters)
            .build();
        let listed = self.client().await?.list_containers(Some(options)).await;
        let listed = listed.map_err(|error| self.told("list containers", error))?;
        self.memory().containers.clear();
        let ids = listed.into_iter().filter_map(|one| one.id);
        let looks = ids.map(|id| async move { self.found(&id).await });
        let found: Vec<Option<Found>> = stream::iter(looks)
            .buffer_unordered(LOOKS_AT_ONCE)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn found(&self, id: &str) -> Result<Option<Found>> {
        let Some(seen) = self.raw(id).await? else {
            return Ok(None);
        };
        let labels = seen
            .config
            .as_ref()
            .and_then(|config| config.labels.as_ref());
        // A container whose labels name no container of ours is nobody's: it is left alone.
        let Some(container) = labels.and_then(label::container) else {
            return Ok(None);
        };
        let name = seen.name.as_deref().unwrap_or_default();
        Ok(Some(Found {
            container,
            name: name.trim_start_matches('/').to_owned(),
            observed: self.understood(container, &seen)?,
        }))
    }

    pub(super) async fn printed(&self, name: &str, query: LogQuery) -> Result<String> {
        let mut options = LogsOptionsBuilder::new()
            .stdout(query.stdout)
            .stderr(query.stderr)
            .timestamps(query.timestamps)
            .tail(
                &query
                    .tail
                    .map_or_else(|| "all".to_owned(), |lines| lines.to_string()),
            );
        if let Some(since) = query.since {
            options = options.since(i32::try_from(since.as_second()).unwrap_or(i32::MAX));
        }
        let client = self.client().await?;
        let mut pieces = std::pin::pin!(client.logs(name, Some(options.build())));
        let mut bytes = Vec::new();
        while let Some(piece) = pieces.next().await {
            let piece = piece
                .map_err(|error| self.told(&format!("read the log of container {name}"), error))?;
            bytes.extend_from_slice(piece.as_ref());
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    pub(super) async fn processes(&self, name: &str, arguments: Option<&str>) -> Result<Top> {
        let options =
            arguments.map(|arguments| TopOptionsBuilder::new().ps_args(arguments).build());
        let top = self.client().await?.top_processes(name, options).await;
        let top = top.map_err(|error| {
            self.told(&format!("list the processes of container {name}"), error)
        })?;
        Ok(Top {
            titles: top.titles.unwrap_or_default(),
            processes: top.processes.unwrap_or_default(),
        })
    }
}
