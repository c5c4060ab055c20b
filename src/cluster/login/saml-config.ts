import { X509Certificate } from 'node:crypto'
import { defined } from '../../base/defined.ts'
import type { SamlSettings } from '../../login/saml/saml-settings.ts'
import { durationOf, type Fields, only, textOf } from '../components/config-fields.ts'
import { FlagError } from '../components/flags/parse-flags.ts'
import { pemBlocks, readFlagFile } from '../components/read-pem.ts'

const attributes = [
  'idAttribute',
  'usernameAttribute',
  'nameAttribute',
  'emailAttribute',
  'groupsAttribute',
] as const
const defaultSkewMs = 30_000
const maxSkewMs = 5 * 60_000

function needed(fields: Fields, where: string, name: string): string {
  const text = textOf(fields, name) ?? ''
  if (text === '') throw new FlagError(`${where}.${name} must be given`)
  return text
}

function certificatesOf(file: string, where: string): readonly string[] {
  const blocks = pemBlocks(readFlagFile(where, file) ?? '')
  try {
    for (const block of blocks) new X509Certificate(block)
  } catch (error) {
    throw new FlagError(`--${where}: ${file} holds no certificate`, { cause: error })
  }
  if (blocks.length === 0) throw new FlagError(`--${where}: ${file} holds no certificate`)
  return blocks
}

/** Reads a directory's `saml`. Throws FlagError. */
export function samlSettings(
  value: unknown,
  where: string,
  called: Pick<SamlSettings, 'name' | 'title'>,
  issuer: string,
): SamlSettings {
  const fields = only(value, where, [
    ...['entityID', 'identityProvider', 'entryPoint', 'certificateFile', 'clockSkew'],
    ...attributes,
  ])
  const entryPoint = needed(fields, where, 'entryPoint')
  if (URL.parse(entryPoint)?.protocol !== 'https:')
    throw new FlagError(`${where}.entryPoint must be a https URL`)
  const clockSkewMs = durationOf(fields, 'clockSkew') ?? defaultSkewMs
  if (clockSkewMs < 0 || clockSkewMs > maxSkewMs) throw new FlagError(`${where}.clockSkew must be at most 5m`)
  const [idAttribute, usernameAttribute, nameAttribute, emailAttribute, groupsAttribute] = attributes.map(
    (name) => textOf(fields, name),
  )
  return {
    ...called,
    idpIssuer: needed(fields, where, 'identityProvider'),
    entryPoint,
    certificates: certificatesOf(needed(fields, where, 'certificateFile'), `${where}.certificateFile`),
    entityId: textOf(fields, 'entityID') ?? issuer,
    callbackUrl: `${issuer}/saml`,
    clockSkewMs,
    ...defined({ idAttribute, usernameAttribute, nameAttribute, emailAttribute, groupsAttribute }),
  }
}
