import type { FieldError } from '../../apimachinery/field-error.ts'
import { notSupported } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import { isQualifiedName } from '../../apimachinery/label-syntax.ts'
import { checkText } from '../checks.ts'

export const oldestEmulationVersion = 'OldestEmulationVersion'

/** How a leader is picked: Kubernetes' own way, or somebody's with a domain. The path is upstream's: one `strategy` too many. */
export function validateLeaseStrategy(strategy: string, path: FieldPath, errors: FieldError[]): void {
  const where = path.child('strategy')
  if (strategy.includes('/')) checkText(strategy, isQualifiedName, where, errors)
  else if (strategy !== oldestEmulationVersion)
    errors.push(notSupported(where, strategy, [oldestEmulationVersion]))
}
