import { boolType, type CelType, listOf, mapOf, stringType, structType } from '../../types/type.ts'
import { ValueList, ValueMap } from '../../values/collections.ts'
import { CelError, type Equality, noSuchOverload, Opaque, type Value } from '../../values/value.ts'
import { declare, type FunctionDeclaration, fn1, method1, parameters } from '../declare.ts'
import { type GoUrl, parseGoUrl, requestUriError, unescapePercent } from './go-url.ts'

const urlType: CelType = structType('kubernetes.URL')

class UrlValue extends Opaque {
  readonly url: GoUrl

  constructor(url: GoUrl) {
    super()
    this.url = url
  }

  get type(): CelType {
    return urlType
  }

  equals(other: Value): Equality {
    return other instanceof UrlValue ? other.url.text === this.url.text : noSuchOverload()
  }

  toString(): string {
    return this.url.text
  }
}

function parse(text: string): Value {
  const url = parseGoUrl(text)
  return 'error' in url
    ? new CelError(`URL parse error during conversion from string: ${url.error}`)
    : new UrlValue(url)
}

const port = (host: string): string => /:(\d*)$/.exec(host)?.[1] ?? ''

function hostname(host: string): string {
  const bare = host.replace(/:\d*$/, '')
  return bare.startsWith('[') && bare.endsWith(']') ? bare.slice(1, -1) : bare
}

const isEscaped = (text: string): boolean => !/%(?![0-9a-fA-F]{2})/.test(text)
const decode = (text: string): string => unescapePercent(text.replaceAll('+', ' '))

/** Values by name; a part that is malformed is left out, as Go does. */
function queryOf({ url }: UrlValue): Value {
  const values = new Map<string, Value[]>()
  for (const part of url.query.split('&')) {
    if (part === '' || part.includes(';') || !isEscaped(part)) continue
    const equals = part.indexOf('=')
    const name = decode(equals < 0 ? part : part.slice(0, equals))
    const held = values.get(name) ?? []
    held.push(equals < 0 ? '' : decode(part.slice(equals + 1)))
    values.set(name, held)
  }
  return ValueMap.of([...values].map(([name, held]): [Value, Value] => [name, new ValueList(held)]))
}

const { string } = parameters
const url = parameters.opaque(urlType, (value): value is UrlValue => value instanceof UrlValue)

const part = (name: string, id: string, of: (url: GoUrl) => string): FunctionDeclaration =>
  declare(
    name,
    method1(id, url, stringType, (value) => of(value.url)),
  )

/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-url-library */
export const urlFunctions: readonly FunctionDeclaration[] = [
  declare('url', fn1('string_to_url', string, urlType, parse)),
  part('getScheme', 'url_get_scheme', ({ scheme }) => scheme),
  part('getHost', 'url_get_host', ({ host }) => host),
  part('getHostname', 'url_get_hostname', ({ host }) => hostname(host)),
  part('getPort', 'url_get_port', ({ host }) => port(host)),
  part('getEscapedPath', 'url_get_escaped_path', ({ escapedPath }) => escapedPath),
  declare('getQuery', method1('url_get_query', url, mapOf(stringType, listOf(stringType)), queryOf)),
  declare(
    'isURL',
    fn1('is_url_string', string, boolType, (text) => requestUriError(text) === undefined),
  ),
]
