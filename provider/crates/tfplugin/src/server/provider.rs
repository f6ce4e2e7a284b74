//! Configuring the provider. May happen any number of times in one process.

use super::answer::Answer;
use super::registry::Core;
use crate::codec::decode;
use crate::diagnostic::Diagnostics;
use crate::proto::tfplugin6 as proto;
use crate::provider::{ConfigureRequest, Provider};

pub(super) async fn configure<P: Provider>(
    core: &Core<P>,
    request: proto::configure_provider::Request,
) -> Result<proto::configure_provider::Response, Diagnostics> {
    let config = decode(request.config.as_ref(), &core.compiled().ty)?;
    let request = ConfigureRequest {
        config,
        terraform_version: request.terraform_version,
        cancel: core.token(),
    };
    let mut diagnostics = Diagnostics::new();
    let made = core.provider.configure(request, &mut diagnostics).await;
    core.set_client(diagnostics.keep(made).flatten());
    Ok(Answer::of(diagnostics))
}
