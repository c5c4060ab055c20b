import type { FieldError } from '../../apimachinery/field-error.ts'
import { invalidValue, notSupported, required } from '../../apimachinery/field-errors.ts'
import type { FieldPath } from '../../apimachinery/field-path.ts'
import type { admissionregistration } from '../generated/types/index.ts'

const operations: readonly string[] = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const scopes: readonly string[] = ['*', 'Cluster', 'Namespaced']

/** Not empty, and nothing beside a wildcard. */
function validateList(
  values: readonly string[],
  others: string,
  path: FieldPath,
  errors: FieldError[],
): void {
  if (values.length === 0) errors.push(required(path))
  if (values.length > 1 && values.includes('*'))
    errors.push(invalidValue(path, values, `if '*' is present, must not specify other ${others}`))
}

/** Resources and their subresources, with a wildcard on either side of the slash. */
function validateResources(resources: readonly string[], path: FieldPath, errors: FieldError[]): void {
  if (resources.length === 0) errors.push(required(path))
  const wholeResources = new Set<string>()
  const wholeSubresources = new Set<string>()
  let plain = false
  resources.forEach((text, index) => {
    if (text === '') {
      errors.push(required(path.index(index)))
      return
    }
    const slash = text.indexOf('/')
    if (slash < 0) {
      plain = text !== '*'
      return
    }
    const resource = text.slice(0, slash)
    const subresource = text.slice(slash + 1)
    const refuse = (present: string): void => {
      errors.push(
        invalidValue(path.index(index), text, `if '${present}' is present, must not specify ${text}`),
      )
    }
    if (wholeResources.has(resource)) refuse(`${resource}/*`)
    if (wholeSubresources.has(subresource)) refuse(`*/${subresource}`)
    if (subresource === '*') wholeResources.add(resource)
    if (resource === '*') wholeSubresources.add(subresource)
  })
  if (resources.length > 1 && resources.includes('*/*'))
    errors.push(invalidValue(path, resources, "if '*/*' is present, must not specify other resources"))
  if (plain && resources.includes('*')) {
    const detail = "if '*' is present, must not specify other resources without subresources"
    errors.push(invalidValue(path, resources, detail))
  }
}

export function validateRule(
  rule: admissionregistration.v1.RuleWithOperations,
  path: FieldPath,
  errors: FieldError[],
): void {
  const { operations: own = [], apiVersions = [], scope } = rule
  validateList(own, 'operations', path.child('operations'), errors)
  own.forEach((operation, index) => {
    if (!operations.includes(operation))
      errors.push(notSupported(path.child('operations').index(index), operation, operations))
  })
  validateList(rule.apiGroups ?? [], 'API groups', path.child('apiGroups'), errors)
  const versions = path.child('apiVersions')
  validateList(apiVersions, 'API versions', versions, errors)
  apiVersions.forEach((version, index) => {
    if (version === '') errors.push(required(versions.index(index)))
  })
  validateResources(rule.resources ?? [], path.child('resources'), errors)
  if (scope !== undefined && !scopes.includes(scope))
    errors.push(notSupported(path.child('scope'), scope, scopes))
}
