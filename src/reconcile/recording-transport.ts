import type { KubernetesObject, Status } from '../apimachinery/meta.ts'
import { StatusError } from '../apimachinery/status-error.ts'
import type { ApiRequest, ApiResponse, Transport } from '../apimachinery/transport.ts'

/** What a cache has to show before a write of ours is visible there. */
export interface ExpectedWrite {
  /** `apps/v1/deployments`, `v1/pods`. */
  readonly resource: string
  readonly resourceVersion?: number
  readonly deletedUid?: string
  /** Of an object that may have been written, as no answer said so: its revision has to be asked for. */
  readonly uncertainPath?: string
}

export interface RecordingTransportOptions {
  readonly transport: Transport
  /** Throws when writing is not allowed (any more). */
  readonly checkWrite: () => void
  readonly onWrite: (write: ExpectedWrite) => void
}

/** `/apis/apps/v1` and what follows it: `[namespaces, default,] deployments, web[, status]`, from the resource on. */
function partsOf(path: string): { readonly prefix: readonly string[]; readonly rest: readonly string[] } {
  const segments = path.split('/').slice(1)
  const prefixLength = segments[0] === 'api' ? 2 : 3
  const rest = segments.slice(prefixLength)
  // `namespaces/x/status` and `namespaces/x/finalize` are about the namespace itself.
  const inNamespace =
    rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'status' && rest[2] !== 'finalize'
  const at = prefixLength + (inNamespace ? 2 : 0)
  return { prefix: segments.slice(0, at), rest: segments.slice(at) }
}

/** `apps/v1/deployments` of `/apis/apps/v1/namespaces/default/deployments/web/status`. */
export function resourceOfPath(path: string): string {
  const { prefix, rest } = partsOf(path)
  return [...prefix.slice(1, prefix[0] === 'api' ? 2 : 3), rest[0] ?? ''].join('/')
}

/** Of the object that a path, with a subresource or without, is about; undefined for a collection. */
function objectPathOf(path: string): string | undefined {
  const { prefix, rest } = partsOf(path)
  return rest.length < 2 ? undefined : `/${[...prefix, ...rest.slice(0, 2)].join('/')}`
}

/** Whether a write may have happened that ended like this: what a server refuses it has not done. */
const isUncertain = (error: unknown): boolean =>
  !(error instanceof StatusError) || (error.status.code ?? 0) >= 500

function expectationOf(request: ApiRequest, response: ApiResponse): ExpectedWrite | undefined {
  const resource = resourceOfPath(request.path)
  // The server's answers to writes are objects, Statuses and, for collections, lists.
  const body = response.body as KubernetesObject & Status & { readonly items?: unknown }
  if (body.items !== undefined) return undefined
  if (body.kind === 'Status') {
    const uid = request.method === 'DELETE' ? body.details?.uid : undefined
    return uid === undefined ? undefined : { resource, deletedUid: uid }
  }
  const resourceVersion = Number(body.metadata?.resourceVersion ?? Number.NaN)
  return Number.isNaN(resourceVersion) ? undefined : { resource, resourceVersion }
}

/** A transport that asks before every write and tells what came of it. */
export function recordingTransport(options: RecordingTransportOptions): Transport {
  const { transport, checkWrite, onWrite } = options
  return {
    request: async (request) => {
      if (request.method === 'GET') return transport.request(request)
      checkWrite()
      const response = await transport.request(request).catch((error: unknown) => {
        const uncertainPath = objectPathOf(request.path)
        // What was created has a name that nobody knows.
        if (request.method !== 'POST' && uncertainPath !== undefined && isUncertain(error))
          onWrite({ resource: resourceOfPath(request.path), uncertainPath })
        throw error
      })
      const expectation = request.query?.dryRun === undefined && expectationOf(request, response)
      if (expectation) onWrite(expectation)
      return response
    },
    watch: (request) => transport.watch(request),
    // Whoever made the transport closes it.
    close: async () => {},
  }
}
