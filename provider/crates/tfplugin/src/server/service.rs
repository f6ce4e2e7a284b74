//! The generated service, each method handed on to the file that knows it.

use std::future::Future;
use std::time::Instant;

use tokio_stream::Once;
use tonic::{Request, Response, Status, Streaming};

use super::answer::Answer;
use super::guard::guard;
use super::{
    Server, absent, apply, data_source, import, plan, provider, read, schema, upgrade, validate,
};
use crate::diagnostic::Diagnostics;
use crate::proto::tfplugin6 as proto;
use crate::proto::tfplugin6::provider_server::Provider as Service;
use crate::provider::Provider;

type Reply<T> = Result<Response<T>, Status>;

/// Does the work of a call, whatever happens in it.
async fn answer<A: Answer>(
    call: &'static str,
    work: impl Future<Output = Result<A, Diagnostics>> + Send,
) -> Reply<A> {
    let begin = Instant::now();
    let mut answer = match guard(work).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(problems)) | Err(problems) => A::of(problems),
    };
    tracing::debug!(
        tf_rpc = call,
        duration_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX),
        diagnostics = answer.place().len(),
        "answered a call"
    );
    Ok(Response::new(answer))
}

#[tonic::async_trait]
impl<P: Provider> Service for Server<P> {
    type ListResourceStream = Once<Result<proto::list_resource::Event, Status>>;
    type InvokeActionStream = Once<Result<proto::invoke_action::Event, Status>>;
    type ReadStateBytesStream = Once<Result<proto::read_state_bytes::Response, Status>>;

    async fn get_metadata(
        &self,
        _: Request<proto::get_metadata::Request>,
    ) -> Reply<proto::get_metadata::Response> {
        Ok(Response::new(schema::metadata(&self.core)))
    }

    async fn stop_provider(
        &self,
        _: Request<proto::stop_provider::Request>,
    ) -> Reply<proto::stop_provider::Response> {
        self.core.stop();
        Ok(Response::new(proto::stop_provider::Response::default()))
    }

    async fn get_functions(
        &self,
        _: Request<proto::get_functions::Request>,
    ) -> Reply<proto::get_functions::Response> {
        Ok(Response::new(proto::get_functions::Response::default()))
    }

    async fn call_function(
        &self,
        request: Request<proto::call_function::Request>,
    ) -> Reply<proto::call_function::Response> {
        Ok(Response::new(absent::function(&request.get_ref().name)))
    }

    async fn list_resource(
        &self,
        request: Request<proto::list_resource::Request>,
    ) -> Reply<Self::ListResourceStream> {
        let event = absent::list(&request.get_ref().type_name);
        Ok(Response::new(tokio_stream::once(Ok(event))))
    }

    async fn invoke_action(
        &self,
        request: Request<proto::invoke_action::Request>,
    ) -> Reply<Self::InvokeActionStream> {
        let event = absent::action(&request.get_ref().action_type);
        Ok(Response::new(tokio_stream::once(Ok(event))))
    }

    async fn read_state_bytes(
        &self,
        request: Request<proto::read_state_bytes::Request>,
    ) -> Reply<Self::ReadStateBytesStream> {
        let answer = Answer::of(absent::unknown("state store", &request.get_ref().type_name));
        Ok(Response::new(tokio_stream::once(Ok(answer))))
    }

    async fn write_state_bytes(
        &self,
        _: Request<Streaming<proto::write_state_bytes::RequestChunk>>,
    ) -> Reply<proto::write_state_bytes::Response> {
        answer("WriteStateBytes", async {
            absent::refuse("state store", "")
        })
        .await
    }

    async fn get_provider_schema(
        &self,
        _: Request<proto::get_provider_schema::Request>,
    ) -> Reply<proto::get_provider_schema::Response> {
        answer("GetProviderSchema", async {
            Ok(schema::provider_schema(&self.core))
        })
        .await
    }

