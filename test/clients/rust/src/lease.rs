//! One of two leads, by a Lease; when it gives up, the other does.

use anyhow::{Context, Result, ensure};
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
    jiff::{SignedDuration, Timestamp},
};
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
};

const NAME: &str = "leader";
const SECONDS: i32 = 2;

fn held_by(holder: &str, old: Option<&LeaseSpec>) -> LeaseSpec {
    let now = MicroTime(Timestamp::now());
    let same = old.and_then(|spec| spec.holder_identity.as_deref()) == Some(holder);
    let changes = old.and_then(|spec| spec.lease_transitions).unwrap_or(0);
    LeaseSpec {
        holder_identity: Some(holder.into()),
        lease_duration_seconds: Some(SECONDS),
        acquire_time: old
            .filter(|_| same)
            .and_then(|spec| spec.acquire_time.clone())
            .or(Some(now.clone())),
        renew_time: Some(now),
        lease_transitions: Some(if same { changes } else { changes + 1 }),
        ..Default::default()
    }
}

/// Whether `who` leads now.
async fn lead(leases: &Api<Lease>, who: &str) -> Result<bool> {
    let outcome = match leases.get_opt(NAME).await? {
        None => {
            let metadata = ObjectMeta {
                name: Some(NAME.into()),
                ..Default::default()
            };
            let lease = Lease {
                metadata,
                spec: Some(held_by(who, None)),
            };
            leases.create(&PostParams::default(), &lease).await
        }
        Some(mut lease) => {
            let old = lease.spec.take().context("an empty lease")?;
            let renewed = old.renew_time.as_ref().context("never renewed")?.0;
            let expired = Timestamp::now() > renewed + SignedDuration::from_secs(SECONDS.into());
            if !expired && old.holder_identity.as_deref() != Some(who) {
                return Ok(false);
            }
            lease.spec = Some(held_by(who, Some(&old)));
            leases.replace(NAME, &PostParams::default(), &lease).await
        }
    };
    match outcome {
        Ok(_) => Ok(true),
        // Another was faster: it leads.
        Err(kube::Error::Api(refusal)) if refusal.code == 409 => Ok(false),
        Err(error) => Err(error.into()),
    }
}

pub async fn run(client: &Client) -> Result<()> {
    let leases = Api::<Lease>::default_namespaced(client.clone());
    let contest = futures::future::try_join_all(["a", "b", "c"].map(|who| lead(&leases, who))).await?;
    ensure!(contest.iter().filter(|leads| **leads).count() == 1, "{contest:?}");
    let first = leases
        .get(NAME)
        .await?
        .spec
        .and_then(|spec| spec.holder_identity)
        .context("nobody leads")?;
    ensure!(lead(&leases, &first).await? && !lead(&leases, "d").await?);
    crate::until("the change of leaders", || lead(&leases, "d")).await?;
    let spec = leases.get(NAME).await?.spec.context("no spec")?;
    ensure!(
        spec.holder_identity.as_deref() == Some("d") && spec.lease_transitions == Some(2),
        "{spec:?}"
    );
    Ok(())
}
