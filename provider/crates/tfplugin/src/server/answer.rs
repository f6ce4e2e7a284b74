//! How every response carries diagnostics.

use super::convert::diagnostics_to_proto;
use crate::diagnostic::Diagnostics;
use crate::proto::tfplugin6::{self as proto, Diagnostic};

/// A response with a place for diagnostics.
pub(super) trait Answer: Default {
    /// Where the diagnostics go.
    fn place(&mut self) -> &mut Vec<Diagnostic>;

    /// The response that says nothing but these.
    fn of(diagnostics: Diagnostics) -> Self {
        Self::default().with(diagnostics)
    }

    /// The response with these added.
    fn with(mut self, diagnostics: Diagnostics) -> Self {
        self.place().extend(diagnostics_to_proto(diagnostics));
        self
    }
}

macro_rules! answers {
    ($($call:ident),* $(,)?) => {$(
        impl Answer for proto::$call::Response {
            fn place(&mut self) -> &mut Vec<Diagnostic> {
                &mut self.diagnostics
            }
        }
    )*};
}

answers!(
    get_provider_schema,
    get_resource_identity_schemas,
    validate_provider_config,
    configure_provider,
    validate_resource_config,
    upgrade_resource_state,
    upgrade_resource_identity,
    read_resource,
    plan_resource_change,
    apply_resource_change,
    import_resource_state,
    move_resource_state,
    generate_resource_config,
    validate_data_resource_config,
    read_data_source,
    validate_ephemeral_resource_config,
    open_ephemeral_resource,
    renew_ephemeral_resource,
    close_ephemeral_resource,
    validate_list_resource_config,
    plan_action,
    validate_action_config,
    validate_state_store,
    configure_state_store,
    read_state_bytes,
    write_state_bytes,
    lock_state,
    unlock_state,
    get_states,
    delete_state,
);