    async fn get_resource_identity_schemas(
        &self,
        _: Request<proto::get_resource_identity_schemas::Request>,
    ) -> Reply<proto::get_resource_identity_schemas::Response> {
        answer("GetResourceIdentitySchemas", async {
            Ok(schema::identity_schemas(&self.core))
        })
        .await
    }

    async fn validate_provider_config(
        &self,
        request: Request<proto::validate_provider_config::Request>,
    ) -> Reply<proto::validate_provider_config::Response> {
        let request = request.into_inner();
        answer("ValidateProviderConfig", async {
            validate::provider(&self.core, &request)
        })
        .await
    }

    async fn configure_provider(
        &self,
        request: Request<proto::configure_provider::Request>,
    ) -> Reply<proto::configure_provider::Response> {
        let request = request.into_inner();
        answer("ConfigureProvider", async {
            provider::configure(&self.core, request).await
        })
        .await
    }

    async fn validate_resource_config(
        &self,
        request: Request<proto::validate_resource_config::Request>,
    ) -> Reply<proto::validate_resource_config::Response> {
        let request = request.into_inner();
        answer("ValidateResourceConfig", async {
            validate::resource(&self.core, &request)
        })
        .await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<proto::upgrade_resource_state::Request>,
    ) -> Reply<proto::upgrade_resource_state::Response> {
        let request = request.into_inner();
        answer("UpgradeResourceState", async {
            upgrade::state(&self.core, request)
        })
        .await
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<proto::upgrade_resource_identity::Request>,
    ) -> Reply<proto::upgrade_resource_identity::Response> {
        let request = request.into_inner();
        answer("UpgradeResourceIdentity", async {
            upgrade::identity(&self.core, request)
        })
        .await
    }

    async fn read_resource(
        &self,
        request: Request<proto::read_resource::Request>,
    ) -> Reply<proto::read_resource::Response> {
        let request = request.into_inner();
        answer("ReadResource", async {
            read::read(&self.core, request).await
        })
        .await
    }

    async fn plan_resource_change(
        &self,
        request: Request<proto::plan_resource_change::Request>,
    ) -> Reply<proto::plan_resource_change::Response> {
        let request = request.into_inner();
        answer("PlanResourceChange", async {
            plan::plan(&self.core, request).await
        })
        .await
    }

    async fn apply_resource_change(
        &self,
        request: Request<proto::apply_resource_change::Request>,
    ) -> Reply<proto::apply_resource_change::Response> {
        let request = request.into_inner();
        answer("ApplyResourceChange", async {
            apply::apply(&self.core, request).await
        })
        .await
    }

    async fn import_resource_state(
        &self,
        request: Request<proto::import_resource_state::Request>,
    ) -> Reply<proto::import_resource_state::Response> {
        let request = request.into_inner();
        answer("ImportResourceState", async {
            import::import(&self.core, request).await
        })
        .await
    }

    async fn move_resource_state(
        &self,
        request: Request<proto::move_resource_state::Request>,
    ) -> Reply<proto::move_resource_state::Response> {
        let request = request.into_inner();
        answer("MoveResourceState", async {
            import::move_state(&self.core, request).await
        })
        .await
    }

    async fn generate_resource_config(
        &self,
        request: Request<proto::generate_resource_config::Request>,
    ) -> Reply<proto::generate_resource_config::Response> {
        let request = request.into_inner();
        answer("GenerateResourceConfig", async {
            absent::refuse("generated configuration", &request.type_name)
        })
        .await
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<proto::validate_data_resource_config::Request>,
    ) -> Reply<proto::validate_data_resource_config::Response> {
        let request = request.into_inner();
        answer("ValidateDataResourceConfig", async {
            validate::data_source(&self.core, &request)
        })
        .await
    }

