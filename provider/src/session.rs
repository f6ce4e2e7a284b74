//! What one configuration of the provider shares among all its calls: the client with its login, and the
//! reads that are served together.

use zun_client::{Client, Connection};

use crate::reads::Reads;

/// The provider's client as resources and data sources get it. Made without touching the network.
#[derive(Debug)]
pub(crate) struct Session {
    /// The API.
    pub(crate) client: Client,
    /// Reads of containers.
    pub(crate) reads: Reads,
}

impl Session {
    /// A session of a connection.
    pub(crate) fn new(connection: Connection) -> Self {
        Self {
            client: Client::new(connection),
            reads: Reads::default(),
        }
    }
}
