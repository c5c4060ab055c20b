export interface SchemeNamePort {
  readonly scheme: '' | 'http' | 'https'
  readonly name: string
  /** A number or a name; '' where none is given. */
  readonly port: string
}

/** `name`, `name:port` or `scheme:name:port`; undefined for anything else. */
export function splitSchemeNamePort(id: string): SchemeNamePort | undefined {
  const parts = id.split(':')
  if (parts.length > 3) return undefined
  const [scheme, name, port] = parts.length === 3 ? parts : ['', parts[0], parts[1]]
  if (name === undefined || name === '') return undefined
  if (scheme !== '' && scheme !== 'http' && scheme !== 'https') return undefined
  return { scheme, name, port: port ?? '' }
}
