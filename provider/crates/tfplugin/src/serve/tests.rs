//! A provider at the end of a real socket.

use async_trait::async_trait;
use tonic::transport::Endpoint;

use super::*;
use crate::diagnostic::Diagnostics;
use crate::proto::plugin::grpc_controller_client::GrpcControllerClient;
use crate::proto::tfplugin6 as proto;
use crate::proto::tfplugin6::provider_client::ProviderClient;
use crate::provider::ConfigureRequest;
use crate::resource::Resource;
use crate::schema::{Attribute, Schema};

struct Empty6;

#[async_trait]
impl Provider for Empty6 {
    type Client = ();

    fn address(&self) -> &'static str {
        "example.com/test/empty"
    }

    fn schema(&self) -> Schema {
        Schema::new().attribute("big", Attribute::string().optional())
    }

    async fn configure(
        &self,
        _: ConfigureRequest,
        _: &mut Diagnostics,
    ) -> Result<Option<()>, Diagnostics> {
        Ok(None)
    }

    fn resources(&self) -> Vec<Box<dyn Resource<()>>> {
        Vec::new()
    }
}

#[tokio::test]
async fn shutdown_ends_a_served_provider() {
    let mut socket = Socket::bind(&std::env::temp_dir()).unwrap();
    let address = format!("unix://{}", socket.path().display());
    let listener = UnixListener::from_std(socket.take_listener().unwrap()).unwrap();
    let shutdown = CancellationToken::new();
    let ending = {
        let shutdown = shutdown.clone();
        async move {
            shutdown.cancelled().await;
            Ok(())
        }
    };
    let serving = converse(Server::new(Empty6), listener, None, shutdown, ending);
    let talking = async {
        let channel = Endpoint::from_shared(address)
            .unwrap()
            .connect()
            .await
            .unwrap();
        let mut provider = ProviderClient::new(channel.clone());
        let answer = provider
            .get_provider_schema(proto::get_provider_schema::Request {})
            .await
            .unwrap();
        assert!(answer.get_ref().provider.is_some());
        // Far above the usual limit of gRPC libraries.
        let big = proto::DynamicValue {
            msgpack: vec![0; 8 << 20],
            json: Vec::new(),
        };
        let request = proto::validate_provider_config::Request { config: Some(big) };
        let answer = provider.validate_provider_config(request).await.unwrap();
        assert_eq!(answer.get_ref().diagnostics.len(), 1);
        GrpcControllerClient::new(channel)
            .shutdown(crate::proto::plugin::Empty {})
            .await
            .unwrap();
    };
    let (served, ()) = tokio::join!(serving, talking);
    served.unwrap();
}
