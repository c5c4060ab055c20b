import type { ContainerFilter, SandboxFilter, StringRecord } from './messages.ts'

interface Filtered {
  readonly id: string
  readonly state: string
  readonly podSandboxId?: string
  readonly labels: StringRecord
}

/** Whether a filter of the runtime interface selects it. */
export function matches(filter: SandboxFilter | ContainerFilter, item: Filtered): boolean {
  if (filter.id !== undefined && filter.id !== '' && filter.id !== item.id) return false
  if (filter.state !== undefined && filter.state.state !== item.state) return false
  if ('podSandboxId' in filter && filter.podSandboxId !== item.podSandboxId) return false
  return Object.entries(filter.labelSelector ?? {}).every(([key, value]) => item.labels[key] === value)
}
