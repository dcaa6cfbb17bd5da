//! The service as it would be deployed; `docs/mcp.md` quotes it.

#[path = "../server.rs"]
mod server;

use std::error::Error;

use portcullis::{Issuer, Verifier};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let issuer = Issuer::discover("https://id.example.com")?.audience("https://mcp.example.com/mcp");
    let verifier = Verifier::builder().issuer(issuer).build()?;
    let app = server::app(&verifier, "mcp.example.com")?;
    axum::serve(TcpListener::bind("127.0.0.1:8080").await?, app).await?;
    Ok(())
}
