import { expect, test } from 'vitest'
import { defaultFeatures } from '../../../api/feature-gates.ts'
import { builtInSchemas } from '../../../api/schemas.ts'
import { Conformer } from '../../../apimachinery/codec/conformer.ts'
import { ObjectDecoder } from '../../../apimachinery/codec/decode-object.ts'
import { realHost } from '../../../base/host/real-host.ts'
import { silentLogger } from '../../../base/logger.ts'
import { PrometheusMetrics } from '../../../base/prometheus.ts'
import { ValidatingAdmissionPolicyPlugin } from '../../admission/validating-admission-policy/validating-admission-policy.ts'
import { ValidatingAdmissionWebhook } from '../../admission/validating-admission-webhook/validating-admission-webhook.ts'
import {
  type AdmissionServer,
  configurations,
  hookAt,
  startAdmissionServer,
} from '../testing/admission-server.ts'
import type { ManifestFolder, ManifestPlugin } from './manifest-folder.ts'
import { splitDocuments } from './split-documents.ts'
import { type AdmissionManifests, startManifests } from './start-manifests.ts'

/** A folder in memory, of one file for each text. */
class TestFolder implements ManifestFolder {
  readonly path = '/manifests'
  #texts: readonly string[]
  #changed: () => void = () => {}

  constructor(...texts: readonly string[]) {
    this.#texts = texts
  }

  read() {
    return this.#texts.map((text, at) => ({
      path: `/manifests/${at}.yaml`,
      bytes: new TextEncoder().encode(text),
    }))
  }

  follow(changed: () => void): () => void {
    this.#changed = changed
    return () => {
      this.#changed = () => {}
    }
  }

  put(...texts: readonly string[]): void {
    this.#texts = texts
    this.#changed()
  }
}

const metrics = new PrometheusMetrics()

const load = (plugin: ManifestPlugin, folder: ManifestFolder): AdmissionManifests =>
  startManifests({
    ...{ host: realHost, logger: silentLogger, metrics, features: defaultFeatures, schemas: builtInSchemas },
    decoder: new ObjectDecoder(builtInSchemas, new Conformer(builtInSchemas)),
    folders: { [plugin]: folder },
    serverId: 'here',
  })

const head = 'apiVersion: admissionregistration.k8s.io/v1'
const about = (resource: string, group = ''): string =>
  `resourceRules: [{apiGroups: ["${group}"], apiVersions: [v1], operations: [CREATE], resources: [${resource}]}]`
const policy = (name: string, expression: string, match = about('configmaps')): string =>
  `${head}\nkind: ValidatingAdmissionPolicy\nmetadata: {name: ${name}}\nspec: {matchConstraints: {${match}}, validations: [{expression: '${expression}'}]}`
const binding = (name: string, policyName = name, more = ''): string =>
  `${head}\nkind: ValidatingAdmissionPolicyBinding\nmetadata: {name: ${name}}\nspec: {policyName: ${policyName}, validationActions: [Deny]${more}}`
const webhook = (clientConfig: string): string =>
  `${head}\nkind: ValidatingWebhookConfiguration\nmetadata: {name: a.static.k8s.io}\nwebhooks: [{name: a.b.c, sideEffects: None, admissionReviewVersions: [v1], clientConfig: ${clientConfig}}]`

test('splitDocuments() ends documents at lines of three dashes', () => {
  expect(splitDocuments('---\na: 1\n--- \n\n---\nb: "\n  ---x"\n--- # c\nd')).toEqual([
    'a: 1',
    'b: "\n  ---x"\n--- # c\nd',
  ])
})

