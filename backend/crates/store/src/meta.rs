//! A few texts of the deployment itself, such as its id.

use crate::error::Result;
use crate::sql::Statement;
use crate::tx::{Reader, Tx};

const TABLE: &str = "meta";

impl Reader {
    /// The text under that key.
    pub async fn meta_find(&self, key: &str) -> Result<Option<String>> {
        let select = Statement::new(TABLE, "SELECT key AS id, value FROM meta WHERE key = $1");
        let row = self.row(select.bind(key)).await?;
        row.map(|row| row.get("value")).transpose()
    }
}

impl Tx {
    /// Puts a text under a key, in place of what was there. Not for secrets.
    pub async fn meta_set(&mut self, key: &str, value: &str) -> Result<()> {
        let upsert = Statement::new(
            TABLE,
            "INSERT INTO meta (key, value) VALUES ($1, $2) \
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        );
        self.execute(upsert.bind(key).bind(value)).await?;
        Ok(())
    }
}
