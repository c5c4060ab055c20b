import { celLimits, none, Optional, type Value, type Variables } from '../../cel/index.ts'
import type { FieldError } from '../../field-error.ts'
import { duplicate, fieldForbidden, invalidField, invalidValue, required } from '../../field-errors.ts'
import type { Correlation } from '../correlation.ts'
import { isList, isObject, type JsonSchema, type SchemaRule } from '../json-schema.ts'
import type { CompiledRule } from './compile-rule.ts'
import type { RuleTree } from './rule-tree.ts'

/** Where a value is, and what it was. */
interface Place {
  readonly path: string
  readonly value: unknown
  readonly old: unknown
  readonly correlation: Correlation | undefined
  /** The innermost correlated value around it. */
  readonly parent: Correlation | undefined
}

const outOfBudget =
  'validation failed due to running out of cost budget, no further validation rules will be run'

const shownRule = ({ rule, message = '' }: SchemaRule): string =>
  message === '' ? rule.trim() : message.trim()

const messageOf = (rule: SchemaRule): string =>
  (rule.message ?? '') === '' ? `failed rule: ${shownRule(rule)}` : (rule.message ?? '').trim()

/** Ends the run: nothing more is evaluated. */
class Stop extends Error {
  override readonly name = 'Stop'
}

/** One validation of one object: what it has found, and what it may still cost. */
class RuleRun {
  readonly errors: FieldError[] = []
  #budget: number

  constructor(budget: number = celLimits.runtimeBudget) {
    this.#budget = budget
  }

  run(tree: RuleTree, place: Place): void {
    try {
      this.#visit(tree, place)
    } catch (error) {
      if (!(error instanceof Stop)) throw error
    }
  }

  #visit(tree: RuleTree, place: Place): void {
    const { value, old, path } = place
    if (value === null || value === undefined) return
    this.#evaluateAll(tree, place)
    for (const part of tree.allOf)
      this.#visit(part, { ...place, correlation: undefined, parent: place.parent })
    if (isList(value)) this.#visitItems(tree, place, value)
    else if (isObject(value)) {
      const before = isObject(old) ? old : {}
      const below = (part: RuleTree, key: string, at: string): void =>
        this.#visit(part, { path: at, value: value[key], old: before[key], ...inside(place, key) })
      for (const key of Object.keys(value)) {
        if (tree.values !== undefined) below(tree.values, key, `${path}[${key}]`)
        const property = tree.properties.get(key)
        if (property !== undefined) below(property, key, path === '' ? key : `${path}.${key}`)
      }
    }
  }

  #visitItems(tree: RuleTree, place: Place, value: readonly unknown[]): void {
    const { items } = tree
    if (items === undefined) return
    const before = oldItems(tree.schema, place.old)
    value.forEach((item, index) => {
      const { correlation } = place
      const around =
        correlation === undefined
          ? { correlation, parent: place.parent }
          : { correlation: correlation.index(index), parent: correlation }
      this.#visit(items, { path: `${place.path}[${index}]`, value: item, old: before(item), ...around })
    })
  }

  #stop(error: FieldError): never {
    this.errors.push(error)
    throw new Stop()
  }

  #evaluateAll(tree: RuleTree, place: Place): void {
    const { schema, rules, error } = tree
    const { type = '' } = schema
    const path = place.path === '' ? '<nil>' : place.path
    if (error !== undefined) {
      this.errors.push(invalidValue(path, type, `rule compiler initialization error: ${error}`))
      return
    }
    if (rules.length === 0) return
    if (this.#budget <= 0) this.#stop(invalidValue(path, type, outOfBudget))
    const self = tree.binder.value(place.value)
    const hasOld = place.old !== undefined && place.old !== null
    const old = hasOld && tree.usesOldSelf ? tree.binder.value(place.old) : undefined
    for (const rule of rules) this.#evaluate(tree, rule, place, self, old)
  }

  #evaluate(tree: RuleTree, compiled: CompiledRule, place: Place, self: Value, old: Value | undefined): void {
    const { rule, program, error, usesOldSelf } = compiled
    const { type = '' } = tree.schema
    const path = place.path === '' ? '<nil>' : place.path
    if (error !== undefined) {
      this.errors.push(invalidValue(path, type, `rule compile error: ${error}`))
      return
    }
    const isOptional = rule.optionalOldSelf === true
    if (program === undefined || (usesOldSelf && old === undefined && !isOptional)) return
    const oldSelf: Value | undefined = isOptional ? (old === undefined ? none : new Optional(old)) : old
    const variables: Variables = oldSelf === undefined ? { self } : { self, oldSelf }
    const result = program.evaluate(variables)
    if (result.cost > this.#budget) this.#stop(invalidValue(path, type, outOfBudget))
    this.#budget -= result.cost
    if (!result.ok) {
      const { error: why, overLimit } = result
      const what = shownRule(rule)
      if (overLimit)
        this.#stop(
          invalidValue(
            path,
            type,
            `'${why}': no further validation rules will be run due to call cost exceeds limit for rule: ${what}`,
          ),
        )
      const detail = why.startsWith('no such overload')
        ? `'${why}': call arguments did not match a supported operator, function or macro signature for rule: ${what}`
        : `${why} evaluating rule: ${what}`
      this.errors.push(invalidValue(path, type, detail))
      return
    }
    if (result.value !== true) this.#refuse(tree, compiled, place, variables)
  }

  #refuse(tree: RuleTree, compiled: CompiledRule, place: Place, variables: Variables): void {
    const detail = this.#message(tree, compiled, place, variables) ?? messageOf(compiled.rule)
    const nearest = place.correlation ?? place.parent
    // What did not change may stay wrong, unless the rule is about changes.
    if (!compiled.usesOldSelf && nearest?.isSame === true) return
    const joined = `${place.path}${compiled.fieldPath}`.replace(/^\./, '')
    this.errors.push(
      errorFor(compiled.rule, tree.schema, joined === '' ? '<nil>' : joined, place.value, detail),
    )
  }

  #message(
    { schema }: RuleTree,
    { rule, message }: CompiledRule,
    { path }: Place,
    variables: Variables,
  ): string | undefined {
    if (message === undefined) return undefined
    const where = path === '' ? '<nil>' : path
    const { type = '' } = schema
    const expression = rule.messageExpression ?? ''
    const result = message.evaluate(variables)
    if (result.cost > this.#budget) {
      const detail =
        'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run'
      this.#stop(invalidValue(where, type, detail))
    }
    if (!result.ok && result.overLimit) {
      const detail = `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${JSON.stringify(expression)}`
      this.#stop(invalidValue(where, type, detail))
    }
    this.#budget -= result.cost
    if (!result.ok || typeof result.value !== 'string') return undefined
    const text = result.value.trim()
    const bytes = new TextEncoder().encode(text).length
    return text === '' || text.includes('\n') || bytes > celLimits.messageBytes ? undefined : text
  }
}

