import type { KubernetesObject, Status } from '../apimachinery/meta.ts'
import type { ApiRequest, ApiResponse, Transport } from '../apimachinery/transport.ts'

/** What a cache has to show before a write of ours is visible there. */
export interface ExpectedWrite {
  /** `apps/v1/deployments`, `v1/pods`. */
  readonly resource: string
  readonly resourceVersion?: number
  readonly deletedUid?: string
}

export interface RecordingTransportOptions {
  readonly transport: Transport
  /** Throws when writing is not allowed (any more). */
  readonly checkWrite: () => void
  readonly onWrite: (write: ExpectedWrite) => void
}

/** `apps/v1/deployments` of `/apis/apps/v1/namespaces/default/deployments/web/status`. */
export function resourceOfPath(path: string): string {
  const segments = path.split('/').slice(1)
  const prefixLength = segments[0] === 'api' ? 2 : 3
  const rest = segments.slice(prefixLength)
  // `namespaces/x/status` and `namespaces/x/finalize` are about the namespace itself.
  const inNamespace =
    rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'status' && rest[2] !== 'finalize'
  const resource = (inNamespace ? rest[2] : rest[0]) ?? ''
  return [...segments.slice(1, prefixLength), resource].join('/')
}

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
      const response = await transport.request(request)
      const expectation = request.query?.dryRun === undefined && expectationOf(request, response)
      if (expectation) onWrite(expectation)
      return response
    },
    watch: (request) => transport.watch(request),
    // Whoever made the transport closes it.
    close: async () => {},
  }
}
