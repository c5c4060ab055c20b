import { internalError, notFound, qualified, statusError } from '../../apimachinery/status-error.ts'
import type { CachedObject } from '../cache/cached-object.ts'
import type { CorruptObject } from '../cache/corrupt-objects.ts'
import type { Resource } from './resource.ts'

/** Told of at once in an answer to LIST. */
const maxListed = 100
/** Its gate lets clients delete what cannot be read, and tells them more about it. */
export const unsafeGate = 'AllowUnsafeMalformedObjectDeletion'

const deletesUnreadable = ({ context }: Resource): boolean => context.features.enabled(unsafeGate)

const told = (key: string, { why }: CorruptObject): string =>
  `StorageError: corrupt object, Code: 7, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${why}`

/** Throws NotFound, and an InternalError for what the store holds and nobody can read. */
export function readable(resource: Resource, namespace: string, name: string): CachedObject {
  const id = resource.id(namespace, name)
  const record = resource.cache.get(id)
  if (record !== undefined) return record
  const corrupt = resource.held.corrupt.get(id)
  if (corrupt === undefined) throw notFound(resource.subject(name))
  const key = `/${resource.kind.storagePrefix}/${id}`
  throw internalError(deletesUnreadable(resource) ? told(key, corrupt) : corrupt.why)
}

/** Throws where a list of a namespace ('': all) would have to leave out what nobody can read. */
export function checkReadable(resource: Resource, namespace: string): void {
  const { corrupt } = resource.held
  if (corrupt.size === 0) return
  const found = [...corrupt]
    .filter(([id]) => namespace === '' || id.startsWith(`${namespace}/`))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const [first] = found
  if (first === undefined) return
  if (!deletesUnreadable(resource)) throw internalError(first[1].why)
  const causes = found.slice(0, maxListed).map(([id, each]) => {
    const key = resource.context.mirror.key(resource.held, id)
    return { reason: 'UnexpectedServerResponse', message: told(key, each), field: key }
  })
  const more = { reason: 'FieldValueTooMany', message: 'too many errors, the list is truncated' }
  const { group, resource: kind } = resource.kind
  throw statusError(
    'StorageReadError',
    `failed to read one or more ${qualified(resource.kind)} from the storage`,
    {
      name: 'list',
      ...(group === '' ? {} : { group }),
      kind,
      causes: found.length > maxListed ? [...causes, more] : causes,
    },
  )
}
