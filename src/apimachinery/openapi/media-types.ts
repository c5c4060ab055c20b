/** What operations take and give. */
export interface MediaTypes {
  readonly object: readonly string[]
  /** Lists, which are watched too. */
  readonly list: readonly string[]
  readonly patch: readonly string[]
}

const json = ['application/json', 'application/yaml'] as const
const cborType = 'application/cbor'

/** Discovery's, of all but single versions: never CBOR. */
export const builtInTypes: readonly string[] = [...json, 'application/vnd.kubernetes.protobuf']

export const anyType: readonly string[] = ['*/*']

/** `cbor`: whether the server speaks it. */
export function mediaTypesFor(custom: boolean, cbor: boolean): MediaTypes {
  const object = [...(custom ? json : builtInTypes), ...(cbor ? [cborType] : [])]
  const streams = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch']
  return {
    object,
    list: custom ? object : [...object, ...streams, ...(cbor ? ['application/cbor-seq'] : [])],
    patch: [
      'application/json-patch+json',
      'application/merge-patch+json',
      ...(custom ? [] : ['application/strategic-merge-patch+json']),
      'application/apply-patch+yaml',
      ...(cbor ? ['application/apply-patch+cbor'] : []),
    ],
  }
}

export const securityName = 'BearerToken'

export const bearerToken = {
  description: 'Bearer Token authentication',
  in: 'header',
  name: 'authorization',
  type: 'apiKey',
} as const
