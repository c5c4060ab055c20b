import type { UserInfo } from '../request.ts'
import type { BackendHeaders } from './backend.ts'

const token = /^[!#$&'*+\-.^_`|~0-9A-Za-z]$/

/** Header names take few characters: all others are percent-encoded, bytes of UTF-8 one by one (`headerKeyEscape`). */
const escapeKey = (key: string): string =>
  Array.from(new TextEncoder().encode(key), (byte) => {
    const character = String.fromCharCode(byte)
    return token.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }).join('')

export const isIdentityHeader = (name: string): boolean =>
  name === 'x-remote-user' ||
  name === 'x-remote-uid' ||
  name === 'x-remote-group' ||
  name.startsWith('x-remote-extra-')

/** Who asks, for a server that trusts the front proxy's certificate (https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/). */
export function identityHeaders({ name, uid = '', groups, extra = {} }: UserInfo): BackendHeaders {
  const headers: [string, string][] = [['x-remote-user', name]]
  if (uid !== '') headers.push(['x-remote-uid', uid])
  for (const group of groups) headers.push(['x-remote-group', group])
  for (const [key, values] of Object.entries(extra)) {
    for (const value of values) headers.push([`x-remote-extra-${escapeKey(key)}`, value])
  }
  return headers
}
