import { X509Certificate } from 'node:crypto'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { duplicate, invalidValue, required } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import type { JwtSettings } from '../../apiserver/authentication/jwt/jwt-settings.ts'
import { only, textOf, textsOf } from '../components/config-fields.ts'
import { pemBlocks } from '../components/read-pem.ts'

type Issuer = Pick<JwtSettings, 'issuerUrl' | 'discoveryUrl' | 'certificateAuthority' | 'audiences'>

function checkUrl(text: string, disallowed: readonly string[], path: FieldPath, errors: FieldError[]): void {
  const complain = (detail: string): void => void errors.push(invalidValue(path, text, detail))
  if (disallowed.includes(text))
    complain(`URL must not overlap with disallowed issuers: [${disallowed.toSorted().join(' ')}]`)
  const url = URL.parse(text)
  if (url === null || url.protocol !== 'https:') complain('URL scheme must be https')
  if (url === null) return
  if (url.username !== '' || url.password !== '') complain('URL must not contain a username or password')
  if (url.search !== '') complain('URL must not contain a query')
  if (url.hash !== '') complain('URL must not contain a fragment')
}

function checkAudiences(
  audiences: readonly string[],
  policy: string,
  path: FieldPath,
  errors: FieldError[],
): void {
  const where = path.child('audiences')
  if (audiences.length === 0) {
    errors.push(required(where, `at least one ${where} is required`))
    return
  }
  audiences.forEach((audience, index) => {
    if (audience === '') errors.push(required(where.index(index)))
    if (audiences.indexOf(audience) < index) errors.push(duplicate(where.index(index), audience))
  })
  const isKnown = policy === 'MatchAny' || (policy === '' && audiences.length === 1)
  if (isKnown) return
  const detail =
    audiences.length > 1
      ? 'audienceMatchPolicy must be MatchAny for multiple audiences'
      : 'audienceMatchPolicy must be empty or MatchAny for single audience'
  errors.push(invalidValue(path.child('audienceMatchPolicy'), policy, detail))
}

function isAuthority(pem: string): boolean {
  try {
    const blocks = pemBlocks(pem)
    for (const block of blocks) new X509Certificate(block)
    return blocks.length > 0
  } catch {
    return false
  }
}

const withoutSlashes = (url: string): string => url.replace(/\/+$/, '')

/** Who issues, and for whom. */
export function readIssuer(
  value: unknown,
  path: FieldPath,
  disallowed: readonly string[],
  errors: FieldError[],
): Issuer {
  const fields = only(value, String(path), [
    ...['url', 'discoveryURL', 'certificateAuthority', 'audiences', 'audienceMatchPolicy'],
    'egressSelectorType',
  ])
  const url = textOf(fields, 'url') ?? ''
  const discoveryUrl = textOf(fields, 'discoveryURL') ?? ''
  if (url === '') errors.push(required(path.child('url')))
  else checkUrl(url, disallowed, path.child('url'), errors)
  if (discoveryUrl !== '') {
    const where = path.child('discoveryURL')
    if (withoutSlashes(url) === withoutSlashes(discoveryUrl) && url !== '')
      errors.push(invalidValue(where, discoveryUrl, 'discoveryURL must be different from URL'))
    checkUrl(discoveryUrl, [], where, errors)
  }
  const audiences = textsOf(fields, 'audiences') ?? []
  checkAudiences(audiences, textOf(fields, 'audienceMatchPolicy') ?? '', path, errors)
  const authority = textOf(fields, 'certificateAuthority') ?? ''
  if (authority !== '' && !isAuthority(authority)) {
    const detail = 'data does not contain any valid RSA or ECDSA certificates'
    errors.push(invalidValue(path.child('certificateAuthority'), '<omitted>', detail))
  }
  const egress = textOf(fields, 'egressSelectorType') ?? ''
  if (egress !== '') {
    const detail = 'egress selectors are not there'
    errors.push(invalidValue(path.child('egressSelectorType'), egress, detail))
  }
  return {
    issuerUrl: url,
    audiences,
    ...(discoveryUrl === '' ? {} : { discoveryUrl }),
    ...(authority === '' ? {} : { certificateAuthority: authority }),
  }
}
