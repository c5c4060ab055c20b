import { parse } from 'yaml'
import { aggregate, aggregateFields } from '../../apimachinery/aggregate.ts'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { duplicate, invalidValue, notSupported, required } from '../../apimachinery/field-errors.ts'
import { type FieldPath, fieldPath } from '../../apimachinery/field-path.ts'
import { isDns1123Subdomain } from '../../apimachinery/names.ts'
import { listOf, only, textOf } from '../components/config-fields.ts'
import { type AuthorizerChoice, plainAuthorizers } from './access-options.ts'
import { configOf } from './versioned-config.ts'
import { webhookOf } from './webhook-config.ts'

const knownTypes = ['ABAC', ...plainAuthorizers, 'Webhook'].sort()

const isPlain = (type: string): type is (typeof plainAuthorizers)[number] | 'ABAC' =>
  type === 'ABAC' || plainAuthorizers.some((each) => each === type)

class Reader {
  readonly errors: FieldError[] = []
  readonly #types = new Set<string>()
  readonly #names = new Set<string>()

  authorizer(item: unknown, path: FieldPath): AuthorizerChoice | undefined {
    const fields = only(item, String(path), ['type', 'name', 'webhook'])
    const type = textOf(fields, 'type') ?? ''
    if (!this.#checkType(type, path.child('type'))) return undefined
    const name = textOf(fields, 'name') ?? ''
    this.#checkName(name, path.child('name'))
    const { webhook } = fields
    if (type === 'Webhook') {
      if (webhook !== undefined && webhook !== null) return webhookOf(name, webhook, path, this.errors)
      this.errors.push(required(path.child('webhook'), 'required when type=Webhook'))
      return undefined
    }
    if (webhook !== undefined && webhook !== null) {
      const detail = 'may only be specified when type=Webhook'
      this.errors.push(invalidValue(path.child('webhook'), 'non-null', detail))
    }
    return isPlain(type) ? { type, name } : undefined
  }

  #checkType(type: string, path: FieldPath): boolean {
    if (type === '') this.errors.push(required(path))
    else if (!knownTypes.includes(type)) this.errors.push(notSupported(path, type, knownTypes))
    else if (this.#types.has(type) && type !== 'Webhook') this.errors.push(duplicate(path, type))
    else {
      this.#types.add(type)
      return true
    }
    return false
  }

  #checkName(name: string, path: FieldPath): void {
    const complaints = isDns1123Subdomain(name)
    if (name === '') this.errors.push(required(path))
    else if (this.#names.has(name)) this.errors.push(duplicate(path, name))
    else if (complaints.length > 0) {
      const detail = `authorizer name is invalid: ${complaints.join(', ')}`
      this.errors.push(invalidValue(path, name, detail))
    }
    this.#names.add(name)
  }
}

/** Names that this server wants those authorizers to have that there is one of. */
function nameErrors(choices: readonly AuthorizerChoice[]): readonly string[] {
  return choices.flatMap(({ type, name }) => {
    const expected = type.toLowerCase()
    if (type === 'Webhook' || name === expected) return []
    return [`expected name ${expected} for authorizer ${type} instead of ${name}`]
  })
}

function missingTypes(choices: readonly AuthorizerChoice[], wanted: readonly string[]): readonly string[] {
  const missing = wanted.filter((type) => !choices.some((choice) => choice.type === type))
  return missing.length === 0 ? [] : [`missing required types: [${missing.toSorted().join(' ')}]`]
}

/**
 * Reads an AuthorizationConfiguration (https://kubernetes.io/docs/reference/access-authn-authz/authorization/#using-configuration-file-for-authorization).
 * `wanted`: types that must be there, because the server has started with them. Throws an Error in upstream's words.
 */
export function authorizationConfig(text: string, wanted: readonly string[]): readonly AuthorizerChoice[] {
  const top = configOf(parse(text), 'AuthorizationConfiguration', ['authorizers'])
  const reader = new Reader()
  const path = fieldPath('authorizers')
  const items = listOf(top, 'authorizers') ?? []
  if (items.length === 0)
    reader.errors.push(required(path, 'at least one authorization mode must be defined'))
  const choices = items.flatMap((item, index) => reader.authorizer(item, path.index(index)) ?? [])
  if (reader.errors.length > 0) throw new Error(aggregateFields(reader.errors))
  const errors = [...nameErrors(choices), ...missingTypes(choices, wanted)]
  if (errors.length > 0) throw new Error(aggregate(errors))
  return choices
}
