import type { core } from '../../api/generated/types/index.ts'
import type { HttpRequest } from '../pod/pod-context.ts'

/** The version that probes give in their user agent. */
const userAgentVersion = '1.36'

/** A port by number or by the name that the container gives it; throws upstream's texts. */
export function resolvePort(port: number | string, container: core.v1.Container): number {
  if (typeof port === 'number') {
    if (port > 0 && port < 65_536) return port
    throw new Error(`invalid port number: ${port}`)
  }
  const named = (container.ports ?? []).find(({ name }) => name === port)
  const number = named?.containerPort ?? (/^\d+$/.test(port) ? Number(port) : undefined)
  if (number === undefined) throw new Error(`strconv.Atoi: parsing ${JSON.stringify(port)}: invalid syntax`)
  if (number > 0 && number < 65_536) return number
  throw new Error(`invalid port number: ${number}`)
}

/** The request of an `httpGet` probe or hook to `host`. */
export function httpRequestOf(
  action: core.v1.HTTPGetAction,
  container: core.v1.Container,
  host: string,
  purpose: 'probe' | 'lifecycle',
): HttpRequest {
  const given = action.httpHeaders ?? []
  const has = (name: string): boolean => given.some((header) => header.name.toLowerCase() === name)
  const path = action.path ?? '/'
  return {
    scheme: action.scheme?.toLowerCase() === 'https' ? 'https' : 'http',
    host,
    port: resolvePort(action.port, container),
    path: path.startsWith('/') ? path : `/${path}`,
    headers: [
      ...(has('user-agent') ? [] : [{ name: 'User-Agent', value: `kube-${purpose}/${userAgentVersion}` }]),
      ...(has('accept') ? [] : [{ name: 'Accept', value: '*/*' }]),
      ...given.filter(({ name, value }) => name.toLowerCase() !== 'accept' || value !== ''),
    ],
  }
}
