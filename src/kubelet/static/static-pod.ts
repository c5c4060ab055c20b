import { apiObjectReference } from '../../api/core/pod/api-references.ts'
import { Pod as podKind } from '../../api/core/pod/kind.ts'
import { defaultFeatures } from '../../api/feature-gates.ts'
import type { core } from '../../api/generated/types/index.ts'
import { builtInSchemas } from '../../api/schemas.ts'
import { aggregateFields } from '../../apimachinery/aggregate.ts'
import { Conformer } from '../../apimachinery/codec/conformer.ts'
import { ObjectDecoder } from '../../apimachinery/codec/decode-object.ts'
import { parseYamlBody } from '../../apimachinery/codec/yaml-body.ts'
import { formatTime } from '../../apimachinery/time.ts'
import { hex } from '../../base/hex.ts'
import type { Host } from '../../base/host.ts'
import { hashAnnotation, type StaticSource, seenAnnotation, sourceAnnotation } from './static-annotations.ts'

type Pod = core.v1.Pod

export interface ManifestPlace {
  readonly host: Host
  readonly nodeName: string
  readonly source: StaticSource
  /** The file, or the URL. */
  readonly path: string
}

/** Half a digest: as long as upstream's. It changes with whatever the manifest says, and with its place. */
function uidOf(pod: Pod, { host, nodeName, source, path }: ManifestPlace): string {
  const place = source === 'file' ? `host:${nodeName}file:${path}` : `url:${path}`
  return hex(host.sha256(new TextEncoder().encode(JSON.stringify(pod) + place)).subarray(0, 16))
}

const toleratesAll = { operator: 'Exists', effect: 'NoExecute' }

function placed(pod: Pod, place: ManifestPlace): Pod {
  const { host, nodeName, source } = place
  const { metadata = {}, spec } = pod
  if (!metadata.name) throw new Error('invalid pod: name is needed for the pod')
  const uid = metadata.uid || uidOf(pod, place)
  const tolerations = [...(spec?.tolerations ?? []), ...(source === 'file' ? [toleratesAll] : [])]
  return {
    ...pod,
    metadata: {
      ...metadata,
      name: `${metadata.name}-${nodeName.toLowerCase()}`,
      namespace: metadata.namespace || 'default',
      uid,
      annotations: {
        ...metadata.annotations,
        [hashAnnotation]: uid,
        [sourceAnnotation]: source,
        [seenAnnotation]: formatTime(host.now()),
      },
    },
    spec: { containers: [], ...spec, nodeName, ...(tolerations.length === 0 ? {} : { tolerations }) },
    status: { phase: 'Pending' },
  }
}

function checked(given: Pod, place: ManifestPlace): Pod {
  const pod = podKind.defaults(placed(given, place))
  const context = { nowMs: place.host.now(), features: defaultFeatures, subresource: '' }
  const errors = podKind.validate(pod, undefined, context)
  if (errors.length > 0) throw new Error(`invalid pod: ${aggregateFields(errors)}`)
  const resource = apiObjectReference(pod)
  if (resource !== undefined) throw new Error(`static pods may not reference ${resource}`)
  return pod
}

/** One pod, or the pods of a list; in YAML or JSON. Throws an Error that says what is wrong. */
export function readManifest(text: string, place: ManifestPlace): readonly Pod[] {
  const decoder = new ObjectDecoder(builtInSchemas, new Conformer(builtInSchemas))
  const pod = { group: '', version: 'v1', kind: 'Pod' }
  const schema = builtInSchemas.get(podKind.schema)
  const decode = (value: unknown): Pod =>
    decoder.accept(value, { expected: pod, schema, fieldValidation: 'Ignore' }).object
  const { value } = parseYamlBody(new TextEncoder().encode(text))
  if (typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'PodList') {
    const items = 'items' in value && Array.isArray(value.items) ? value.items : []
    return items.map((item: object) => checked(decode({ ...item, apiVersion: 'v1', kind: 'Pod' }), place))
  }
  return [checked(decode(value), place)]
}