/** The same place one step down. The root's own kind and version never count as unchanged. */
function inside(place: Place, key: string): Pick<Place, 'correlation' | 'parent'> {
  const { correlation, parent } = place
  if (correlation === undefined) return { correlation, parent }
  if (parent === undefined && (key === 'apiVersion' || key === 'kind'))
    return { correlation: undefined, parent: undefined }
  return { correlation: correlation.key(key), parent: correlation }
}

/** Finds the old item of the same key; only lists of type map have such. */
function oldItems(schema: JsonSchema, old: unknown): (item: unknown) => unknown {
  if (schema['x-kubernetes-list-type'] !== 'map' || !isList(old)) return () => undefined
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const keyOf = (item: unknown): string =>
    JSON.stringify(keys.map((key) => (isObject(item) ? (item[key] ?? null) : null)))
  const byKey = new Map(old.map((item) => [keyOf(item), item]))
  return (item) => byKey.get(keyOf(item))
}

function errorFor(
  { reason }: SchemaRule,
  { type }: JsonSchema,
  path: string,
  value: unknown,
  detail: string,
): FieldError {
  if (reason === 'FieldValueForbidden') return fieldForbidden(path, detail)
  if (reason === 'FieldValueRequired') return required(path, detail)
  const hidden = type === 'object' || type === 'array'
  if (reason === 'FieldValueDuplicate')
    return hidden ? { ...duplicate(path, value), message: 'Duplicate value' } : duplicate(path, value)
  return hidden ? invalidField(path, detail) : invalidValue(path, value, detail)
}

/** Runs all rules over an object; `old` is what it replaces, `correlation` tells what did not change. */
export function runRules(
  tree: RuleTree,
  value: unknown,
  old: unknown,
  correlation: Correlation | undefined,
  path = '',
): readonly FieldError[] {
  const run = new RuleRun()
  run.run(tree, { path, value, old, correlation, parent: undefined })
  return run.errors
}
