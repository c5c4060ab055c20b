import { countOf } from '../quota-amounts.ts'
import { countName, type QuotaEvaluator } from './evaluator.ts'

/** Names from before every resource could be counted. */
const aliases: readonly string[] = ['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets']

/** Counts objects, whatever they are; those of some core resources under their old names as well. */
export function objectCount(group: string, resource: string): QuotaEvaluator<unknown> {
  const alias = group === '' && aliases.includes(resource) ? [resource] : []
  const names = [countName(group, resource), ...alias]
  const usage = new Map(names.map((name) => [name, countOf(1)]))
  return {
    counts: (name) => names.includes(name),
    mayHandle: (operation, subresource) => operation === 'CREATE' && subresource === '',
    usage: () => usage,
  }
}
