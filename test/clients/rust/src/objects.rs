//! Lists in pages, watches, reflectors, patches, server-side apply, scale and eviction.

use std::{collections::BTreeMap, pin::pin, time::Duration};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::{
    apps::v1::Deployment,
    core::v1::{ConfigMap, Namespace, Node, Pod},
};
use kube::{
    Api, Client, ResourceExt,
    api::{
        DeleteParams, EvictParams, ListParams, ObjectMeta, PartialObjectMeta, Patch, PatchParams, PostParams,
        ValidationDirective, WatchEvent, WatchParams,
    },
    runtime::{
        WatchStreamExt, reflector,
        wait::{await_condition, conditions},
        watcher,
    },
};
use serde_json::json;

use crate::until;

const SPACE: &str = "rust";

pub async fn run(client: &Client) -> Result<()> {
    let spaces = Api::<Namespace>::all(client.clone());
    let space = Namespace {
        metadata: ObjectMeta {
            name: Some(SPACE.into()),
            ..Default::default()
        },
        ..Default::default()
    };
    let made = spaces.create(&PostParams::default(), &space).await?;
    let maps = Api::<ConfigMap>::namespaced(client.clone(), SPACE);
    pages(&maps).await?;
    watches(&maps).await?;
    for config in [
        watcher::Config::default(),
        watcher::Config::default().streaming_lists(),
    ] {
        reflects(&maps, config).await?;
    }
    writes(&maps).await?;
    applies(&maps).await?;
    workloads(client).await?;
    spaces.delete(SPACE, &DeleteParams::background()).await?;
    let uid = made.uid().context("no uid")?;
    tokio::time::timeout(
        Duration::from_secs(30),
        await_condition(spaces, SPACE, conditions::is_deleted(&uid)),
    )
    .await??;
    Ok(())
}

fn map(name: &str, value: &str) -> ConfigMap {
    ConfigMap {
        metadata: ObjectMeta {
            name: Some(name.into()),
            ..Default::default()
        },
        data: Some(BTreeMap::from([("value".into(), value.into())])),
        ..Default::default()
    }
}

async fn pages(maps: &Api<ConfigMap>) -> Result<()> {
    for index in 0..25 {
        maps.create(&PostParams::default(), &map(&format!("map-{index:02}"), "1"))
            .await?;
    }
    let mut asked = ListParams::default()
        .limit(10)
        .fields("metadata.name!=kube-root-ca.crt");
    let mut names = Vec::new();
    loop {
        let page = maps.list(&asked).await?;
        names.extend(page.items.iter().map(ResourceExt::name_any));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => asked = asked.continue_token(&token),
            None => break,
        }
    }
    ensure!(names.len() == 25 && names.is_sorted(), "{names:?}");
    let metadata = maps.get_metadata("map-00").await?;
    ensure!(metadata.types.context("no type")?.kind == "PartialObjectMetadata");
    Ok(())
}

async fn watches(maps: &Api<ConfigMap>) -> Result<()> {
    let start = maps
        .list(&ListParams::default())
        .await?
        .metadata
        .resource_version
        .context("no version")?;
    let patch = Patch::Merge(json!({ "data": { "value": "2" } }));
    maps.patch("map-00", &PatchParams::default(), &patch).await?;
    maps.delete("map-01", &DeleteParams::default()).await?;
    let events = maps.watch(&WatchParams::default().timeout(10), &start).await?;
    let seen: Vec<String> = pin!(events)
        .take(2)
        .map_ok(|event| match event {
            WatchEvent::Modified(map) => format!("modified {}", map.name_any()),
            WatchEvent::Deleted(map) => format!("deleted {}", map.name_any()),
            other => format!("{other:?}"),
        })
        .try_collect()
        .await?;
    ensure!(seen == ["modified map-00", "deleted map-01"], "{seen:?}");
    Ok(())
}

/// A reflector keeps what there is, from a list or from the watch alone.
async fn reflects(maps: &Api<ConfigMap>, config: watcher::Config) -> Result<()> {
    let (store, writer) = reflector::store();
    let stream = watcher(maps.clone(), config)
        .default_backoff()
        .reflect(writer)
        .applied_objects();
    let following = tokio::spawn(stream.for_each(|_| async {}));
    store.wait_until_ready().await?;
    maps.create(&PostParams::default(), &map("followed", "1")).await?;
    let held = |wanted: bool| {
        let store = store.clone();
        move || {
            let held = store.state().iter().any(|map| map.name_any() == "followed");
            async move { Ok(held == wanted) }
        }
    };
    until("the addition", held(true)).await?;
    maps.delete("followed", &DeleteParams::default()).await?;
    until("the removal", held(false)).await?;
    following.abort();
    // The first of those that are there already, without their data.
    let metadata = Api::<PartialObjectMeta<ConfigMap>>::namespaced(maps.clone().into_client(), SPACE);
    let first = pin!(watcher(metadata, watcher::Config::default()).applied_objects())
        .try_next()
        .await?;
    ensure!(first.is_some());
    Ok(())
}

