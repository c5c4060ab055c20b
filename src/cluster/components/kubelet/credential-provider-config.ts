import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import type { Features } from '../../../apimachinery/feature-gates.ts'
import { defined } from '../../../base/defined.ts'
import { findProgram } from '../../../base/host/find-program.ts'
import type { ConfiguredProviders } from '../../../kubelet/images/credential-providers.ts'
import { type ProviderProgram, providerProgram } from '../../../kubelet/linux/node-credentials.ts'
import { configObject, durationOf, listOf, only, textOf, textsOf } from '../config-fields.ts'
import { invalidProvider, tokenAttributes } from './token-attributes.ts'

const group = 'kubelet.config.k8s.io'
const versions = ['v1', 'v1beta1', 'v1alpha1'] as const
const answers = versions.map((version) => `credentialprovider.kubelet.k8s.io/${version}`)
const extensions: readonly string[] = ['.json', '.yaml', '.yml']

/** The file itself, or those of a folder in the order of their names. */
function filesOf(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path]
  const names = readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && extensions.includes(extname(entry.name)))
    .map(({ name }) => name)
    .sort()
  if (names.length === 0) throw new Error(`no configuration files found in directory "${path}"`)
  return names.map((name) => join(path, name))
}

function environment(items: readonly unknown[], where: string): Readonly<Record<string, string>> {
  const pairs = items.map((item, index) => {
    const fields = only(item, `${where}.env[${index}]`, ['name', 'value'])
    return [textOf(fields, 'name') ?? '', textOf(fields, 'value') ?? ''] as const
  })
  return Object.fromEntries(pairs)
}

function providerOf(item: unknown, where: string, features: Features): ProviderProgram {
  const names = [
    'name',
    'matchImages',
    'defaultCacheDuration',
    'apiVersion',
    'args',
    'env',
    'tokenAttributes',
  ]
  const fields = only(item, where, names)
  const name = textOf(fields, 'name') ?? ''
  const matchImages = textsOf(fields, 'matchImages') ?? []
  const apiVersion = textOf(fields, 'apiVersion') ?? ''
  const defaultCacheMs = durationOf(fields, 'defaultCacheDuration')
  const wrongName = (why: string): never =>
    invalidProvider('name', `Invalid value: "${name}": provider name ${why}`)
  if (name.includes('/')) wrongName("cannot contain '/'")
  if (name.includes(' ')) wrongName('cannot contain spaces')
  if (name === '' || name === '.' || name === '..') wrongName(`cannot be '${name}'`)
  if (apiVersion === '') invalidProvider('apiVersion', 'Required value')
  if (!answers.includes(apiVersion)) {
    const supported = [...answers]
      .sort()
      .map((version) => `"${version}"`)
      .join(', ')
    invalidProvider('apiVersion', `Unsupported value: "${apiVersion}": supported values: ${supported}`)
  }
  if (matchImages.length === 0)
    invalidProvider('matchImages', 'Required value: at least 1 item in matchImages is required')
  if (defaultCacheMs === undefined) return invalidProvider('defaultCacheDuration', 'Required value')
  if (defaultCacheMs < 0) invalidProvider('defaultCacheDuration', 'must be greater than or equal to 0')
  return {
    ...defined({ tokens: tokenAttributes(fields['tokenAttributes'], where, apiVersion, features) }),
    ...{ name, matchImages, apiVersion, defaultCacheMs, args: textsOf(fields, 'args') ?? [] },
    env: environment(listOf(fields, 'env') ?? [], where),
  }
}

function programsIn(file: string, text: string, features: Features): readonly ProviderProgram[] {
  const value: unknown = parse(text)
  const given = only(value, file, ['apiVersion', 'kind', 'providers'])
  const version = versions.find((name) => given['apiVersion'] === `${group}/${name}`) ?? 'v1'
  const kind = [`${group}/${version}`, 'CredentialProviderConfig'] as const
  const fields = configObject(value, file, kind, ['providers'])
  return (listOf(fields, 'providers') ?? []).map((item, index) =>
    providerOf(item, `providers[${index}]`, features),
  )
}

/** The credential providers that a CredentialProviderConfig names; their programs are in `folder`. Throws upstream's texts. */
export function readCredentialProviders(
  path: string,
  folder: string,
  features: Features,
): ConfiguredProviders {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined)
    throw new Error(`plugin binary directory ${folder} did not exist`)
  const hash = createHash('sha256')
  const programs = filesOf(path).flatMap((file) => {
    const bytes = readFileSync(file)
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(BigInt(bytes.length))
    hash.update(length).update(bytes)
    return programsIn(file, bytes.toString(), features)
  })
  if (programs.length === 0)
    throw new Error(
      'failed to validate credential provider config: providers: Required value: at least 1 item in plugins is required',
    )
  const seen = new Set<string>()
  for (const { name } of programs) {
    if (seen.has(name)) throw new Error(`duplicate provider name "${name}" found in configuration file(s)`)
    seen.add(name)
    const program = resolve(folder, name)
    if (findProgram(program, '') === undefined)
      throw new Error(`plugin binary executable ${join(folder, name)} did not exist`)
  }
  return {
    providers: programs.map((program) => providerProgram(folder, program)),
    configHash: `sha256:${hash.digest('hex')}`,
  }
}