    async fn read_data_source(
        &self,
        request: Request<proto::read_data_source::Request>,
    ) -> Reply<proto::read_data_source::Response> {
        let request = request.into_inner();
        answer("ReadDataSource", async {
            data_source::read(&self.core, request).await
        })
        .await
    }

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<proto::validate_ephemeral_resource_config::Request>,
    ) -> Reply<proto::validate_ephemeral_resource_config::Response> {
        let request = request.into_inner();
        answer("ValidateEphemeralResourceConfig", async {
            absent::refuse("ephemeral resource", &request.type_name)
        })
        .await
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<proto::open_ephemeral_resource::Request>,
    ) -> Reply<proto::open_ephemeral_resource::Response> {
        let request = request.into_inner();
        answer("OpenEphemeralResource", async {
            absent::refuse("ephemeral resource", &request.type_name)
        })
        .await
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<proto::renew_ephemeral_resource::Request>,
    ) -> Reply<proto::renew_ephemeral_resource::Response> {
        let request = request.into_inner();
        answer("RenewEphemeralResource", async {
            absent::refuse("ephemeral resource", &request.type_name)
        })
        .await
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<proto::close_ephemeral_resource::Request>,
    ) -> Reply<proto::close_ephemeral_resource::Response> {
        let request = request.into_inner();
        answer("CloseEphemeralResource", async {
            absent::refuse("ephemeral resource", &request.type_name)
        })
        .await
    }

    async fn validate_list_resource_config(
        &self,
        request: Request<proto::validate_list_resource_config::Request>,
    ) -> Reply<proto::validate_list_resource_config::Response> {
        let request = request.into_inner();
        answer("ValidateListResourceConfig", async {
            absent::refuse("list resource", &request.type_name)
        })
        .await
    }

    async fn plan_action(
        &self,
        request: Request<proto::plan_action::Request>,
    ) -> Reply<proto::plan_action::Response> {
        let request = request.into_inner();
        answer("PlanAction", async {
            absent::refuse("action", &request.action_type)
        })
        .await
    }

    async fn validate_action_config(
        &self,
        request: Request<proto::validate_action_config::Request>,
    ) -> Reply<proto::validate_action_config::Response> {
        let request = request.into_inner();
        answer("ValidateActionConfig", async {
            absent::refuse("action", &request.action_type)
        })
        .await
    }

    async fn validate_state_store_config(
        &self,
        request: Request<proto::validate_state_store::Request>,
    ) -> Reply<proto::validate_state_store::Response> {
        let request = request.into_inner();
        answer("ValidateStateStoreConfig", async {
            absent::refuse("state store", &request.type_name)
        })
        .await
    }

    async fn configure_state_store(
        &self,
        request: Request<proto::configure_state_store::Request>,
    ) -> Reply<proto::configure_state_store::Response> {
        let request = request.into_inner();
        answer("ConfigureStateStore", async {
            absent::refuse("state store", &request.type_name)
        })
        .await
    }

    async fn lock_state(
        &self,
        request: Request<proto::lock_state::Request>,
    ) -> Reply<proto::lock_state::Response> {
        let request = request.into_inner();
        answer("LockState", async {
            absent::refuse("state store", &request.type_name)
        })
        .await
    }

    async fn unlock_state(
        &self,
        request: Request<proto::unlock_state::Request>,
    ) -> Reply<proto::unlock_state::Response> {
        let request = request.into_inner();
        answer("UnlockState", async {
            absent::refuse("state store", &request.type_name)
        })
        .await
    }

    async fn get_states(
        &self,
        request: Request<proto::get_states::Request>,
    ) -> Reply<proto::get_states::Response> {
        let request = request.into_inner();
        answer("GetStates", async {
            absent::refuse("state store", &request.type_name)
        })
        .await
    }

    async fn delete_state(
        &self,
        request: Request<proto::delete_state::Request>,
    ) -> Reply<proto::delete_state::Response> {
        let request = request.into_inner();
        answer("DeleteState", async {
            absent::refuse("state store", &request.type_name)
        })
        .await
    }
}
