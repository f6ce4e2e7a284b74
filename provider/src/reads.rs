//! Reads of containers that are served together.
//!
//! Terraform reads every instance by itself. The first few are asked for one by one, which is the least
//! work for small configurations. From the twentieth on the whole project is listed in large pages, and
//! that list answers every read for two seconds. A write ends it, and what the list lacks is asked for by
//! itself, so that `gone` is never guessed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;
use zun_api_types::container::Container;
use zun_client::{Client, ContainerFilter, Error};

/// So many reads are asked one by one.
const SINGLE: u64 = 19;
/// So long a list answers.
const FRESH: Duration = Duration::from_secs(2);

/// The shared reads of one configuration of the provider.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    asked: AtomicU64,
    writes: AtomicU64,
    list: Mutex<Option<List>>,
}

#[derive(Debug, Clone)]
struct List {
    begun: Instant,
    writes: u64,
    containers: Arc<HashMap<String, Container>>,
}

impl Reads {
    /// A container by uuid; `None` when there is none.
    pub(crate) async fn get(
        &self,
        client: &Client,
        uuid: &str,
    ) -> Result<Option<Container>, Error> {
        if self.asked.fetch_add(1, Ordering::Relaxed) < SINGLE {
            return client.container_find(uuid).await;
        }
        let listed = self.list(client).await?.get(uuid).cloned();
        match listed {
            Some(container) => Ok(Some(container)),
            None => client.container_find(uuid).await,
        }
    }

    /// Something is being changed: what was listed before does not count any more.
    pub(crate) fn end(&self) {
        self.writes.fetch_add(1, Ordering::AcqRel);
    }

    /// The list, made by one caller while the others wait for it.
    async fn list(&self, client: &Client) -> Result<Arc<HashMap<String, Container>>, Error> {
        let mut place = self.list.lock().await;
        let writes = self.writes.load(Ordering::Acquire);
        if let Some(list) = place.as_ref()
            && list.begun.elapsed() < FRESH
            && list.writes == writes
        {
            return Ok(Arc::clone(&list.containers));
        }
        let begun = Instant::now();
        let all = client.container_list(&ContainerFilter::default()).await?;
        let containers = Arc::new(
            all.into_iter()
                .map(|container| (container.uuid.clone(), container))
                .collect::<HashMap<_, _>>(),
        );
        *place = Some(List {
            begun,
            writes,
            containers: Arc::clone(&containers),
        });
        Ok(containers)
    }
}
