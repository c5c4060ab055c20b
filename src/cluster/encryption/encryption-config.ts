import { parse } from 'yaml'
import {
  configObject,
  durationOf,
  type Fields,
  listOf,
  numberOf,
  only,
  textOf,
  textsOf,
} from '../components/config-fields.ts'
import { FlagError } from '../components/flags/parse-flags.ts'

export interface NamedKey {
  readonly name: string
  readonly secret: Uint8Array
}

export type ProviderConfig =
  | { readonly type: 'identity' }
  | { readonly type: 'aescbc' | 'aesgcm' | 'secretbox'; readonly keys: readonly NamedKey[] }
  | { readonly type: 'kms'; readonly name: string; readonly endpoint: string; readonly timeoutMs: number }

export interface EncryptedResources {
  readonly resources: readonly string[]
  readonly providers: readonly ProviderConfig[]
}

const providerTypes = ['aesgcm', 'aescbc', 'secretbox', 'identity', 'kms'] as const
const aesKeyBytes = [16, 24, 32]
const defaultKmsTimeoutMs = 3_000

const required = (path: string, what: string): FlagError => new FlagError(`${path}: Required value: ${what}`)
const invalid = (path: string, value: string, why: string): FlagError =>
  new FlagError(`${path}: Invalid value: ${JSON.stringify(value)}: ${why}`)

/** What a secret says is in no message. */
const hidden = 'REDACTED'

function readKeys(
  value: unknown,
  path: string,
  type: string,
  lengths: readonly number[],
): readonly NamedKey[] {
  const keys = listOf(only(value, path, ['keys']), 'keys') ?? []
  if (keys.length === 0) throw required(`${path}.keys`, 'at least one key is required')
  return keys.map((item, at) => {
    const where = `${path}.keys[${at}]`
    const fields = only(item, where, ['name', 'secret'])
    const name = textOf(fields, 'name') ?? ''
    const text = textOf(fields, 'secret') ?? ''
    if (name === '') throw required(`${where}.name`, 'key name is a mandatory field for a key')
    if (text === '') throw required(`${where}.secret`, 'secret is a mandatory field for a key')
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0)
      throw invalid(`${where}.secret`, hidden, 'secrets must be base64 encoded')
    const secret = new Uint8Array(Buffer.from(text, 'base64'))
    if (!lengths.includes(secret.length))
      throw invalid(
        `${where}.secret`,
        hidden,
        `secret is not of the expected length, got ${secret.length}, expected one of [${lengths.join(' ')}]`,
      )
    if (name.includes(':'))
      throw invalid(`${where}.name`, name, `invalid ${type} key name, must not contain ':'`)
    return { name, secret }
  })
}

function readKms(value: unknown, path: string): ProviderConfig {
  const fields = only(value, path, ['apiVersion', 'name', 'endpoint', 'timeout', 'cachesize'])
  const version = textOf(fields, 'apiVersion') ?? 'v1'
  if (version === 'v1')
    throw invalid(`${path}.apiVersion`, version, 'KMS v1 is not there: give apiVersion: v2')
  if (version !== 'v2')
    throw invalid(
      `${path}.apiVersion`,
      version,
      `unsupported apiVersion ${version} for KMS provider, only v1 and v2 are supported`,
    )
  const name = textOf(fields, 'name') ?? ''
  if (name === '') throw required(`${path}.name`, 'name is a mandatory field for a provider')
  if (name.includes(':'))
    throw invalid(`${path}.name`, name, `invalid KMS provider name ${name}, must not contain ':'`)
  if (numberOf(fields, 'cachesize') !== undefined)
    throw invalid(`${path}.cachesize`, String(fields['cachesize']), 'cachesize is not supported in v2')
  const endpoint = textOf(fields, 'endpoint') ?? ''
  if (endpoint === '') throw required(`${path}.endpoint`, 'endpoint is a mandatory field for a provider')
  const scheme = URL.parse(endpoint)?.protocol.slice(0, -1) ?? ''
  if (scheme !== 'unix')
    throw invalid(
      `${path}.endpoint`,
      endpoint,
      `unsupported scheme ${JSON.stringify(scheme)} for KMS provider, only unix is supported`,
    )
  const timeoutMs = durationOf(fields, 'timeout') ?? defaultKmsTimeoutMs
  if (timeoutMs <= 0)
    throw invalid(`${path}.timeout`, textOf(fields, 'timeout') ?? '', 'timeout should be a positive value')
  return { type: 'kms', name, endpoint, timeoutMs }
}

