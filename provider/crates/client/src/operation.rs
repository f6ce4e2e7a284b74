//! Operations.

use std::time::Duration;

use reqwest::Method;
use zun_api_types::operation::Operation;

use crate::client::{Call, Client};
use crate::error::Error;
use crate::retry::Patience;

impl Client {
    /// The operation, at once when it has ended, else when more than `after` steps are done, else after
    /// `wait`. A server that is being started again is borne with for a minute: the work goes on.
    pub async fn operation_wait(
        &self,
        id: &str,
        after: u32,
        wait: Duration,
    ) -> Result<Operation, Error> {
        let call = Call::extension(
            format!("follow operation {id}"),
            Method::GET,
            &["operations", id],
        )
        .query("wait", wait.as_secs().to_string())
        .query("after", after.to_string())
        .patience(Patience::Long)
        .waiting(wait);
        self.call(call).await
    }
}
