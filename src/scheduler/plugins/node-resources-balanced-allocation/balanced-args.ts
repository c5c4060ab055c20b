import { duplicate, invalidValue } from '../../../apimachinery/field-errors.ts'
import type { FieldsReader } from '../../../apimachinery/fields-reader.ts'
import { readResources } from '../../config/read-resources.ts'
import type { NodeResourcesBalancedAllocationArgs } from './node-resources-balanced-allocation.ts'

export function readBalancedArgs(reader: FieldsReader): NodeResourcesBalancedAllocationArgs {
  const resources = readResources(reader)
  const seen = new Set<string>()
  for (const [index, { name, weight }] of resources.entries()) {
    const path = `${reader.at('resources')}[${index}]`
    if (seen.has(name)) reader.fail(duplicate(`${path}.name`, name))
    seen.add(name)
    if (weight !== 1) reader.fail(invalidValue(`${path}.weight`, weight, 'must be 1'))
  }
  return { resources }
}
