import { protobufPacks } from '../../src/api/generated/protobuf.ts'
import { builtInSchemas } from '../../src/api/schemas.ts'
import { parseCborBody } from '../../src/apimachinery/codec/cbor/cbor-body.ts'
import { CborEncoder } from '../../src/apimachinery/codec/cbor/encode-cbor.ts'
import { Conformer } from '../../src/apimachinery/codec/conformer.ts'
import { DecodeError } from '../../src/apimachinery/codec/decode-error.ts'
import { ObjectDecoder, type ParsedBody } from '../../src/apimachinery/codec/decode-object.ts'
import { parseJsonBody } from '../../src/apimachinery/codec/json-body.ts'
import { ProtobufCodec } from '../../src/apimachinery/codec/protobuf/protobuf-codec.ts'
import { parseYamlBody } from '../../src/apimachinery/codec/yaml-body.ts'
import type { GroupVersionKind } from '../../src/apimachinery/define-kind.ts'
import { JsonPath, JsonPathError } from '../../src/apimachinery/json-path/json-path.ts'
import { applyServerSide } from '../../src/apimachinery/managed-fields/apply.ts'
import { TypedError } from '../../src/apimachinery/managed-fields/typed.ts'
import { updateManagedFields } from '../../src/apimachinery/managed-fields/update.ts'
import { oneVersion } from '../../src/apimachinery/managed-fields/versions.ts'
import type { KubernetesObject } from '../../src/apimachinery/meta.ts'
import { type Fields, isFields } from '../../src/apimachinery/patch/patch-value.ts'
import { parseFieldSelector } from '../../src/apimachinery/selectors/field-selector.ts'
import { parseLabelSelector } from '../../src/apimachinery/selectors/parse-label-selector.ts'
import { StatusError } from '../../src/apimachinery/status-error.ts'
import { Query } from '../../src/apiserver/query.ts'
import { parseAccept } from '../../src/apiserver/represent/accept.ts'
import { decodeContinue, encodeContinue } from '../../src/apiserver/rest/continue-token.ts'
import { ObjectPatch, type ObjectPatchType } from '../../src/apiserver/rest/object-patch.ts'
import { runExpression } from './cel.ts'
import * as seeds from './seeds.ts'

/** One decoder, or what takes what clients send otherwise. */
export interface FuzzTarget {
  readonly name: string
  readonly seeds: readonly Uint8Array[]
  /** Throws what is not the input's fault. */
  run(input: Uint8Array): void
}

const decoder = new ObjectDecoder(builtInSchemas, new Conformer(builtInSchemas))
const protobuf = new ProtobufCodec(protobufPacks, builtInSchemas)
const text = (input: Uint8Array): string => new TextDecoder().decode(input)

/** What a client gets an answer for. */
const refusals = [DecodeError, StatusError, TypedError, JsonPathError] as const

function tolerant(run: (input: Uint8Array) => void): (input: Uint8Array) => void {
  return (input) => {
    try {
      run(input)
    } catch (error) {
      if (!refusals.some((refusal) => error instanceof refusal)) throw error
    }
  }
}

const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' }
const deploymentSchema = builtInSchemas.get('io.k8s.api.apps.v1.Deployment')
const definition = { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition' }

const kinds: readonly GroupVersionKind[] = [deployment, definition, { group: '', version: 'v1', kind: 'Pod' }]

/** A body read as one of several kinds or as an object of no known kind, strictly or with warnings. */
function decodes(
  parse: (body: Uint8Array, kind: GroupVersionKind) => ParsedBody,
): (input: Uint8Array) => void {
  return (input) => {
    const known = kinds[input.length % (kinds.length + 1)]
    const expected = known ?? deployment
    const schema = known === undefined ? undefined : builtInSchemas.ofKind(known)
    const fieldValidation = input.length % 3 === 0 ? 'Strict' : 'Warn'
    decoder.decode(input, (body) => parse(body, expected), { expected, schema, fieldValidation })
  }
}

function patches(type: ObjectPatchType): (input: Uint8Array) => void {
  return (input) => {
    const patch = new ObjectPatch(type, { type: 'bytes', bytes: input }, true, true)
    const patched = patch.apply(seeds.live as unknown as Fields, deploymentSchema ?? {})
    decoder.accept(patched, { expected: deployment, schema: deploymentSchema, fieldValidation: 'Warn' })
  }
}

function applies(input: Uint8Array): void {
  const { value } = parseJsonBody(input)
  if (!isFields(value) || deploymentSchema === undefined) return
  const management = {
    ...{ manager: 'fuzz', apiVersion: 'apps/v1', subresource: '', time: '2026-01-01T00:00:00Z' },
    ...{ schema: deploymentSchema, versions: oneVersion('apps/v1', deploymentSchema), empty: {} },
  }
  const object = value as KubernetesObject
  tolerant(() => updateManagedFields(seeds.live, { ...seeds.live, ...object }, management))(input)
  applyServerSide(seeds.live, object, { ...management, force: true })
}

const list: readonly FuzzTarget[] = [
  { name: 'JSON', seeds: seeds.json, run: decodes((body) => parseJsonBody(body)) },
  { name: 'YAML', seeds: seeds.yaml, run: decodes((body) => parseYamlBody(body)) },
  {
    name: 'protobuf',
    seeds: seeds.objects.map((object) => protobuf.encode(object) ?? new Uint8Array()),
    run: decodes((body, kind) => protobuf.parseBody(body, kind)),
  },
  {
    name: 'CBOR',
    seeds: seeds.objects.map((object) => new CborEncoder().encode(object)),
    run: decodes((body) => parseCborBody(body)),
  },
  { name: 'JSON patch', seeds: seeds.jsonPatches, run: patches('application/json-patch+json') },
  { name: 'merge patch', seeds: seeds.mergePatches, run: patches('application/merge-patch+json') },
  {
    name: 'strategic merge patch',
    seeds: seeds.strategicPatches,
    run: patches('application/strategic-merge-patch+json'),
  },
  { name: 'apply', seeds: seeds.json, run: applies },
  {
    name: 'label selector',
    seeds: seeds.labelSelectors,
    run: (input) => void parseLabelSelector(text(input)).matches({ a: 'b' }),
  },
  {
    name: 'field selector',
    seeds: seeds.fieldSelectors,
    run: (input) => void parseFieldSelector(text(input)).matches(() => 'b'),
  },
  {
    name: 'JSONPath',
    seeds: seeds.jsonPaths,
    run: (input) => void new JsonPath(text(input)).find(seeds.live),
  },
  { name: 'CEL', seeds: seeds.cel, run: runExpression },
  {
    name: 'continue token',
    seeds: [...seeds.tokens, Buffer.from(encodeContinue({ revision: 5, after: 'ns/name' }, 'ns'))],
    run: (input) => void decodeContinue(text(input), 'ns'),
  },
  { name: 'Accept', seeds: seeds.accepts, run: (input) => void parseAccept(text(input)) },
  { name: 'query', seeds: seeds.queries, run: (input) => void Query.parse(text(input)).all('labelSelector') },
]

/** All that reads what clients send. */
export const targets: readonly FuzzTarget[] = list.map((target) => ({ ...target, run: tolerant(target.run) }))
