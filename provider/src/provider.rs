//! The provider: its own configuration, and the list of what it offers.

use tfplugin::{
    ConfigureRequest, DataSource, Diagnostics, Provider, Resource, Schema, async_trait,
};

use crate::config;
use crate::config::environment::Environment;
use crate::data_source;
use crate::resource;
use crate::session::Session;

/// The address users write in `required_providers`.
pub(crate) const ADDRESS: &str = "registry.terraform.io/zun/zun";

/// The provider.
pub(crate) struct Zun;

#[async_trait]
impl Provider for Zun {
    type Client = Session;

    fn address(&self) -> &str {
        ADDRESS
    }

    fn schema(&self) -> Schema {
        config::schema()
    }

    async fn configure(
        &self,
        request: ConfigureRequest,
        _: &mut Diagnostics,
    ) -> Result<Option<Session>, Diagnostics> {
        if !request.config.is_wholly_known() {
            return Ok(None);
        }
        let environment = Environment::of_this_process();
        let agent = user_agent(&request.terraform_version, &environment);
        let connection = config::connection(&request.config, &environment, agent)?;
        Ok(Some(Session::new(connection)))
    }

    fn resources(&self) -> Vec<Box<dyn Resource<Session>>> {
        resource::all()
    }

    fn data_sources(&self) -> Vec<Box<dyn DataSource<Session>>> {
        data_source::all()
    }
}

fn user_agent(terraform: &str, environment: &Environment) -> String {
    let mut agent = format!(
        "Terraform/{terraform} (+https://www.terraform.io) terraform-provider-zun/{}",
        env!("CARGO_PKG_VERSION")
    );
    if let Some(more) = environment.get("TF_APPEND_USER_AGENT") {
        agent.push(' ');
        agent.push_str(more.trim());
    }
    agent.retain(|c| c.is_ascii() && !c.is_control());
    agent
}
