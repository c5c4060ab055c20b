import type { core } from '../../../api/generated/types/index.ts'
import {
  duplicate,
  fieldForbidden,
  invalidValue,
  notSupported,
  required,
} from '../../../apimachinery/field-errors.ts'
import type { FieldsReader } from '../../../apimachinery/fields-reader.ts'
import { isQualifiedName } from '../../../apimachinery/label-syntax.ts'
import type { PodTopologySpreadArgs } from './pod-topology-spread.ts'

type Constraint = core.v1.TopologySpreadConstraint

const unsatisfiable = ['DoNotSchedule', 'ScheduleAnyway']

function readConstraint(reader: FieldsReader): Constraint {
  const constraint = {
    maxSkew: reader.integer('maxSkew') ?? 0,
    topologyKey: reader.text('topologyKey') ?? '',
    whenUnsatisfiable: reader.text('whenUnsatisfiable') ?? '',
  }
  const { topologyKey, whenUnsatisfiable } = constraint
  reader.within('maxSkew', constraint.maxSkew, 1, Number.POSITIVE_INFINITY, 'not in valid range (0, inf)')
  const keyPath = reader.at('topologyKey')
  if (topologyKey === '') reader.fail(required(keyPath, 'can not be empty'))
  else
    reader.fail(...isQualifiedName(topologyKey).map((detail) => invalidValue(keyPath, topologyKey, detail)))
  const whenPath = reader.at('whenUnsatisfiable')
  if (whenUnsatisfiable === '') reader.fail(required(whenPath, 'can not be empty'))
  else if (!unsatisfiable.includes(whenUnsatisfiable))
    reader.fail(notSupported(whenPath, whenUnsatisfiable, unsatisfiable))
  if (reader.raw('labelSelector') !== undefined) {
    const detail = 'constraint must not define a selector, as they deduced for each pod'
    reader.fail(fieldForbidden(reader.at('labelSelector'), detail))
  }
  reader.end()
  return constraint
}

/** PodTopologySpreadArgs. */
export function readSpreadArgs(reader: FieldsReader): PodTopologySpreadArgs {
  const given = reader.text('defaultingType') ?? 'System'
  const defaultingType = given === 'List' ? 'List' : 'System'
  const defaultConstraints = (reader.objects('defaultConstraints') ?? []).map(readConstraint)
  const typePath = reader.at('defaultingType')
  if (given !== defaultingType) reader.fail(notSupported(typePath, given, ['System', 'List']))
  else if (given === 'System' && defaultConstraints.length > 0)
    reader.fail(invalidValue(typePath, given, 'when .defaultConstraints are not empty'))
  const seen = new Set<string>()
  for (const [index, { topologyKey, whenUnsatisfiable }] of defaultConstraints.entries()) {
    const key = `{${topologyKey}, ${whenUnsatisfiable}}`
    if (seen.has(key)) reader.fail(duplicate(`${reader.at('defaultConstraints')}[${index}]`, key))
    seen.add(key)
  }
  return { defaultConstraints, defaultingType }
}
