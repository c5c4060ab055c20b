import { parseBoolean } from './feature-gates.ts'

/** `--runtime-config` as it was given: `api/beta` or `group/version` or `group/version/resource` to `true`, `false` or ''. */
export type RuntimeConfig = ReadonlyMap<string, string>

interface Served {
  readonly group: string
  readonly version: string
  readonly resource: string
}

const stages: readonly (readonly [string, RegExp])[] = [
  ['api/all', /./],
  ['api/ga', /^v\d+$/],
  ['api/beta', /^v\d+beta\d+$/],
  ['api/alpha', /^v\d+alpha\d+$/],
]
const isStable = /^v\d+$/

/** `a=true,b,c/v1=false` as `--runtime-config` takes it. */
export function parseRuntimeConfig(flag: string): RuntimeConfig {
  const entries = flag.split(',').map((part): readonly [string, string] => {
    const at = part.indexOf('=')
    return at < 0 ? [part.trim(), ''] : [part.slice(0, at).trim(), part.slice(at + 1).trim()]
  })
  return new Map(entries.filter(([key]) => key !== ''))
}

function readSetting(key: string, text: string): boolean {
  if (text === '') return true
  const value = parseBoolean(text)
  if (value !== undefined) return value
  const why = `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`
  throw new Error(`invalid value of ${key}: ${text}, err: ${why}`)
}

const groupVersion = ({ group, version }: Served): string => (group === '' ? version : `${group}/${version}`)

interface Settings {
  readonly stages: readonly (readonly [RegExp, boolean])[]
  readonly versions: ReadonlyMap<string, boolean>
  readonly resources: ReadonlyMap<string, boolean>
}

function readStages(config: RuntimeConfig): Settings['stages'] {
  return stages.flatMap(([key, pattern]) => {
    const text = config.get(key)
    if (text === undefined) return []
    if (text !== 'true' && text !== 'false') throw new Error(`invalid value ${key}=${text}`)
    return [[pattern, text === 'true'] as const]
  })
}

/** `api/v1` is the group without a name. */
function readSettings(config: RuntimeConfig, known: readonly Served[]): Settings {
  const groups = new Set(known.map(({ group }) => group))
  const knownVersions = new Set(known.map(groupVersion))
  const versions = new Map<string, boolean>()
  const resources = new Map<string, boolean>()
  for (const [key, text] of config) {
    const tokens = key.split('/')
    const [first = '', version = '', resource] = tokens
    if (stages.some(([stage]) => stage === key) || tokens.length < 2 || tokens.length > 3) continue
    const group = first === 'api' ? '' : first
    if (!groups.has(group)) continue
    const name = groupVersion({ group, version, resource: '' })
    if (!knownVersions.has(name)) throw new Error(`group version ${name} that has not been registered`)
    const value = readSetting(key, text)
    if (resource === undefined) versions.set(name, value)
    else if (resource.toLowerCase() === resource) resources.set(`${name}/${resource}`, value)
    else {
      const rule = 'group/version/resource and resource is always lowercase plural'
      throw new Error(`invalid key ${key}: ${rule}, not ${JSON.stringify(resource)}`)
    }
  }
  return { stages: readStages(config), versions, resources }
}

/**
 * Those of `known` that are served: stable versions are, alpha and beta ones when asked for. A single resource's
 * setting goes before its version's, and that before those of whole stages, of which the later in upstream's order
 * (all, ga, beta, alpha) wins. Throws an Error in upstream's words for a setting that means nothing.
 */
export function servedOf<T extends Served>(known: readonly T[], config: RuntimeConfig): readonly T[] {
  const settings = readSettings(config, known)
  return known.filter((each) => {
    const name = groupVersion(each)
    const own = settings.resources.get(`${name}/${each.resource}`) ?? settings.versions.get(name)
    if (own !== undefined) return own
    const stage = settings.stages.findLast(([pattern]) => pattern.test(each.version))
    return stage === undefined ? isStable.test(each.version) : stage[1]
  })
}
