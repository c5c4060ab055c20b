import { defineKind } from '../../../apimachinery/define-kind.ts'
import type { FieldError } from '../../../apimachinery/field-error.ts'
import { invalidValue, required } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { isConfigMapKey } from '../../../apimachinery/label-syntax.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { checkPresent } from '../../checks.ts'
import { ageColumn, nameColumn } from '../../columns.ts'
import type { coordination } from '../../generated/types/index.ts'
import { kindUnderVersion } from '../../in-version.ts'
import { oldestEmulationVersion, validateLeaseStrategy } from '../lease-strategy.ts'

type Candidate = coordination.v1beta1.LeaseCandidate
type Spec = Partial<coordination.v1beta1.LeaseCandidateSpec>
type Version = readonly [number, number, number]

const path = fieldPath('spec')
const number = '(0|[1-9]\\d*)'
const label = '(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)'
const semantic = new RegExp(
  `^${number}\\.${number}\\.${number}(?:-${label}(?:\\.${label})*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
)
const noVersion: Version = [0, 0, 0]

function parseVersion(text: string): Version | undefined {
  const match = semantic.exec(text)
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3])]
}

function isLess(a: Version, b: Version): boolean {
  const at = a.findIndex((part, index) => part !== b[index])
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0)
}

function readVersion(
  text: string,
  field: 'emulationVersion' | 'binaryVersion',
  errors: FieldError[],
): Version {
  const version = parseVersion(text)
  if (version === undefined && text !== '')
    errors.push(invalidValue(path.child(field), text, 'must be a valid semantic version'))
  return version ?? noVersion
}

function validateSpec(spec: Spec, errors: FieldError[]): void {
  const { emulationVersion = '', binaryVersion = '', strategy = '' } = spec
  checkPresent(spec.leaseName, path, 'leaseName', errors)
  const emulation = readVersion(emulationVersion, 'emulationVersion', errors)
  checkPresent(binaryVersion, path, 'binaryVersion', errors)
  const binary = readVersion(binaryVersion, 'binaryVersion', errors)
  if (binaryVersion !== '' && emulationVersion !== '' && isLess(binary, emulation)) {
    const detail = 'must be greater than or equal to `emulationVersion`'
    errors.push(invalidValue(path.child('binaryVersion'), binaryVersion, detail))
  }
  if (strategy === '') {
    errors.push(required(path.child('strategy')))
    return
  }
  if (strategy === oldestEmulationVersion && emulation.every((part) => part === 0)) {
    const detail = `must be specified when \`strategy\` is '${oldestEmulationVersion}'`
    errors.push(required(path.child('emulationVersion'), detail))
  }
  validateLeaseStrategy(strategy, path.child('strategy'), errors)
}

function validate(candidate: Candidate, old: Candidate | undefined): readonly FieldError[] {
  const errors: FieldError[] = []
  validateSpec(candidate.spec ?? {}, errors)
  if (old !== undefined)
    validateImmutable(
      candidate.spec?.leaseName ?? '',
      old.spec?.leaseName ?? '',
      path.child('leaseName'),
      errors,
    )
  return errors
}

/** Who would lead, for elections that the API server coordinates. */
export const LeaseCandidate = defineKind<Candidate>({
  group: 'coordination.k8s.io',
  version: 'v1beta1',
  kind: 'LeaseCandidate',
  resource: 'leasecandidates',
  namespaced: true,
  schema: 'io.k8s.api.coordination.v1beta1.LeaseCandidate',
  looseFinalizers: true,
  nameRule: 'path-segment',
  nameComplaints: isConfigMapKey,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  deprecation: 'coordination.k8s.io/v1beta1 LeaseCandidate is deprecated in v1.36+, unavailable in v1.39+',
  removedIn: '1.39',
  validate,
  columns: [
    nameColumn,
    { name: 'LeaseName', type: 'string', value: ({ spec }) => spec?.leaseName ?? '' },
    { name: 'BinaryVersion', type: 'string', value: ({ spec }) => spec?.binaryVersion ?? '' },
    { name: 'EmulationVersion', type: 'string', value: ({ spec }) => spec?.emulationVersion ?? '' },
    ageColumn,
  ],
})

export const LeaseCandidateV1Alpha2 = kindUnderVersion(LeaseCandidate, {
  version: 'v1alpha2',
  schema: 'io.k8s.api.coordination.v1alpha2.LeaseCandidate',
  deprecated: { since: '1.35', removed: '1.38' },
})
