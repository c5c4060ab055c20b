//! What users of kube-rs do; says `all is well` at its end.

mod connection;
mod lease;
mod objects;
mod operator;
mod processes;

use std::{future::Future, time::Duration};

use anyhow::Result;
use kube::Client;

/// Waits for what will come to be.
pub async fn until<F, Fut>(what: &str, check: F) -> Result<()>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<bool>>,
{
    for _ in 0..600 {
        if check().await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("{what} did not happen")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let client = Client::try_default().await?;
    connection::run(&client).await?;
    objects::run(&client).await?;
    processes::run(&client).await?;
    operator::run(&client).await?;
    lease::run(&client).await?;
    println!("all is well");
    Ok(())
}