const inFile = 'error loading /manifests/0.yaml: '
test.each<readonly [ManifestPlugin, string, string]>([
  ['ValidatingAdmissionPolicy', 'a: b', `${inFile}Object 'Kind' is missing in 'a: b'`],
  ['ValidatingAdmissionPolicy', 'kind: A', `${inFile}Object 'apiVersion' is missing in 'kind: A'`],
  [
    'ValidatingAdmissionPolicy',
    'kind: ConfigMap\napiVersion: v1',
    `${inFile}no kind "ConfigMap" is registered for version "v1" in scheme "pkg/admission/plugin/policy/manifest/loader/validating_loader.go:35"`,
  ],
  [
    'ValidatingAdmissionPolicy',
    `${head}beta1\nkind: MutatingAdmissionPolicy\nmetadata: {name: p}`,
    `${inFile}unsupported resource type *v1beta1.MutatingAdmissionPolicy`,
  ],
  [
    'ValidatingAdmissionPolicy',
    policy('p', 'true'),
    `${inFile}"p" in file "/manifests/0.yaml" must have a name ending with ".static.k8s.io"`,
  ],
  [
    'ValidatingAdmissionPolicy',
    `${policy('p.static.k8s.io', 'true')}\n---\n${policy('p.static.k8s.io', 'true')}`,
    `${inFile}duplicate name "p.static.k8s.io" found in file "/manifests/0.yaml" (previously seen in "/manifests/0.yaml")`,
  ],
  [
    'ValidatingAdmissionPolicy',
    policy('p.static.k8s.io', 'true').replace('spec: {', 'spec: {foo: 1, '),
    `${inFile}strict decoding error: unknown field "spec.foo"`,
  ],
  [
    'ValidatingAdmissionPolicy',
    policy('p.static.k8s.io', 'true').replace('spec: {', 'spec: {paramKind: {apiVersion: v1, kind: Pod}, '),
    `${inFile}ValidatingAdmissionPolicy "p.static.k8s.io": spec.paramKind is not supported for static manifests`,
  ],
  [
    'ValidatingAdmissionPolicy',
    binding('b.static.k8s.io', 'p'),
    `${inFile}binding "b.static.k8s.io": spec.policyName "p" must end with ".static.k8s.io"`,
  ],
  [
    'ValidatingAdmissionPolicy',
    binding('b.static.k8s.io', 'p.static.k8s.io', ', paramRef: {name: x, parameterNotFoundAction: Deny}'),
    `${inFile}binding "b.static.k8s.io": spec.paramRef is not supported for static manifests`,
  ],
  [
    'ValidatingAdmissionPolicy',
    binding('b.static.k8s.io', 'p.static.k8s.io'),
    'binding "b.static.k8s.io" references policy "p.static.k8s.io" which does not exist in the manifest directory',
  ],
  [
    'ValidatingAdmissionPolicy',
    'apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Pod}]',
    `${inFile}failed to decode list item: no kind "Pod" is registered for version "v1"`,
  ],
  [
    'MutatingAdmissionPolicy',
    policy('p.static.k8s.io', 'true'),
    `${inFile}unsupported resource type *v1.ValidatingAdmissionPolicy`,
  ],
  [
    'ValidatingAdmissionWebhook',
    webhook('{service: {name: a, namespace: b}}'),
    `${inFile}webhook "a.b.c" in "a.static.k8s.io" (file "/manifests/0.yaml"): clientConfig.service is not supported for static manifests; use clientConfig.url instead`,
  ],
  [
    'MutatingAdmissionWebhook',
    webhook('{url: "https://a"}'),
    `${inFile}unsupported resource type *v1.ValidatingWebhookConfiguration`,
  ],
])('startManifests() does not start %s with %s', (plugin, text, why) => {
  const what = plugin.endsWith('Webhook') ? 'webhook' : 'policy'
  expect(() => load(plugin, new TestFolder(text))).toThrow(
    `failed to apply admission: failed to initialize admission plugin "${plugin}": failed to load static ${what} manifests from "/manifests": ${why}`,
  )
})

const map = (name: string): object => ({ metadata: { name } })
const mapsPath = '/api/v1/namespaces/default/configmaps'

async function statusOf(server: AdmissionServer, path: string, object: object): Promise<number> {
  return (await server.call('POST', path, object)).status
}

test('policies of files hold, also for what configures policies, and change with the files', async () => {
  const closed = `${policy('p.static.k8s.io', 'object.metadata.name != "bad"')}\n---\n${binding('p.static.k8s.io')}`
  const guard = `${policy('g.static.k8s.io', 'object.metadata.name != "bad"', about('validatingadmissionpolicies', 'admissionregistration.k8s.io'))}\n---\n${binding('g.static.k8s.io')}`
  const folder = new TestFolder(closed, guard)
  const { ValidatingAdmissionPolicy: manifests } = load('ValidatingAdmissionPolicy', folder)
  const server = await startAdmissionServer((options) => [
    new ValidatingAdmissionPolicyPlugin({ ...options, manifests }),
  ])
  try {
    await server.create('/api/v1/namespaces', map('default'))
    const policies = `${configurations}/validatingadmissionpolicies`
    const open = { matchConstraints: { resourceRules: [] }, validations: [{ expression: 'true' }] }
    expect(await statusOf(server, mapsPath, map('bad'))).toBe(422)
    expect(await statusOf(server, policies, { ...map('bad'), spec: open })).toBe(422)
    expect(await statusOf(server, mapsPath, map('good'))).toBe(201)
    folder.put('a: b')
    expect(await statusOf(server, mapsPath, map('bad'))).toBe(422)
    folder.put()
    expect(await statusOf(server, mapsPath, map('bad'))).toBe(201)
    const count = (status: string): string =>
      `automatic_reloads_total{status="${status}",plugin="ValidatingAdmissionPolicy",apiserver_id_hash="sha256:`
    expect(metrics.expose()).toContain(count('failure'))
    expect(metrics.expose()).toContain(count('success'))
  } finally {
    manifests?.stop()
    await server.stop()
  }
})

test('webhooks of files are asked first, also about what configures webhooks', async () => {
  const spec = {
    ...hookAt('files'),
    rules: [{ operations: ['CREATE'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }],
  }
  const configuration = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'a.static.k8s.io' },
    webhooks: [spec],
  }
  const { ValidatingAdmissionWebhook: manifests } = load(
    'ValidatingAdmissionWebhook',
    new TestFolder(JSON.stringify(configuration)),
  )
  const server = await startAdmissionServer((options) => [
    new ValidatingAdmissionWebhook({ ...options, manifests }),
  ])
  const asked: string[] = []
  const hook =
    (name: string) =>
    ({ kind }: { readonly kind: { readonly kind: string } }) => {
      asked.push(`${name} ${kind.kind}`)
      return { allowed: true }
    }
  server.hooks.set('/files', hook('files')).set('/api', hook('api'))
  try {
    await server.create('/api/v1/namespaces', map('default'))
    await server.create(`${configurations}/validatingwebhookconfigurations`, {
      ...map('a'),
      webhooks: [hookAt('api')],
    })
    await server.create(mapsPath, map('m'))
    expect(asked).toEqual([
      'files Namespace',
      'files ValidatingWebhookConfiguration',
      'files ConfigMap',
      'api ConfigMap',
    ])
  } finally {
    manifests?.stop()
    await server.stop()
  }
})
