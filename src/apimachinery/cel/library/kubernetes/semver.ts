import { SemVer } from 'semver'
import { messageOf } from '../../../../base/message-of.ts'
import { boolType, type CelType, intType, structType } from '../../types/type.ts'
import { CelError, type Equality, noSuchOverload, Opaque, type Value } from '../../values/value.ts'
import { declare, type FunctionDeclaration, fn1, fn2, method1, method2, parameters } from '../declare.ts'

export const semverType: CelType = structType('kubernetes.Semver')

export class SemverValue extends Opaque {
  readonly version: SemVer

  constructor(version: SemVer) {
    super()
    this.version = version
  }

  get type(): CelType {
    return semverType
  }

  equals(other: Value): Equality {
    return other instanceof SemverValue ? this.version.compare(other.version) === 0 : noSuchOverload()
  }

  toString(): string {
    return this.version.raw
  }
}

const { string, bool } = parameters
const semver = parameters.opaque(semverType, (value): value is SemverValue => value instanceof SemverValue)

const strict =
  /^\d+\.\d+\.\d+(?:-(?:[0-9A-Za-z-]+)(?:\.[0-9A-Za-z-]+)*)?(?:\+(?:[0-9A-Za-z-]+)(?:\.[0-9A-Za-z-]+)*)?$/

/** A version, or what is wrong with the text, as upstream's parser says it. */
export function parseSemver(text: string): SemverValue | CelError {
  if (text === '') return new CelError('Version string empty')
  if (text.split('.').length < 3) return new CelError('No Major.Minor.Patch elements found')
  const zeros = /^(0\d+)\.|^\d+\.(0\d+)\.|^\d+\.\d+\.(0\d+)/.exec(text)
  if (zeros !== null) {
    const [, major, minor, patch] = zeros
    const [name, digits] =
      major !== undefined ? ['Major', major] : minor !== undefined ? ['Minor', minor] : ['Patch', patch]
    return new CelError(`${name} number must not contain leading zeroes "${digits}"`)
  }
  const invalid = text.split('.').findIndex((part, index) => index < 2 && !/^\d+$/.test(part))
  if (invalid >= 0) {
    const part = text.split('.')[invalid]
    return new CelError(`Invalid character(s) found in ${invalid === 0 ? 'major' : 'minor'} number "${part}"`)
  }
  if (!strict.test(text)) {
    const patch = text.split('.').slice(2).join('.').split(/[-+]/)[0]
    return new CelError(`Invalid character(s) found in patch number "${patch}"`)
  }
  try {
    return new SemverValue(new SemVer(text))
  } catch (error) {
    return new CelError(messageOf(error))
  }
}

/** Takes `v1.2` for 1.2.0: a leading v, missing parts and leading zeros are no errors. */
function parseLoosely(text: string): SemverValue | CelError {
  const [major = '', minor, ...rest] = text.replace(/^v/, '').split('.')
  const patch = rest.length === 0 ? undefined : rest.join('.')
  const parts = [major, minor, patch].filter((part) => part !== undefined).map(withoutZeros)
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) ?? '')) {
    return new CelError('short version cannot contain PreRelease/Build meta data')
  }
  while (parts.length < 3) parts.push('0')
  return parseSemver(parts.join('.'))
}

function withoutZeros(part: string): string {
  if (part.length <= 1) return part
  const trimmed = part.replace(/^0+/, '')
  return /^\d/.test(trimmed) ? trimmed : `0${trimmed}`
}

const parse = (text: string, loosely: boolean): SemverValue | CelError =>
  loosely ? parseLoosely(text) : parseSemver(text)
const isValid = (text: string, loosely: boolean): boolean => parse(text, loosely) instanceof SemverValue
const compareTo = (a: SemverValue, b: SemverValue): number => a.version.compare(b.version)

/** https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-semver-library */
export const semverFunctions: readonly FunctionDeclaration[] = [
  declare(
    'semver',
    fn1('string_to_semver', string, semverType, parseSemver),
    fn2('string_bool_to_semver', string, bool, semverType, parse),
  ),
  declare(
    'isSemver',
    fn1('is_semver_string', string, boolType, (text) => isValid(text, false)),
    fn2('is_semver_string_bool', string, bool, boolType, isValid),
  ),
  declare(
    'isGreaterThan',
    method2('semver_is_greater_than', semver, semver, boolType, (a, b) => compareTo(a, b) === 1),
  ),
  declare(
    'isLessThan',
    method2('semver_is_less_than', semver, semver, boolType, (a, b) => compareTo(a, b) === -1),
  ),
  declare('compareTo', method2('semver_compare_to', semver, semver, intType, compareTo)),
  declare(
    'major',
    method1('semver_major', semver, intType, ({ version }) => version.major),
  ),
  declare(
    'minor',
    method1('semver_minor', semver, intType, ({ version }) => version.minor),
  ),
  declare(
    'patch',
    method1('semver_patch', semver, intType, ({ version }) => version.patch),
  ),
]
