//! A document read from an address, where the server may call.

use crate::Engine;

impl Engine {
    /// Reads a text from an address that somebody typed; the same hosts are refused as for calls.
    ///
    /// # Errors
    /// Why not, for people.
    pub async fn fetch_document(&self, url: &str) -> Result<String, String> {
        self.0.invoker.outbound().document(url).await
    }
}
