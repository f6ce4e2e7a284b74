//! The messages and services generated from `proto/tfplugin6`.

/// The provider protocol.
pub mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}

/// The plugin machinery around it.
pub mod plugin {
    tonic::include_proto!("plugin");
}