async fn writes(maps: &Api<ConfigMap>) -> Result<()> {
    let mut entry = maps.entry("counter").await?.or_insert(|| map("counter", "1"));
    entry.commit(&PostParams::default()).await?;
    entry
        .get_mut()
        .data
        .get_or_insert_default()
        .insert("more".into(), "1".into());
    entry.commit(&PostParams::default()).await?;

    let old = maps.get("counter").await?;
    maps.patch(
        "counter",
        &PatchParams::default(),
        &Patch::Strategic(json!({ "data": { "more": null } })),
    )
    .await?;
    let Err(kube::Error::Api(conflict)) = maps.replace("counter", &PostParams::default(), &old).await else {
        anyhow::bail!("an old version was written")
    };
    ensure!(
        conflict.code == 409 && conflict.reason == "Conflict",
        "{conflict:?}"
    );

    let strict = PatchParams {
        field_validation: Some(ValidationDirective::Strict),
        ..Default::default()
    };
    let Err(kube::Error::Api(refusal)) = maps
        .patch("counter", &strict, &Patch::Merge(json!({ "dat": {} })))
        .await
    else {
        anyhow::bail!("an unknown field was taken")
    };
    ensure!(
        refusal.code == 422 && refusal.message.contains(r#"unknown field "dat""#),
        "{refusal:?}"
    );
    ensure!(maps.get_opt("none").await?.is_none());
    let left = maps
        .delete_collection(
            &DeleteParams::default(),
            &ListParams::default().fields("metadata.name=map-02"),
        )
        .await?;
    ensure!(left.left().is_some_and(|list| list.items.len() == 1));
    Ok(())
}

async fn applies(maps: &Api<ConfigMap>) -> Result<()> {
    let intent = |value: &str| {
        Patch::Apply(
            json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "applied" }, "data": { "a": value } }),
        )
    };
    let applied = maps
        .patch("applied", &PatchParams::apply("one"), &intent("1"))
        .await?;
    let manager = &applied.managed_fields()[0];
    ensure!(
        manager.operation.as_deref() == Some("Apply") && manager.manager.as_deref() == Some("one"),
        "{manager:?}"
    );
    let Err(kube::Error::Api(conflict)) = maps
        .patch("applied", &PatchParams::apply("two"), &intent("2"))
        .await
    else {
        anyhow::bail!("a foreign field was taken without force")
    };
    ensure!(
        conflict.code == 409 && conflict.message.contains(r#"conflict with "one": .data.a"#),
        "{conflict:?}"
    );
    let forced = maps
        .patch("applied", &PatchParams::apply("two").force(), &intent("2"))
        .await?;
    ensure!(
        forced.data.unwrap_or_default()["a"] == "2"
            && forced.metadata.managed_fields.unwrap_or_default().len() == 1
    );
    let tried = maps
        .patch("applied", &PatchParams::apply("two").dry_run(), &intent("3"))
        .await?;
    ensure!(
        tried.data.unwrap_or_default()["a"] == "3"
            && maps.get("applied").await?.data.unwrap_or_default()["a"] == "2"
    );
    Ok(())
}

async fn workloads(client: &Client) -> Result<()> {
    let deployments = Api::<Deployment>::namespaced(client.clone(), SPACE);
    let deployment = serde_json::from_value(json!({
        "metadata": { "name": "web" },
        "spec": {
            "replicas": 2,
            "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": "web" }] },
            },
        },
    }))?;
    deployments.create(&PostParams::default(), &deployment).await?;
    let done = await_condition(deployments.clone(), "web", conditions::is_deployment_completed());
    tokio::time::timeout(Duration::from_secs(30), done).await??;
    let scale = Patch::Merge(json!({ "spec": { "replicas": 3 } }));
    deployments
        .patch_scale("web", &PatchParams::default(), &scale)
        .await?;
    until("the scaling", || async {
        Ok(deployments
            .get_scale("web")
            .await?
            .status
            .is_some_and(|status| status.replicas == 3))
    })
    .await?;
    deployments.restart("web").await?;

    let pods = Api::<Pod>::namespaced(client.clone(), SPACE);
    let victim = pods.list(&ListParams::default().labels("app=web")).await?.items[0].name_any();
    ensure!(pods.evict(&victim, &EvictParams::default()).await?.is_success());
    let nodes = Api::<Node>::all(client.clone());
    ensure!(
        nodes
            .cordon("node-1")
            .await?
            .spec
            .and_then(|spec| spec.unschedulable)
            == Some(true)
    );
    nodes.uncordon("node-1").await?;
    Ok(())
}
