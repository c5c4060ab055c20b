import { isExtendedResource } from '../../api/core/resource-names.ts'
import { invalidValue } from '../../apimachinery/field-errors.ts'
import type { FieldsReader } from '../../apimachinery/fields-reader.ts'
import { parseGoDuration } from '../../apimachinery/go-duration.ts'
import { isQualifiedName } from '../../apimachinery/label-syntax.ts'

export interface ExtenderTls {
  readonly insecure?: boolean
  readonly serverName?: string
  readonly certFile?: string
  readonly keyFile?: string
  readonly caFile?: string
  /** These three in base64, and before the files. */
  readonly certData?: string
  readonly keyData?: string
  readonly caData?: string
}

/** `extenders[]` of a KubeSchedulerConfiguration. */
export interface ExtenderSettings {
  readonly urlPrefix: string
  /** '' for what it does not do. */
  readonly filterVerb: string
  readonly preemptVerb: string
  readonly prioritizeVerb: string
  readonly bindVerb: string
  readonly weight: number
  readonly enableHttps: boolean
  readonly tls: ExtenderTls | undefined
  readonly timeoutMs: number
  /** It knows the nodes: names are enough. */
  readonly nodeCacheCapable: boolean
  /** Only pods that ask for one of these concern it; none: all do. */
  readonly managedResources: readonly string[]
  /** Those of them that NodeResourcesFit leaves to it. */
  readonly ignoredByScheduler: readonly string[]
  /** Scheduling goes on without it when it fails. */
  readonly ignorable: boolean
}

/** Upstream's DefaultExtenderTimeout. */
const defaultTimeoutMs = 5_000

function readTls(reader: FieldsReader): ExtenderTls {
  const texts = ['serverName', 'certFile', 'keyFile', 'caFile', 'certData', 'keyData', 'caData'] as const
  const given = texts.flatMap((name) => {
    const value = reader.text(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  const insecure = reader.boolean('insecure') ?? false
  reader.end()
  return { insecure, ...Object.fromEntries(given) }
}

function readTimeout(reader: FieldsReader): number {
  const text = reader.text('httpTimeout')
  if (text === undefined) return defaultTimeoutMs
  const nanoseconds = parseGoDuration(text)
  if (nanoseconds === undefined)
    reader.fail(invalidValue(reader.at('httpTimeout'), text, 'must be a duration'))
  return nanoseconds === undefined || nanoseconds === 0n ? defaultTimeoutMs : Number(nanoseconds / 1_000_000n)
}

interface ManagedResource {
  readonly name: string
  readonly ignored: boolean
}

function readManaged(reader: FieldsReader, seen: Set<string>): readonly ManagedResource[] {
  return (reader.objects('managedResources') ?? []).map((each) => {
    const name = each.text('name') ?? ''
    const path = each.at('name')
    const complaints = isQualifiedName(name)
    each.fail(...complaints.map((detail) => invalidValue(path, name, detail)))
    if (complaints.length === 0 && !isExtendedResource(name))
      each.fail(invalidValue(path, name, 'is an invalid extended resource name'))
    if (seen.has(name)) each.fail(invalidValue(path, name, 'duplicate extender managed resource name'))
    seen.add(name)
    const ignored = each.boolean('ignoredByScheduler') ?? false
    each.end()
    return { name, ignored }
  })
}

function readExtender(reader: FieldsReader, seen: Set<string>): ExtenderSettings {
  const verb = (name: string): string => reader.text(name) ?? ''
  const tls = reader.object('tlsConfig')
  const managed = readManaged(reader, seen)
  const settings = {
    urlPrefix: verb('urlPrefix'),
    filterVerb: verb('filterVerb'),
    preemptVerb: verb('preemptVerb'),
    prioritizeVerb: verb('prioritizeVerb'),
    bindVerb: verb('bindVerb'),
    weight: reader.integer('weight') ?? 0,
    enableHttps: reader.boolean('enableHTTPS') ?? false,
    tls: tls === undefined ? undefined : readTls(tls),
    timeoutMs: readTimeout(reader),
    nodeCacheCapable: reader.boolean('nodeCacheCapable') ?? false,
    managedResources: managed.map(({ name }) => name),
    ignoredByScheduler: managed.filter(({ ignored }) => ignored).map(({ name }) => name),
    ignorable: reader.boolean('ignorable') ?? false,
  }
  if (settings.prioritizeVerb !== '' && settings.weight <= 0) {
    const detail = 'must have a positive weight applied to it'
    reader.fail(invalidValue(reader.at('weight'), settings.weight, detail))
  }
  reader.end()
  return settings
}

export function readExtenders(reader: FieldsReader): readonly ExtenderSettings[] {
  const seen = new Set<string>()
  const extenders = (reader.objects('extenders') ?? []).map((each) => readExtender(each, seen))
  const binders = extenders.filter(({ bindVerb }) => bindVerb !== '').length
  if (binders > 1) {
    const detail = 'only one extender can implement bind'
    reader.fail(invalidValue(reader.at('extenders'), `found ${binders} extenders implementing bind`, detail))
  }
  return extenders
}
