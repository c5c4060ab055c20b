//! Logs, exec, attach and port-forward.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::AsyncBufReadExt;
use futures::TryStreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api, Client,
    api::{AttachParams, DeleteParams, LogParams, PostParams},
    runtime::wait::{await_condition, conditions},
};
use serde_json::json;
use tokio::io::AsyncReadExt;

pub async fn run(client: &Client) -> Result<()> {
    let pods = Api::<Pod>::default_namespaced(client.clone());
    let pod = serde_json::from_value(json!({
        "metadata": { "name": "shell" },
        "spec": { "containers": [{ "name": "main", "image": "shell", "command": ["sh", "-c", "echo hello; sleep infinity"] }] },
    }))?;
    pods.create(&PostParams::default(), &pod).await?;
    let running = await_condition(pods.clone(), "shell", conditions::is_pod_running());
    tokio::time::timeout(Duration::from_secs(30), running).await??;

    ensure!(pods.logs("shell", &LogParams::default()).await? == "hello\n");
    let following = LogParams {
        follow: true,
        timestamps: true,
        ..Default::default()
    };
    let line = pods
        .log_stream("shell", &following)
        .await?
        .lines()
        .try_next()
        .await?
        .context("no line")?;
    ensure!(line.ends_with("Z hello"), "{line}");

    let both = AttachParams::default().stderr(true);
    let mut done = pods
        .exec("shell", ["sh", "-c", "echo done; exit 3"], &both)
        .await?;
    let status = done.take_status().context("no status")?;
    let mut output = String::new();
    done.stdout()
        .context("no output")?
        .read_to_string(&mut output)
        .await?;
    ensure!(output == "done\n", "{output}");
    let status = status.await.context("no status came")?;
    let causes = status.details.unwrap_or_default().causes.unwrap_or_default();
    ensure!(
        status.reason.as_deref() == Some("NonZeroExitCode") && causes[0].message.as_deref() == Some("3"),
        "{causes:?}"
    );
    done.join().await?;

    let attached = pods.attach("shell", &AttachParams::default().stdin(true)).await?;
    attached.abort();
    let Err(kube::Error::Api(refusal)) = pods
        .exec("shell", ["true"], &AttachParams::default().container("none"))
        .await
    else {
        anyhow::bail!("a container that is not there ran something")
    };
    ensure!(
        refusal.code == 400 && refusal.message == "container none is not valid for pod shell",
        "{refusal:?}"
    );

    // In a simulated pod nothing listens: the connection is made, and says so.
    let mut forwarded = pods.portforward("shell", &[80]).await?;
    let error = forwarded.take_error(80).context("no errors")?;
    let told = tokio::time::timeout(Duration::from_secs(10), error)
        .await?
        .context("nothing listens, and nobody says so")?;
    ensure!(told.contains("80"), "{told}");
    pods.delete("shell", &DeleteParams::default().grace_period(0))
        .await?;
    Ok(())
}
