import type { Column } from '../apimachinery/define-kind.ts'
import type { KubernetesObject, LabelSelector, StringMap } from '../apimachinery/meta.ts'
import { formatLabelSelector } from '../apimachinery/selectors/label-selector.ts'
import type { core } from './generated/types/index.ts'

type TemplateOf<T> = (object: T) => core.v1.PodTemplateSpec | undefined

/** Labels as printers show them: `a=1,b=2`, or `<none>`. */
export function formatLabels(labels: StringMap | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`)
  return pairs.length === 0 ? '<none>' : pairs.sort().join(',')
}

const joined = (
  template: core.v1.PodTemplateSpec | undefined,
  part: (container: core.v1.Container) => string | undefined,
): string => (template?.spec?.containers ?? []).map((container) => part(container) ?? '').join(',')

/** What `-o wide` shows of a pod template. */
export function templateColumns<T extends KubernetesObject>(
  template: TemplateOf<T>,
  priority = 1,
): readonly Column<T>[] {
  return [
    {
      name: 'Containers',
      type: 'string',
      priority,
      value: (object) => joined(template(object), (container) => container.name),
    },
    {
      name: 'Images',
      type: 'string',
      priority,
      value: (object) => joined(template(object), (container) => container.image),
    },
  ]
}

export function selectorColumn<T extends KubernetesObject>(
  selector: (object: T) => LabelSelector | undefined,
): Column<T> {
  return {
    name: 'Selector',
    type: 'string',
    priority: 1,
    value: (object) => formatLabelSelector(selector(object)),
  }
}
