import type { FieldPath } from '../../../../apimachinery/field-path.ts'
import type { core } from '../../../generated/types/index.ts'

export type ContainerList = 'initContainers' | 'containers' | 'ephemeralContainers'

/** Every container of a pod with its path, init containers first, as upstream walks them. */
export function visitContainers(
  spec: core.v1.PodSpec,
  specPath: FieldPath,
  visit: (container: core.v1.Container, path: FieldPath, list: ContainerList) => void,
): void {
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    const path = specPath.child(list)
    spec[list]?.forEach((container, index) => {
      visit(container, path.index(index), list)
    })
  }
}
