//! Who we are, what is served, and how a pod would connect.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::{
    authentication::v1::{SelfSubjectReview, TokenRequest, TokenRequestSpec},
    authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec},
    core::v1::{ConfigMap, ServiceAccount},
};
use kube::{
    Api, Client, Config, Discovery, ResourceExt,
    api::{DynamicObject, ListParams, PostParams},
    config::{KubeConfigOptions, Kubeconfig},
    discovery::{Scope, verbs},
};

pub async fn run(client: &Client) -> Result<()> {
    let version = client.apiserver_version().await?;
    ensure!(version.major == "1" && version.minor == "36", "{version:?}");
    who_we_are(client, "kubernetes-admin").await?;
    discovery(client).await?;
    token_from_a_file(client).await
}

async fn who_we_are(client: &Client, name: &str) -> Result<()> {
    let review = Api::<SelfSubjectReview>::all(client.clone())
        .create(&PostParams::default(), &SelfSubjectReview::default())
        .await?;
    let user = review
        .status
        .and_then(|status| status.user_info)
        .context("no user")?;
    ensure!(user.username.as_deref() == Some(name), "{user:?}");
    Ok(())
}

/// Both ways of discovery find the same kinds.
async fn discovery(client: &Client) -> Result<()> {
    let plain = Discovery::new(client.clone()).run().await?;
    let aggregated = Discovery::new(client.clone()).run_aggregated().await?;
    let kinds = |found: &Discovery| {
        let mut all: Vec<String> = found
            .groups()
            .flat_map(|group| group.recommended_resources())
            .map(|(resource, served)| {
                format!("{} {:?} {:?}", resource.api_version, resource.kind, served.scope)
            })
            .collect();
        all.sort();
        all
    };
    ensure!(
        kinds(&plain) == kinds(&aggregated),
        "{:?} {:?}",
        kinds(&plain),
        kinds(&aggregated)
    );
    // Every kind that lists is listed as an object of no known type.
    for (resource, served) in aggregated
        .groups()
        .flat_map(|group| group.recommended_resources())
    {
        if served.supports_operation(verbs::LIST) && served.scope == Scope::Cluster {
            Api::<DynamicObject>::all_with(client.clone(), &resource)
                .list_metadata(&ListParams::default())
                .await
                .with_context(|| resource.kind.clone())?;
        }
    }
    Ok(())
}

/// A pod's way: the service account's token, read from a file, beside the authority's certificate.
async fn token_from_a_file(client: &Client) -> Result<()> {
    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), "default");
    let asked = TokenRequest {
        spec: Some(TokenRequestSpec {
            expiration_seconds: Some(600),
            ..Default::default()
        }),
        ..Default::default()
    };
    let granted = accounts
        .create_token_request("default", &PostParams::default(), &asked)
        .await?;
    let path = std::env::temp_dir().join(format!("token-{}", std::process::id()));
    std::fs::write(
        &path,
        granted
            .status
            .and_then(|status| status.token)
            .context("no token")?,
    )?;

    let mut kubeconfig = Kubeconfig::read()?;
    for user in &mut kubeconfig.auth_infos {
        let auth = user.auth_info.get_or_insert_default();
        (auth.client_certificate_data, auth.client_key_data) = (None, None);
        auth.token_file = Some(path.to_string_lossy().into_owned());
    }
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    let as_account = Client::try_from(config)?;
    who_we_are(&as_account, "system:serviceaccount:default:default").await?;
    std::fs::remove_file(&path)?;

    let Err(kube::Error::Api(refusal)) = Api::<ConfigMap>::default_namespaced(as_account.clone())
        .list(&ListParams::default())
        .await
    else {
        anyhow::bail!("an account without roles may list")
    };
    ensure!(
        refusal.code == 403 && refusal.reason == "Forbidden",
        "{refusal:?}"
    );
    let question = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                verb: Some("list".into()),
                resource: Some("configmaps".into()),
                namespace: Some("default".into()),
                ..Default::default()
            }),
            ..Default::default()
        },
        ..Default::default()
    };
    let answer = Api::<SelfSubjectAccessReview>::all(as_account)
        .create(&PostParams::default(), &question)
        .await?;
    ensure!(
        !answer.status.clone().context("no answer")?.allowed,
        "{} {answer:?}",
        answer.name_any()
    );
    Ok(())
}
