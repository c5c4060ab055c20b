import {
  declTypeFromSchema,
  dynDecl,
  dynType,
  nameDeclType,
  nativeValue,
  newEnvironment,
  SchemaBinder,
  schemaSizes,
  type ValueSchema,
} from '../../src/apimachinery/cel/index.ts'
import { live } from './seeds.ts'

/** As long as a rule of a custom resource may be, roughly. */
const maxLength = 2048
/** An evaluation is stopped there: a thousandth of what a server allows, so that inputs are many. */
const costLimit = 10_000

const text: ValueSchema = { type: 'string' }
const labels: ValueSchema = { type: 'object', additionalProperties: text }
const container: ValueSchema = { type: 'object', properties: { name: text, image: text } }
const podSpec: ValueSchema = {
  type: 'object',
  properties: { containers: { type: 'array', items: container } },
}
const schema: ValueSchema = {
  type: 'object',
  properties: {
    labels,
    spec: {
      type: 'object',
      properties: {
        replicas: { type: 'integer' },
        template: { type: 'object', properties: { spec: podSpec } },
      },
    },
  },
}

const type = nameDeclType(declTypeFromSchema(schema, true) ?? dynDecl, 'selfType')
const environment = newEnvironment().extend({ variables: { self: type, oldSelf: type, any: dynType } })
const self = new SchemaBinder(schema).value({ ...live, labels: live.metadata?.labels })
const variables = { self, oldSelf: self, any: nativeValue(live) }

/** An expression all the way: parsed, checked, its cost estimated, planned, run and its cost counted. */
export function runExpression(input: Uint8Array): void {
  const compilation = environment.compile(new TextDecoder().decode(input.subarray(0, maxLength)))
  if ('error' in compilation) return
  const { expression } = compilation
  const { min, max } = expression.estimateCost(schemaSizes(type))
  if (!(min <= max)) throw new Error(`an expression is said to cost from ${min} to ${max}`)
  const planned = expression.program()
  if ('error' in planned) return
  const result = planned.program.evaluate(variables, { costLimit })
  if (result.cost > costLimit && result.ok) throw new Error(`an expression has cost ${result.cost}`)
}
