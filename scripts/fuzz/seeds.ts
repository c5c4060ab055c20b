import { stringify } from 'yaml'
import type { KubernetesObject } from '../../src/apimachinery/meta.ts'

const bytes = (texts: readonly unknown[]): readonly Uint8Array[] =>
  texts.map((text) => new Uint8Array(Buffer.from(typeof text === 'string' ? text : JSON.stringify(text))))

/** A Deployment with something of each sort: maps, sets, keyed lists, quantities, times, ports by name. */
const deployment: KubernetesObject & { readonly [key: string]: unknown } = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'web',
    namespace: 'default',
    labels: { app: 'web' },
    annotations: { a: 'b' },
    finalizers: ['x/y', 'x/z'],
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  spec: {
    replicas: 3,
    selector: {
      matchLabels: { app: 'web' },
      matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }],
    },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            env: [{ name: 'A', value: '1' }],
            ports: [{ containerPort: 80, protocol: 'TCP' }],
            resources: { limits: { cpu: '100m', memory: '1Gi' } },
            livenessProbe: { httpGet: { port: 'http', path: '/' } },
          },
        ],
        volumes: [{ name: 'v', configMap: { name: 'x' } }],
        tolerations: [{ key: 'k', operator: 'Exists' }],
      },
    },
  },
}

const definition: KubernetesObject & { readonly [key: string]: unknown } = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'foos.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind: 'Foo', plural: 'foos' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, default: { a: 1.5 } },
            },
          },
        },
      },
    ],
  },
}

export const objects: readonly KubernetesObject[] = [deployment, definition]
/** What patches are applied to. */
export const live: KubernetesObject = {
  ...deployment,
  metadata: {
    ...deployment.metadata,
    managedFields: [
      {
        manager: 'm',
        operation: 'Apply',
        apiVersion: 'apps/v1',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:spec': { 'f:replicas': {} }, 'f:metadata': { 'f:finalizers': { 'v:"x/y"': {} } } },
      },
    ],
  },
}

export const json = bytes([
  ...objects,
  '{"a":1,"a":2,"b":[1.0,1e3,9007199254740993],"\\u0061":"\\ud83d\\ude00"}',
  '[]',
  'null',
])
export const yaml = bytes([
  ...objects.map((object) => stringify(object)),
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: &m\n  name: web\n  labels: {<<: *m, a: !!binary aGk=}\nspec: {replicas: 0x10, paused: on}\n',
  'a: &a [x, *a]\nb: |\n  text\n  more\nc: >-\n  folded\n? key\n: value\n---\nsecond: 1\n',
])
const base = '/spec/template/spec'
export const jsonPatches = bytes([
  [
    { op: 'add', path: '/metadata/labels/x', value: 'y' },
    { op: 'remove', path: '/metadata/finalizers/0' },
    { op: 'replace', path: '/spec/replicas', value: 5 },
    { op: 'test', path: '/spec/replicas', value: 5 },
    { op: 'copy', from: '/spec', path: '/spec/copy' },
    { op: 'move', from: '/metadata/annotations/a', path: '/metadata/annotations/b~1c' },
  ],
  [{ op: 'add', path: `${base}/containers/-`, value: { name: 'd' } }],
])
export const mergePatches = bytes([
  {
    metadata: { labels: { app: null, b: 'c' } },
    spec: { replicas: 1.0, template: { spec: { containers: [{}] } } },
  },
  { spec: null },
])
const pod = (spec: object): object => ({ spec: { template: { spec } } })
export const strategicPatches = bytes([
  pod({
    '$setElementOrder/containers': [{ name: 'd' }, { name: 'c' }],
    containers: [
      { name: 'd', image: 'j' },
      { name: 'c', $patch: 'delete' },
    ],
  }),
  pod({ containers: [{ $patch: 'replace' }, { name: 'e', env: [{ name: 'A', $patch: 'delete' }] }] }),
  pod({ volumes: [{ name: 'v', $retainKeys: ['name', 'emptyDir'], emptyDir: {} }] }),
  {
    metadata: {
      '$deleteFromPrimitiveList/finalizers': ['x/y'],
      finalizers: ['x/q'],
      labels: { $patch: 'replace' },
    },
  },
])
export const labelSelectors = bytes(['a=b,c!=d', 'a in (b,c),d notin (e),!f,g,h>1,i<2', 'x/y.z in ()', ''])
export const fieldSelectors = bytes(['metadata.name=a,spec.nodeName!=b', 'a\\,b\\==c,d==e', ''])
export const jsonPaths = bytes([
  '.spec.template.spec.containers[*].name',
  '.spec.selector.matchExpressions[?(@.key=="a")].values[0:2]',
  "..['name']",
  '.metadata.labels.app\\.kubernetes\\.io/name',
  '.spec[-1:].x[?(@.a.b > 5)]',
])
export const cel = bytes([
  'self.spec.replicas <= 5 && self.spec.template.spec.containers.all(c, c.image.startsWith("i") || has(c.name))',
  'oldSelf.?spec.?replicas.orValue(1) == size(self.labels) ? quantity("1Gi").add(quantity("1")).isGreaterThan(quantity("2k")) : false',
  'self.labels.exists(k, k.matches("^a[b-z]*$")) || "a-b".split("-", 2).join("/").lowerAscii() in ["a/b"]',
  'any.map(x, {"k": x, "l": dyn([1u, 3u])}).filter(m, m.l[0] > 1u).size() > -9223372036854775808',
  'cidr("10.0.0.0/8").containsIP(ip("10.1.2.3")) && url("https://a/b?c=d").getHost() == "a" && semver("1.2.3").major() > 0',
  'timestamp("2026-01-01T00:00:00Z") + duration("1h30m") < timestamp(any) && "%s %d %.3f".format([any, 5, 1.5]) != ""',
  '[1, 2, 3].sum() == 6 && sets.contains([1, 2], [2]) && {1: b"\\x00"}.transformList(k, v, k * k / (k - 1) % 7)[0] >= 0',
  'format.dns1123Label().validate(self.metadata.name).hasValue() || [dyn(r"raw"), dyn(null), dyn(2.5e3)][1] == any["k"]',
])
export const tokens = bytes(['e30', 'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6NSwic3RhcnQiOiJhIn0'])
export const accepts = bytes([
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;q=0.5, */*',
  'application/vnd.kubernetes.protobuf;stream=watch',
])
export const queries = bytes(['watch=1&labelSelector=a%3Db&limit=500&continue=abc+d&x=%zz', '&&=&a'])
