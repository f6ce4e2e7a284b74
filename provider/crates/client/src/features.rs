//! What the server is: asked once, before anything else of the extension API.

use reqwest::Method;
use zun_api_types::features::{API_VERSION, Features};

use crate::client::{Call, Client};
use crate::error::{Cause, Error};

impl Client {
    /// The server's features. Asked once; an upstream Zun, or a zund older than this client, is an error
    /// that says which address was asked and what it answered.
    pub async fn features(&self) -> Result<&Features, Error> {
        self.features.get_or_try_init(|| self.features_get()).await
    }

    async fn features_get(&self) -> Result<Features, Error> {
        let tried = "use the container service";
        let call = Call::extension(tried, Method::GET, &[]);
        let reply = self.any_reply(&call).await?;
        let too_old =
            |url: String, answer: String| Err(Error::new(tried, Cause::TooOld { url, answer }));
        match reply.status.as_u16() {
            // 406: an upstream Zun refuses what is not below /v1.
            404 | 406 | 300 => {
                let answer = reply.summary();
                return too_old(reply.url, answer);
            }
            400.. => return Err(Error::new(tried, Cause::Refusal(reply.refusal()))),
            _ => {}
        }
        let Ok(features) = reply.parse::<Features>() else {
            let answer = reply.summary();
            return too_old(reply.url, answer);
        };
        if features.api < API_VERSION {
            let answer = format!(
                "zund {} with version {} of the API, and version {API_VERSION} is needed",
                features.version, features.api
            );
            return too_old(reply.url, answer);
        }
        Ok(features)
    }
}
