import { celLimits, type DeclType, escapeName } from '../../cel/index.ts'
import type { FieldError } from '../../field-error.ts'
import { fieldForbidden, invalidValue } from '../../field-errors.ts'
import type { FieldPath } from '../../field-path.ts'
import { itemsOf, type JsonSchema, type SchemaRule, valuesOf } from '../json-schema.ts'
import { type CompiledRule, compileRules, type RuleCompiler } from './compile-rule.ts'
import { hasRules } from './rule-tree.ts'
import { declTypeOf } from './value-schema.ts'

interface Place {
  readonly path: FieldPath
  readonly schema: JsonSchema
  readonly type: DeclType | undefined
  /** How many values there can be; undefined: no bound. */
  readonly cardinality: number | undefined
  /** Below this, values cannot be found again after a change. */
  readonly uncorrelated: FieldPath | undefined
}

export interface RuleChecks {
  readonly compiler: RuleCompiler
  /** The schema has not changed: single rules may cost more than they would now. */
  readonly ignoreRuleCost: boolean
}

const dearestShown = 4

function budgetMessage(what: string, cost: number, limit: number): string {
  const exceeds = cost / limit
  const factor =
    exceeds > 100 ? 'more than 100x' : exceeds < 1.5 ? `${exceeds.toFixed(6)}x` : `${exceeds.toFixed(1)}x`
  return `${what} exceeds budget by factor of ${factor} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`
}

/** How many values a schema's value holds at most. */
function maxElements(schema: JsonSchema): number | undefined {
  if (schema.type === 'array') return schema.maxItems === undefined ? undefined : Math.max(0, schema.maxItems)
  if (schema.type !== 'object' || schema.additionalProperties === undefined) return 1
  return schema.maxProperties === undefined ? undefined : Math.max(0, schema.maxProperties)
}

/** A rule as upstream's errors show it: all of its struct, under Go's names. */
const asShown = (rule: SchemaRule): object => ({
  Rule: rule.rule,
  Message: rule.message ?? '',
  MessageExpression: rule.messageExpression ?? '',
  Reason: rule.reason ?? null,
  FieldPath: rule.fieldPath ?? '',
  OptionalOldSelf: rule.optionalOldSelf ?? null,
})

class Checker {
  readonly errors: FieldError[] = []
  readonly #checks: RuleChecks
  readonly #dearest: { readonly path: FieldPath; readonly cost: number }[] = []
  #total = 0

  constructor(checks: RuleChecks) {
    this.#checks = checks
  }

  visit(place: Place): void {
    const { schema, path, type, cardinality, uncorrelated } = place
    if (!hasRules(schema)) return
    this.#own(place)
    const count = maxElements(schema)
    const inner = cardinality === undefined || count === undefined ? undefined : cardinality * count
    const values = valuesOf(schema)
    if (values !== undefined) {
      const at = path.child('additionalProperties')
      this.visit({ path: at, schema: values, type: type?.elemType, cardinality: inner, uncorrelated })
    }
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const escaped = escapeName(name)
      const field = escaped === undefined ? undefined : type?.fields?.get(escaped)?.type
      this.visit({
        path: path.child('properties').key(name),
        schema: property,
        type: field ?? declTypeOf(property, property['x-kubernetes-embedded-resource'] === true),
        cardinality: inner,
        uncorrelated,
      })
    }
    const items = itemsOf(schema)
    if (items === undefined) return
    const keeps = schema['x-kubernetes-list-type'] === 'map'
    this.visit({
      path: path.child('items'),
      schema: items,
      type: type?.elemType,
      cardinality: inner,
      uncorrelated: uncorrelated ?? (keeps ? undefined : path),
    })
  }

  #own(place: Place): void {
    const rules = place.schema['x-kubernetes-validations'] ?? []
    if (rules.length === 0 || place.type === undefined) return
    const compiled = compileRules(place.schema, rules, place.type, this.#checks.compiler)
    compiled.forEach((rule, index) => {
      this.#rule(rule, place, place.path.child('x-kubernetes-validations').index(index))
    })
  }

  #rule(compiled: CompiledRule, { cardinality, uncorrelated }: Place, path: FieldPath): void {
    const { rule, error, messageError, usesOldSelf } = compiled
    const at = path.child('rule')
    const cost = compiled.maxCost * (cardinality ?? compiled.maxCardinality)
    this.#cost(at, cost, 'estimated rule cost')
    if (error !== undefined) this.errors.push(invalidValue(at, asShown(rule), error))
    const message = path.child('messageExpression')
    if (messageError !== undefined) this.errors.push(invalidValue(message, asShown(rule), messageError))
    else if (compiled.message !== undefined)
      this.#cost(message, compiled.messageMaxCost, 'estimated messageExpression cost')
    if (usesOldSelf) {
      if (uncorrelated === undefined) return
      const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelated}`
      this.errors.push(invalidValue(at, rule.rule, detail))
    } else if (rule.optionalOldSelf !== undefined) {
      const detail = 'may not be set if oldSelf is not used in rule'
      this.errors.push(invalidValue(path.child('optionalOldSelf'), rule.optionalOldSelf, detail))
    }
  }

  #cost(path: FieldPath, cost: number, what: string): void {
    if (!this.#checks.ignoreRuleCost && cost > celLimits.estimatedRule)
      this.errors.push(fieldForbidden(path, budgetMessage(what, cost, celLimits.estimatedRule)))
    this.#total += cost
    if (cost < celLimits.estimatedDefinition / 100) return
    this.#dearest.push({ path, cost })
    this.#dearest.sort((a, b) => b.cost - a.cost)
    this.#dearest.length = Math.min(this.#dearest.length, dearestShown)
  }

  finish(path: FieldPath): void {
    const limit = celLimits.estimatedDefinition
    if (this.#total <= limit) return
    const told = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'
    for (const dear of this.#dearest) this.errors.push(fieldForbidden(dear.path, told))
    const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema'
    this.errors.push(fieldForbidden(path, budgetMessage(what, this.#total, limit)))
  }
}

/** Compiles all rules of a definition's schema and estimates what they cost. */
export function checkRules(schema: JsonSchema, path: FieldPath, checks: RuleChecks): readonly FieldError[] {
  const checker = new Checker(checks)
  const type = declTypeOf(schema, true)
  checker.visit({ path, schema, type, cardinality: 1, uncorrelated: undefined })
  checker.finish(path)
  return checker.errors
}