function readProvider(value: unknown, path: string): ProviderConfig {
  const fields = only(value, path, providerTypes)
  const given = providerTypes.filter((type) => fields[type] !== undefined)
  const [type] = given
  if (type === undefined)
    throw required(
      path,
      'provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity',
    )
  if (given.length > 1)
    throw new FlagError(
      `${path}: Invalid value: more than one provider specified in a single element, should split into different list elements`,
    )
  switch (type) {
    case 'identity':
      only(fields['identity'], `${path}.identity`, [])
      return { type }
    case 'kms':
      return readKms(fields['kms'], `${path}.kms`)
    case 'secretbox':
      return { type, keys: readKeys(fields[type], `${path}.${type}`, type, [32]) }
    case 'aescbc':
    case 'aesgcm':
      return { type, keys: readKeys(fields[type], `${path}.${type}`, type, aesKeyBytes) }
  }
}

function checkResources(resources: readonly string[], path: string): void {
  if (resources.length === 0) throw required(path, 'at least one resource is required')
  resources.forEach((name, at) => {
    const where = `${path}[${at}]`
    const group = name.includes('.') ? name.slice(name.indexOf('.') + 1) : ''
    if (name === '*')
      throw invalid(
        where,
        name,
        "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources",
      )
    if (/[A-Z]/.test(name)) throw invalid(where, name, 'resource name should not contain capital letters')
    if (group === 'extensions')
      throw invalid(where, name, "'extensions' group has been removed and cannot be used for encryption")
    if (resources.indexOf(name) !== at)
      throw invalid(where, name, 'the same resource cannot be specified multiple times')
    const masks = (other: string): boolean =>
      other !== name && (other === '*.*' || (other.startsWith('*.') && other.slice(2) === group))
    if (resources.some(masks))
      throw invalid(
        where,
        name,
        "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked",
      )
  })
}

function readResources(value: unknown, path: string): EncryptedResources {
  const fields: Fields = only(value, path, ['resources', 'providers'])
  const resources = textsOf(fields, 'resources') ?? []
  checkResources(resources, `${path}.resources`)
  const providers = listOf(fields, 'providers') ?? []
  if (providers.length === 0) throw required(`${path}.providers`, 'at least one provider is required')
  return {
    resources,
    providers: providers.map((provider, at) => readProvider(provider, `${path}.providers[${at}]`)),
  }
}

/**
 * Reads a file of kind EncryptionConfiguration
 * (https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/). Throws FlagError in upstream's words; none
 * has a secret in it.
 */
export function encryptionConfig(text: string, file: string): readonly EncryptedResources[] {
  const kind = ['apiserver.config.k8s.io/v1', 'EncryptionConfiguration'] as const
  const items = listOf(configObject(parse(text), file, kind, ['resources']), 'resources') ?? []
  if (items.length === 0) throw required('resources', 'at least one resource is required')
  const all = items.map((item, at) => readResources(item, `resources[${at}]`))
  const plugins = all.flatMap(({ providers }) =>
    providers.flatMap((provider) => (provider.type === 'kms' ? [provider.name] : [])),
  )
  const twice = plugins.find((name, at) => plugins.indexOf(name) !== at)
  if (twice !== undefined) throw new FlagError(`duplicate KMS provider name ${twice}, names must be unique`)
  return all
}
