import { createHash } from 'node:crypto'
import { type apps, type Client, ConfigMap, type core, Deployment, isStatus, Service } from 'timonel'

/** ConfigMaps with this label are websites; its value says how many servers each shall have. */
export const serversLabel = 'example.com/website-servers'

const fieldManager = 'website-operator'

type Website = core.v1.ConfigMap & {
  readonly metadata: { readonly name: string; readonly namespace: string }
}

const isWebsite = (object: core.v1.ConfigMap): object is Website =>
  object.metadata?.labels?.[serversLabel] !== undefined

/** What belongs to a website goes with it. */
const belongsTo = ({ metadata }: Website) => [
  { apiVersion: 'v1', kind: 'ConfigMap', name: metadata.name, uid: metadata.uid ?? '', controller: true },
]

function deploymentOf(website: Website): apps.v1.Deployment {
  const { name, namespace, labels } = website.metadata
  const content = createHash('sha256')
    .update(JSON.stringify(website.data ?? {}))
    .digest('hex')
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, ownerReferences: belongsTo(website) },
    spec: {
      replicas: Number(labels?.[serversLabel]),
      selector: { matchLabels: { website: name } },
      template: {
        // Another content is another template: the servers are rolled out anew.
        metadata: { labels: { website: name }, annotations: { 'example.com/content': content } },
        spec: {
          containers: [
            { name: 'server', image: 'nginx:1', volumeMounts: [{ name: 'pages', mountPath: '/pages' }] },
          ],
          volumes: [{ name: 'pages', configMap: { name } }],
        },
      },
    },
  }
}

function serviceOf(website: Website): core.v1.Service {
  const { name, namespace } = website.metadata
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, ownerReferences: belongsTo(website) },
    spec: { selector: { website: name }, ports: [{ port: 80 }] },
  }
}

/** Brings a website's Deployment and Service to what they should be. The server writes only what differs. */
async function reconcile(client: Client, namespace: string, name: string): Promise<void> {
  try {
    const website = await client.resource(ConfigMap).get(namespace, name)
    if (!isWebsite(website) || website.metadata.deletionTimestamp !== undefined) return
    await client.resource(Deployment).apply(deploymentOf(website), { fieldManager, force: true })
    await client.resource(Service).apply(serviceOf(website), { fieldManager, force: true })
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error // the website is gone, and the rest goes with it
  }
}

/** Follows websites until the signal. A watch begins with everything that is there, also after it broke off. */
async function followWebsites(client: Client, signal: AbortSignal): Promise<void> {
  while (!signal.aborted)
    for await (const events of client.resource(ConfigMap).watch({ labelSelector: serversLabel, signal }))
      for (const { object } of events)
        await reconcile(client, object.metadata?.namespace ?? '', object.metadata?.name ?? '')
}

/** What others do to a website's Deployment is undone. */
async function followDeployments(client: Client, signal: AbortSignal): Promise<void> {
  while (!signal.aborted)
    for await (const events of client.resource(Deployment).watch({ signal }))
      for (const { object } of events) {
        const owner = object.metadata?.ownerReferences?.find(({ kind }) => kind === 'ConfigMap')
        if (owner !== undefined) await reconcile(client, object.metadata?.namespace ?? '', owner.name)
      }
}

/** Keeps a Deployment and a Service for every website, until the signal. */
export async function runWebsiteOperator(client: Client, signal: AbortSignal): Promise<void> {
  await Promise.all([followWebsites(client, signal), followDeployments(client, signal)])
}
