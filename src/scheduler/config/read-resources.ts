import type { FieldsReader } from '../../apimachinery/fields-reader.ts'

/** `resources` of plugins' arguments: cpu and memory alike where there are none. */
export function readResources(
  reader: FieldsReader | undefined,
): readonly { readonly name: string; readonly weight: number }[] {
  const resources = (reader?.objects('resources') ?? []).map((each) => {
    const resource = { name: each.text('name') ?? '', weight: each.integer('weight') || 1 }
    each.end()
    return resource
  })
  return resources.length === 0 ? ['cpu', 'memory'].map((name) => ({ name, weight: 1 })) : resources
}
