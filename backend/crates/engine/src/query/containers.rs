//! Containers, their logs, processes, use and events.

use std::sync::Arc;

use zun_domain::container::{Container, Verb};
use zun_domain::id::{ContainerId, OperationId};
use zun_domain::operation::{Event, Operation};
use zun_domain::runtime::RuntimeName;
use zun_domain::time::Timestamp;
use zun_driver::runtime::{LogQuery, Stats, Top};
use zun_store::{ContainerEntry, ContainerQuery, OperationQuery};

use super::{ContainerFilter, one_of};
use crate::call::Call;
use crate::command::update_container::check_verb;
use crate::context::Engine;
use crate::error::{Error, Result};

impl Engine {
    /// A container by uuid or name that the caller can see.
    pub async fn container_get(&self, call: &Call, ident: &str) -> Result<Container> {
        let found = self.container_entry(call, ident).await?;
        Ok(Arc::unwrap_or_clone(found.container))
    }

    /// The same, with the operation at work on it.
    pub async fn container_entry(&self, call: &Call, ident: &str) -> Result<ContainerEntry> {
        if let Ok(id) = ident.parse::<ContainerId>() {
            let found = self.store.container_entry_find(id).await?;
            return found
                .filter(|entry| {
                    call.visible()
                        .is_none_or(|project| project == entry.container.project)
                })
                .ok_or_else(|| Error::not_found("container", ident));
        }
        let query = ContainerQuery {
            project: call.visible(),
            name: Some(ident.to_owned()),
            alone: true,
            ..ContainerQuery::default()
        };
        let named = self.store.container_entries(&query).await?;
        one_of(named, "container", ident)
    }

    /// Containers that the caller can see, each with the operation at work on it.
    pub async fn container_list(
        &self,
        call: &Call,
        filter: ContainerFilter,
    ) -> Result<Vec<ContainerEntry>> {
        if let Some(marker) = filter.marker {
            self.container_get(call, &marker.to_string()).await?;
        }
        let query = ContainerQuery {
            project: call.visible().or(filter.project),
            name: filter.name,
            image: filter.image,
            user: filter.user,
            host: filter.host,
            memory: filter.memory.map(zun_domain::unit::MemoryMib),
            statuses: filter.statuses,
            task: filter.task,
            auto_remove: filter.auto_remove,
            sort_key: filter.sort_key,
            descending: filter.descending,
            limit: filter.limit,
            marker: filter.marker,
            alone: true,
            ..ContainerQuery::default()
        };
        let hidden = call
            .visible()
            .zip(filter.project)
            .is_some_and(|(own, asked)| own != asked);
        if hidden {
            return Ok(Vec::new());
        }
        Ok(self.store.container_entries(&query).await?)
    }

    /// Operations that the caller can see, newest first.
    pub async fn operation_list(
        &self,
        call: &Call,
        container: Option<&str>,
        unconfirmed: bool,
        limit: u32,
        marker: Option<OperationId>,
    ) -> Result<Vec<Operation>> {
        let subject = match container {
            Some(ident) => Some(self.container_get(call, ident).await?.id.into()),
            None => None,
        };
        let query = OperationQuery {
            project: call.visible(),
            subject,
            unconfirmed,
            limit,
            marker,
        };
        Ok(self.store.operation_list(&query).await?)
    }

    /// What happened to a container, oldest first.
    pub async fn container_events(
        &self,
        call: &Call,
        ident: &str,
        after: Option<Timestamp>,
    ) -> Result<Vec<Event>> {
        let container = self.container_get(call, ident).await?;
        let entries = self
            .store
            .event_list(container.id, super::EVENTS, None)
            .await?;
        let events = entries.into_iter().map(|entry| entry.event);
        Ok(events
            .filter(|event| after.is_none_or(|after| event.at > after))
            .collect())
    }

    /// What it printed.
    pub async fn container_logs(
        &self,
        call: &Call,
        ident: &str,
        query: LogQuery,
    ) -> Result<String> {
        let container = self.container_get(call, ident).await?;
        check_verb(&container, Verb::Logs)?;
        let runtime = &self.drivers(container.place.id)?.runtime;
        Ok(runtime
            .logs(RuntimeName::Current(container.id), query)
            .await?)
    }

    /// Its processes.
    pub async fn container_top(
        &self,
        call: &Call,
        ident: &str,
        arguments: Option<&str>,
    ) -> Result<Top> {
        let container = self.container_get(call, ident).await?;
        check_verb(&container, Verb::Top)?;
        let runtime = &self.drivers(container.place.id)?.runtime;
        Ok(runtime
            .top(RuntimeName::Current(container.id), arguments)
            .await?)
    }

    /// Its use of resources.
    pub async fn container_stats(&self, call: &Call, ident: &str) -> Result<Stats> {
        let container = self.container_get(call, ident).await?;
        check_verb(&container, Verb::Stats)?;
        let runtime = &self.drivers(container.place.id)?.runtime;
        Ok(runtime.stats(RuntimeName::Current(container.id)).await?)
    }

    /// Tells its terminal's size, in characters.
    pub async fn container_resize_tty(
        &self,
        call: &Call,
        ident: &str,
        height: u16,
        width: u16,
    ) -> Result<()> {
        let container = self.container_get(call, ident).await?;
        check_verb(&container, Verb::ResizeTty)?;
        let runtime = &self.drivers(container.place.id)?.runtime;
        Ok(runtime
            .resize_tty(RuntimeName::Current(container.id), height, width)
            .await?)
    }
}
