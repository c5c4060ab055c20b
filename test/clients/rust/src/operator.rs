//! A small operator: a resource of its own by `derive`, validation, owned objects, a finalizer, status and events.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, ensure};
use futures::StreamExt;
use k8s_openapi::{
    api::{core::v1::ConfigMap, events::v1::Event as StoredEvent},
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, Client, CustomResource, CustomResourceExt, Resource, ResourceExt,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
    runtime::{
        Controller,
        controller::Action,
        events::{Event, EventType, Recorder, Reporter},
        finalizer,
        wait::{await_condition, conditions},
        watcher,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::until;

#[derive(CustomResource, Serialize, Deserialize, Clone, Debug, JsonSchema)]
#[kube(
    group = "example.com",
    version = "v1",
    kind = "Greeting",
    namespaced,
    status = "GreetingStatus",
    shortname = "gr"
)]
#[kube(
    printcolumn(json_path = ".spec.text", name = "Text", type_ = "string"),
    selectable = ".spec.text"
)]
#[kube(scale(spec_replicas_path = ".spec.times", status_replicas_path = ".status.times"))]
#[kube(validation = "self.metadata.name != 'nobody'")]
pub struct GreetingSpec {
    #[schemars(length(min = 3))]
    text: String,
    #[serde(default = "once")]
    times: i32,
}

fn once() -> i32 {
    1
}

#[derive(Serialize, Deserialize, Clone, Debug, Default, JsonSchema)]
pub struct GreetingStatus {
    times: i32,
}

const FINALIZER: &str = "example.com/farewell";

async fn reconcile(
    greeting: Arc<Greeting>,
    client: Arc<Client>,
) -> Result<Action, finalizer::Error<kube::Error>> {
    let greetings = Api::<Greeting>::default_namespaced(client.as_ref().clone());
    finalizer(&greetings, FINALIZER, greeting, |event| async {
        match event {
            finalizer::Event::Apply(greeting) => greet(&greeting, &client).await,
            finalizer::Event::Cleanup(greeting) => part(&greeting, &client).await,
        }
    })
    .await
}

async fn greet(greeting: &Greeting, client: &Client) -> Result<Action, kube::Error> {
    let name = greeting.name_any();
    let words = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": name, "ownerReferences": [greeting.controller_owner_ref(&())] },
        "data": { "text": greeting.spec.text.repeat(greeting.spec.times.max(0) as usize) },
    });
    let mine = PatchParams::apply("greeter").force();
    Api::<ConfigMap>::default_namespaced(client.clone())
        .patch(&name, &mine, &Patch::Apply(words))
        .await?;
    let status = json!({ "apiVersion": "example.com/v1", "kind": "Greeting", "status": { "times": greeting.spec.times } });
    Api::<Greeting>::default_namespaced(client.clone())
        .patch_status(&name, &mine, &Patch::Apply(status))
        .await?;
    Ok(Action::requeue(Duration::from_secs(300)))
}

async fn part(greeting: &Greeting, client: &Client) -> Result<Action, kube::Error> {
    let recorder = Recorder::new(
        client.clone(),
        Reporter {
            controller: "greeter".into(),
            instance: Some("one".into()),
        },
    );
    let event = Event {
        type_: EventType::Normal,
        reason: "Farewell".into(),
        note: Some(format!("{} parts", greeting.name_any())),
        action: "Parting".into(),
        secondary: None,
    };
    recorder.publish(&event, &greeting.object_ref(&())).await?;
    Ok(Action::await_change())
}

pub async fn run(client: &Client) -> Result<()> {
    let definitions = Api::<CustomResourceDefinition>::all(client.clone());
    definitions
        .patch(
            Greeting::crd_name(),
            &PatchParams::apply("greeter"),
            &Patch::Apply(Greeting::crd()),
        )
        .await?;
    let established = await_condition(
        definitions.clone(),
        Greeting::crd_name(),
        conditions::is_crd_established(),
    );
    tokio::time::timeout(Duration::from_secs(10), established).await??;

    let greetings = Api::<Greeting>::default_namespaced(client.clone());
    let maps = Api::<ConfigMap>::default_namespaced(client.clone());
    let controller = Controller::new(greetings.clone(), watcher::Config::default())
        .owns(maps.clone(), watcher::Config::default())
        .run(
            reconcile,
            |_, _, _| Action::requeue(Duration::from_millis(100)),
            Arc::new(client.clone()),
        );
    let working = tokio::spawn(controller.for_each(|_| async {}));

    let new = |name: &str, text: &str| {
        Greeting::new(
            name,
            GreetingSpec {
                text: text.into(),
                times: 2,
            },
        )
    };
    greetings
        .create(&PostParams::default(), &new("hello", "hi!"))
        .await?;
    for (name, text, why) in [
        ("short", "hi", "spec.text in body should be at least 3 chars long"),
        ("nobody", "hi!", "failed rule"),
    ] {
        let Err(kube::Error::Api(refusal)) = greetings.create(&PostParams::default(), &new(name, text)).await
        else {
            anyhow::bail!("{name} was taken")
        };
        ensure!(
            refusal.code == 422 && refusal.reason == "Invalid" && refusal.message.contains(why),
            "{refusal:?}"
        );
    }
    let says = |wanted: &'static str| {
        let maps = maps.clone();
        move || {
            let maps = maps.clone();
            async move {
                let map = maps.get_opt("hello").await?;
                Ok(map
                    .and_then(|map| map.data)
                    .is_some_and(|data| data["text"] == wanted))
            }
        }
    };
    until("the greeting", says("hi!hi!")).await?;
    until("its status", || async {
        Ok(greetings
            .get_scale("hello")
            .await?
            .status
            .is_some_and(|status| status.replicas == 2))
    })
    .await?;
    maps.delete("hello", &DeleteParams::default()).await?;
    until("the greeting again", says("hi!hi!")).await?;
    greetings
        .patch_scale(
            "hello",
            &PatchParams::default(),
            &Patch::Merge(json!({ "spec": { "replicas": 1 } })),
        )
        .await?;
    until("the greeting once", says("hi!")).await?;
    ensure!(
        greetings
            .list(&ListParams::default().fields("spec.text=hi!"))
            .await?
            .items
            .len()
            == 1
    );

    greetings.delete("hello", &DeleteParams::default()).await?;
    until("the farewell", || async {
        Ok(greetings.get_opt("hello").await?.is_none())
    })
    .await?;
    until("garbage collection", || async {
        Ok(maps.get_opt("hello").await?.is_none())
    })
    .await?;
    let told = Api::<StoredEvent>::default_namespaced(client.clone())
        .list(&ListParams::default().fields("reason=Farewell"))
        .await?;
    ensure!(
        told.items.len() == 1 && told.items[0].note.as_deref() == Some("hello parts"),
        "{told:?}"
    );
    working.abort();
    definitions
        .delete(Greeting::crd_name(), &DeleteParams::default())
        .await?;
    until("the end of the definition", || async {
        Ok(definitions.get_opt(Greeting::crd_name()).await?.is_none())
    })
    .await
}
