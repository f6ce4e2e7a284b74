//! The preview of a create or an update.

use reqwest::Method;
use zun_api_types::preview::{Preview, PreviewRequest};

use crate::client::{Call, Client};
use crate::error::Error;
use crate::retry::Patience;

impl Client {
    /// What a create or an update would do. Changes nothing.
    pub async fn preview(&self, body: &PreviewRequest) -> Result<Preview, Error> {
        self.features().await?;
        let call = Call::extension("preview the change", Method::POST, &["preview"]);
        self.call(call.body(body).patience(Patience::Short)).await
    }
}
