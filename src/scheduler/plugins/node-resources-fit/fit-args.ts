import { fieldForbidden, invalidValue, notSupported, required } from '../../../apimachinery/field-errors.ts'
import type { FieldsReader } from '../../../apimachinery/fields-reader.ts'
import { isQualifiedName } from '../../../apimachinery/label-syntax.ts'
import { readResources } from '../../config/read-resources.ts'
import type { NodeResourcesFitArgs } from './node-resources-fit.ts'
import { defaultStrategy, type ScoringStrategy, type ShapePoint } from './scoring-strategy.ts'

const strategies = ['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio'] as const

function readShape(reader: FieldsReader): readonly ShapePoint[] {
  const points = (reader.objects('shape') ?? []).map((each) => {
    const point = { utilization: each.integer('utilization') ?? 0, score: each.integer('score') ?? 0 }
    each.within('utilization', point.utilization, 0, 100, 'not in valid range [0, 100]')
    each.within('score', point.score, 0, 10, 'not in valid range [0, 10]')
    each.end()
    return point
  })
  if (points.length === 0) reader.fail(required(reader.at('shape'), 'at least one point must be specified'))
  const unordered = points.findIndex(
    ({ utilization }, index) => utilization <= (points[index - 1]?.utilization ?? -1),
  )
  if (unordered > 0) {
    const path = `${reader.at('shape')}[${unordered}].utilization`
    const detail = 'values must be sorted in increasing order'
    reader.fail(invalidValue(path, points[unordered]?.utilization, detail))
  }
  return points
}

function readStrategy(reader: FieldsReader): ScoringStrategy {
  const given = reader.text('type') ?? 'LeastAllocated'
  const type = strategies.find((each) => each === given)
  if (type === undefined) reader.fail(notSupported(reader.at('type'), given, strategies))
  const resources = readResources(reader)
  for (const [index, { name, weight }] of resources.entries()) {
    if (weight > 0 && weight <= 100) continue
    const path = `${reader.at('resources')}[${index}].weight`
    reader.fail(invalidValue(path, weight, `resource weight of ${name} not in valid range (0, 100]`))
  }
  const ratio = reader.object('requestedToCapacityRatio')
  const shape = ratio === undefined ? [] : readShape(ratio)
  ratio?.end()
  reader.end()
  const path = reader.at('requestedToCapacityRatio')
  if (type !== 'RequestedToCapacityRatio') {
    if (ratio !== undefined)
      reader.fail(fieldForbidden(path, 'must be nil when type is not RequestedToCapacityRatio'))
    return { type: type ?? 'LeastAllocated', resources }
  }
  if (ratio === undefined)
    reader.fail(required(path, 'must be specified when type is RequestedToCapacityRatio'))
  return { type, resources, requestedToCapacityRatio: { shape } }
}

export function readFitArgs(reader: FieldsReader): NodeResourcesFitArgs {
  const names = (field: string, check: (name: string, path: string) => void): readonly string[] => {
    const list = reader.texts(field) ?? []
    for (const [index, name] of list.entries()) check(name, `${reader.at(field)}[${index}]`)
    return list
  }
  const isLabel = (name: string, path: string): void =>
    reader.fail(...isQualifiedName(name).map((detail) => invalidValue(path, name, detail)))
  const strategy = reader.object('scoringStrategy')
  return {
    ignoredResources: names('ignoredResources', isLabel),
    ignoredResourceGroups: names('ignoredResourceGroups', (name, path) => {
      if (name.includes('/')) reader.fail(invalidValue(path, name, "resource group name can't contain '/'"))
      isLabel(name, path)
    }),
    scoringStrategy: strategy === undefined ? defaultStrategy : readStrategy(strategy),
  }
}
