//! What the user asked to be done when a container is found ended or gone: `auto_heal` starts it again or
//! makes it anew, `auto_remove` deletes it.

use zun_domain::container::{Container, Phase, WaitFor, Wish};
use zun_domain::id::{ProjectId, UserId};
use zun_domain::policy::Caller;
use zun_domain::project::Role;

use crate::call::Call;
use crate::command::{DeleteContainer, Edit, UpdateContainer};
use crate::context::Engine;
use crate::error::{Error, Result};

impl Engine {
    /// A call of the program's own, in the name of a project.
    pub(crate) fn own_call(&self, project: ProjectId) -> Call {
        Call {
            caller: Caller {
                user: UserId(uuid::Uuid::nil()),
                user_name: "zund".to_owned(),
                project,
                roles: vec![Role::Admin],
            },
            request_id: format!("req-{}", self.ids.uuid()),
            all_projects: false,
        }
    }

    /// Heals or removes, where that was asked for.
    pub(crate) async fn heal(&self, container: Container) -> Result<()> {
        let ended = container
            .observed
            .as_ref()
            .is_some_and(|seen| matches!(seen.phase, Phase::Exited | Phase::Dead));
        let gone = container.observed.is_none();
        let spec = &container.desired.spec;
        let call = self.own_call(container.project);
        let ident = container.id.to_string();
        let done = if spec.auto_remove == Some(true) && (ended || gone) {
            let ask = DeleteContainer {
                force: true,
                stop: false,
            };
            Box::pin(self.container_delete(&call, &ident, ask)).await
        } else if spec.auto_heal == Some(true)
            && container.desired.wish == Wish::Running
            && (ended || gone)
        {
            let ask = UpdateContainer {
                expected: None,
                name: None,
                edit: Edit::NONE,
                wish: None,
                wait_for: WaitFor::None,
                unique: false,
            };
            Box::pin(self.container_update(&call, &ident, ask)).await
        } else {
            return Ok(());
        };
        match done {
            Ok(_) | Err(Error::Busy { .. } | Error::Stale { .. } | Error::NotFound { .. }) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}
