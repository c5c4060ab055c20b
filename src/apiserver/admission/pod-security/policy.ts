import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import type { StringMap } from '../../../apimachinery/meta.ts'

export type Level = 'privileged' | 'baseline' | 'restricted'

/** Each asks for more than the one before. */
export const levels: readonly Level[] = ['privileged', 'baseline', 'restricted']

/** A level as of a minor version of Kubernetes (`v1.36`) or `latest`. */
export interface LevelVersion {
  readonly level: Level
  readonly version: string
}

/** What is asked of pods: to be let in, to leave no note, to cause no warning. */
export interface PodSecurityPolicy {
  readonly enforce: LevelVersion
  readonly audit: LevelVersion
  readonly warn: LevelVersion
}

const nothing: LevelVersion = { level: 'privileged', version: 'latest' }
export const privilegedPolicy: PodSecurityPolicy = { enforce: nothing, audit: nothing, warn: nothing }

export const labelPrefix = 'pod-security.kubernetes.io/'

export const levelText = ({ level, version }: LevelVersion): string => `${level}:${version}`

/** Below 0: `a` asks for less than `b`. */
export const compareLevels = (a: Level, b: Level): number => levels.indexOf(a) - levels.indexOf(b)

/** What is wrong with it; undefined: nothing. */
export const levelComplaint = (text: string): string | undefined =>
  levels.some((level) => level === text) ? undefined : `must be one of ${levels.join(', ')}`

export const versionComplaint = (text: string): string | undefined =>
  text === 'latest' || /^v1\.(0|[1-9]\d*)$/.test(text) ? undefined : 'must be "latest" or "v1.x"'

const knownLevel = (text: string): Level | undefined => levels.find((level) => level === text)

/** The minor version; Infinity for `latest`. */
export const minorOf = (version: string): number =>
  version === 'latest' ? Number.POSITIVE_INFINITY : Number(version.slice('v1.'.length))

export const isFullyPrivileged = ({ enforce, audit, warn }: PodSecurityPolicy): boolean =>
  [enforce, audit, warn].every(({ level }) => level === 'privileged')

const sameLevel = (a: LevelVersion, b: LevelVersion): boolean =>
  a.level === b.level && (a.level === 'privileged' || a.version === b.version)

export const isEquivalent = (a: PodSecurityPolicy, b: PodSecurityPolicy): boolean =>
  sameLevel(a.enforce, b.enforce) && sameLevel(a.audit, b.audit) && sameLevel(a.warn, b.warn)

export interface ReadPolicy {
  readonly policy: PodSecurityPolicy
  readonly errors: readonly FieldError[]
}

/**
 * What a namespace's labels ask for. There is always an answer: what cannot be read is enforced as strictly as
 * possible, and neither noted nor warned of.
 */
export function readPolicy(labels: StringMap | undefined, defaults: PodSecurityPolicy): ReadPolicy {
  if (labels === undefined) return { policy: defaults, errors: [] }
  const errors: FieldError[] = []
  const read = (mode: string, before: LevelVersion, otherwise: Level): LevelVersion => {
    const level = labels[`${labelPrefix}${mode}`]
    const version = labels[`${labelPrefix}${mode}-version`]
    const complain = (label: string, value: string, complaint: string | undefined): void => {
      if (complaint !== undefined)
        errors.push(invalidValue(fieldPath('metadata').child('labels').key(label), value, complaint))
    }
    if (level !== undefined) complain(`${labelPrefix}${mode}`, level, levelComplaint(level))
    if (version !== undefined) complain(`${labelPrefix}${mode}-version`, version, versionComplaint(version))
    return {
      level: level === undefined ? before.level : (knownLevel(level) ?? otherwise),
      version:
        version === undefined ? before.version : versionComplaint(version) === undefined ? version : 'latest',
    }
  }
  const enforce = read('enforce', defaults.enforce, 'restricted')
  const audit = read('audit', defaults.audit, 'privileged')
  const warn = read('warn', defaults.warn, 'privileged')
  // Who enforces more than is warned of wants to be told.
  const enforced = knownLevel(labels[`${labelPrefix}enforce`] ?? '')
  const follows =
    enforced !== undefined &&
    labels[`${labelPrefix}warn`] === undefined &&
    compareLevels(enforced, warn.level) > 0
  if (!follows) return { policy: { enforce, audit, warn }, errors }
  const version = labels[`${labelPrefix}warn-version`] === undefined ? enforce.version : warn.version
  return { policy: { enforce, audit, warn: { level: enforced, version } }, errors }
}
