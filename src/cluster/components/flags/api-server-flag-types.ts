import { goInt } from '../../../apimachinery/go-text.ts'
import { crossOriginComplaint } from '../../../apiserver/chain/cross-origin.ts'
import { duration, type Flag, float, list, numberError, path } from './flag-types.ts'
import { FlagError } from './parse-flags.ts'

export function httpsUrl(usage: string): Flag<string | undefined> {
  const url = path(usage)
  return {
    ...url,
    parse: (value, before) => {
      const parsed = url.parse(value, before)
      if (parsed !== undefined && URL.parse(parsed)?.protocol !== 'https:')
        throw new Error('it must be an HTTPS URL')
      return parsed
    },
  }
}

/** In milliseconds, as upstream between an hour and 2^32 seconds. */
export function tokenLife(usage: string): Flag<number> {
  const life = duration(usage, 0)
  return {
    ...life,
    parse: (value, before) => {
      const parsed = life.parse(value, before)
      if (parsed !== 0 && (parsed < 3_600_000 || parsed > 2 ** 32 * 1000))
        throw new FlagError(
          'the service-account-max-token-expiration must be between 1 hour and 2^32 seconds',
        )
      return parsed
    },
  }
}

export function watchCacheSizes(usage: string): Flag<readonly string[]> {
  const sizes = list(usage)
  return {
    ...sizes,
    parse: (value, before) => {
      const wrong = value.split(',').find((each) => !/^[^#]+#\d+$/.test(each))
      if (wrong !== undefined) throw new Error(`invalid value of watch cache size: ${wrong}`)
      if (/#0+(,|$)/.test(value)) throw new Error('no watch cache can be turned off')
      return sizes.parse(value, before)
    },
  }
}

function portNumber(text: string): number {
  const port = goInt(text)
  if (port === undefined) throw numberError('Atoi', text)
  return port
}

export interface PortRange {
  readonly first: number
  readonly last: number
}

export function ports(usage: string, fallback: PortRange): Flag<PortRange> {
  return {
    type: 'portRange',
    usage,
    fallback,
    parse: (value) => {
      const [, from = '', sign = '', to = ''] = /^([^+-]*)(?:([+-])([^+-]*))?$/.exec(value.trim()) ?? []
      if (from === '') throw new Error(`unable to parse port range: ${value}`)
      const first = portNumber(from)
      const second = sign === '' ? first : portNumber(to)
      const last = sign === '+' ? first + second : second
      if (first > 65_535 || last > 65_535)
        throw new Error(`the port range cannot be greater than 65535: ${value}`)
      if (last < first) throw new Error(`end port cannot be less than start port: ${value}`)
      if (first === 0) throw new Error('port 0 is no port of a Service')
      return { first, last }
    },
    text: ({ first, last }) => `${first}-${last}`,
  }
}

function checkedList(
  usage: string,
  complaint: (item: string) => string | undefined,
): Flag<readonly string[]> {
  const items = list(usage)
  return {
    ...items,
    parse: (value, before) => {
      for (const item of value.split(',')) {
        const wrong = complaint(item)
        if (wrong !== undefined) throw new FlagError(wrong)
      }
      return items.parse(value, before)
    },
  }
}

export function crossOrigins(usage: string): Flag<readonly string[]> {
  return checkedList(usage, (pattern) => {
    if (pattern === '') return 'empty value in --cors-allowed-origins'
    const wrong = crossOriginComplaint(pattern)
    return wrong && `--cors-allowed-origins has an invalid regular expression: ${wrong}`
  })
}

export function transportDirectives(usage: string): Flag<readonly string[]> {
  return checkedList(usage, (directive) => {
    if (directive.trim() === '') return 'empty value in strict-transport-security-directives'
    if (/^(includeSubDomains|preload|max-age=[^=]*)$/.test(directive)) return undefined
    return '--strict-transport-security-directives invalid, allowed values: max-age=expireTime, includeSubDomains, preload. see https://tools.ietf.org/html/rfc6797#section-6.1 for more information'
  })
}

export function chance(usage: string): Flag<number> {
  const part = float(usage, 0)
  return {
    ...part,
    parse: (value, before) => {
      const parsed = part.parse(value, before)
      if (parsed < 0 || parsed > 0.02)
        throw new FlagError('--goaway-chance can not be less than 0 or greater than 0.02')
      return parsed
    },
  }
}
