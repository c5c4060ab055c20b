import { goQuote } from '../../../go-text.ts'
import { decodeText, encodeText } from '../../values/text.ts'

/** The parts of a URL as Go's `net/url` has them. */
export interface GoUrl {
  readonly scheme: string
  /** With its port; unescaped. */
  readonly host: string
  readonly escapedPath: string
  /** Without its question mark. */
  readonly query: string
  /** As it was written, but for its fragment's sign. */
  readonly text: string
}

type Parsed<T> = T | { readonly error: string }

const isError = <T extends object | string>(parsed: Parsed<T>): parsed is { readonly error: string } =>
  typeof parsed === 'object' && 'error' in parsed

const badEscape = /%(?![0-9a-fA-F]{2})/

function checkEscapes(text: string): string | undefined {
  const found = badEscape.exec(text)
  return found === null
    ? undefined
    : `invalid URL escape ${goQuote(text.slice(found.index, found.index + 3))}`
}

/** The text behind percent signs; bytes that are no UTF-8 stay as they are. */
export function unescapePercent(text: string): string {
  if (!text.includes('%')) return text
  const bytes: number[] = []
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '%') {
      bytes.push(Number.parseInt(text.slice(index + 1, index + 3), 16))
      index += 2
    } else {
      const character = String.fromCodePoint(text.codePointAt(index) ?? 0)
      bytes.push(...encodeText(character))
      index += character.length - 1
    }
  }
  return decodeText(Uint8Array.from(bytes)) ?? text
}

const schemePattern = /^([A-Za-z][A-Za-z0-9+.-]*):/

function splitScheme(text: string): Parsed<readonly [string, string]> {
  const match = schemePattern.exec(text)
  if (match?.[1] !== undefined) return [match[1].toLowerCase(), text.slice(match[0].length)]
  return text.startsWith(':') ? { error: 'missing protocol scheme' } : ['', text]
}

const hostCharacters = /^[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"%\u0080-\uffff]*$/

function parseHost(authority: string): Parsed<string> {
  const at = authority.lastIndexOf('@')
  const host = authority.slice(at + 1)
  const userinfo = at < 0 ? '' : authority.slice(0, at)
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(userinfo)) return { error: 'net/url: invalid userinfo' }
  if (host.startsWith('[')) {
    const close = host.lastIndexOf(']')
    if (close < 0) return { error: "missing ']' in host" }
    return validPort(host.slice(close + 1)) ?? host
  }
  const colon = host.lastIndexOf(':')
  const port = colon < 0 ? undefined : validPort(host.slice(colon))
  if (port !== undefined) return port
  const complaint = checkEscapes(host)
  if (complaint !== undefined) return { error: complaint }
  if (!hostCharacters.test(host)) {
    const stray = [...host].find((character) => !hostCharacters.test(character)) ?? ''
    return { error: `invalid character ${goQuote(stray)} in host name` }
  }
  return unescapePercent(host)
}

function validPort(text: string): { readonly error: string } | undefined {
  return text === '' || /^:\d*$/.test(text)
    ? undefined
    : { error: `invalid port ${goQuote(text)} after host` }
}

const pathSafe = /^[A-Za-z0-9\-_.~!$&'()*+,;=:@/[\]%]*$/

/** A path as it was written if that is valid, else escaped. */
function escapePath(path: string): string {
  if (pathSafe.test(path)) return path
  return [...encodeText(unescapePercent(path))]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      return /[A-Za-z0-9\-_.~$&+,/:;=@]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}

interface Rest {
  readonly scheme: string
  readonly rest: string
  readonly query: string
}

/** Host and path of what follows the scheme. */
function parseHierarchy({ scheme, rest, query }: Rest, text: string, isRequest: boolean): Parsed<GoUrl> {
  const hasAuthority = (scheme !== '' || (!isRequest && !rest.startsWith('///'))) && rest.startsWith('//')
  let host = ''
  let path = rest
  if (hasAuthority) {
    const slash = rest.indexOf('/', 2)
    const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash)
    path = slash < 0 ? '' : rest.slice(slash)
    const parsed = parseHost(authority)
    if (isError(parsed)) return parsed
    host = parsed
  }
  const complaint = checkEscapes(path)
  if (complaint !== undefined) return { error: complaint }
  return { scheme, host, escapedPath: escapePath(path), query, text }
}

function parse(text: string, isRequest: boolean): Parsed<GoUrl> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in a URL
  if (/[\u0000-\u001f\u007f]/.test(text)) return { error: 'net/url: invalid control character in URL' }
  if (text === '' && isRequest) return { error: 'empty url' }
  if (text === '*') return { scheme: '', host: '', escapedPath: '*', query: '', text }
  const split = splitScheme(text)
  if (isError(split)) return split
  const [scheme, afterScheme] = split
  const question = afterScheme.indexOf('?')
  const rest = question < 0 ? afterScheme : afterScheme.slice(0, question)
  const query = question < 0 ? '' : afterScheme.slice(question + 1)
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { scheme, host: '', escapedPath: '', query, text }
    if (isRequest) return { error: 'invalid URI for request' }
    if (rest.split('/')[0]?.includes(':') === true) {
      return { error: 'first path segment in URL cannot contain colon' }
    }
  }
  return parseHierarchy({ scheme, rest, query }, text, isRequest)
}

/** Go's error for a text that `url.ParseRequestURI` does not take; undefined if it does. */
export function requestUriError(text: string): string | undefined {
  const parsed = parse(text, true)
  return isError(parsed) ? `parse ${goQuote(text)}: ${parsed.error}` : undefined
}

/** As Go's `url.ParseRequestURI`, then `url.Parse`. */
export function parseGoUrl(text: string): Parsed<GoUrl> {
  const error = requestUriError(text)
  if (error !== undefined) return { error }
  const hash = text.indexOf('#')
  const parsed = parse(hash < 0 ? text : text.slice(0, hash), false)
  if (isError(parsed)) return { error: `parse ${goQuote(text)}: ${parsed.error}` }
  return { ...parsed, text }
}
