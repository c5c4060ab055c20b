import type { apiregistration } from '../../api/generated/types/index.ts'
import { compareVersions } from '../discovery/group-versions.ts'
import type { ObjectReader } from '../object-reader.ts'
import { type TypedReader, typedReader } from '../typed-reader.ts'

export type APIService = apiregistration.v1.APIService

export const apiServices = { group: 'apiregistration.k8s.io', resource: 'apiservices' } as const

/** An API that another server answers. */
export interface RemoteService {
  /** `v1beta1.metrics.k8s.io` */
  readonly name: string
  readonly group: string
  readonly version: string
  readonly groupPriority: number
  readonly versionPriority: number
  readonly service: { readonly namespace: string; readonly name: string; readonly port: number }
  /** Base64 of PEM; absent: the system's authorities. */
  readonly caBundle: string | undefined
  readonly insecureSkipTLSVerify: boolean
  readonly available: boolean
}

/** Of `spec.service.port`. */
const defaultPort = 443

export const keyOf = (group: string, version: string): string => `${group}/${version}`

/** Undefined for an API that this server answers itself. */
export function remoteService({ metadata, spec, status }: APIService): RemoteService | undefined {
  if (spec?.service === undefined) return undefined
  const { group = '', version = '', groupPriorityMinimum, versionPriority, service, caBundle } = spec
  return {
    name: metadata?.name ?? '',
    group,
    version,
    groupPriority: groupPriorityMinimum,
    versionPriority,
    service: {
      namespace: service.namespace ?? '',
      name: service.name ?? '',
      port: service.port ?? defaultPort,
    },
    caBundle,
    insecureSkipTLSVerify: spec.insecureSkipTLSVerify ?? false,
    available: status?.conditions?.find(({ type }) => type === 'Available')?.status === 'True',
  }
}

const inOrder = (a: RemoteService, b: RemoteService): number =>
  b.groupPriority - a.groupPriority ||
  (a.group < b.group ? -1 : a.group > b.group ? 1 : 0) ||
  b.versionPriority - a.versionPriority ||
  compareVersions(a.version, b.version)

/** The APIServices that other servers stand behind, by group and version, in step with the watch cache. */
export class RemoteServices {
  readonly #reader: TypedReader<APIService>
  readonly #byKey = new Map<string, RemoteService>()
  readonly #handlers = new Set<(key: string) => void>()

  constructor(reader: ObjectReader) {
    this.#reader = typedReader(reader, apiServices)
  }

  /** What is there now, and from now on every change. Returns what ends it. */
  start(): () => void {
    for (const object of this.#reader.list()) this.#replace(object, undefined)
    return this.#reader.onChange((object, old) => this.#replace(object, old))
  }

  get isEmpty(): boolean {
    return this.#byKey.size === 0
  }

  find(group: string, version: string): RemoteService | undefined {
    return this.#byKey.get(keyOf(group, version))
  }

  /** In the order of discovery: groups by priority, versions by theirs. */
  list(): readonly RemoteService[] {
    return [...this.#byKey.values()].sort(inOrder)
  }

  /** Called synchronously with the key (`keyOf`) of what came, changed or went. Returns what removes the handler. */
  onChange(handler: (key: string) => void): () => void {
    this.#handlers.add(handler)
    return () => {
      this.#handlers.delete(handler)
    }
  }

  #replace(object: APIService | undefined, old: APIService | undefined): void {
    const before = old === undefined ? undefined : remoteService(old)
    const now = object === undefined ? undefined : remoteService(object)
    const known = now ?? before
    if (known === undefined) return
    const key = keyOf(known.group, known.version)
    if (now === undefined) this.#byKey.delete(key)
    else this.#byKey.set(key, now)
    for (const handler of this.#handlers) handler(key)
  }
}
