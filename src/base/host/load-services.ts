import { fromJSON, type MessageTypeDefinition, type ServiceDefinition } from '@grpc/proto-loader'
import { assert } from '../assert.ts'

type Json = { readonly [key: string]: unknown }

const camel = (name: string): string =>
  name.replace(/_+([a-zA-Z])/g, (_, letter: string) => letter.toUpperCase())

/** A protobufjs descriptor with its fields in camel case; nothing of that is on the wire. */
function camelCased(node: unknown, isFields = false): unknown {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return node
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      isFields ? camel(key) : key,
      key === 'oneofs' ? value : camelCased(value, key === 'fields' && !isFields),
    ]),
  )
}

/** The services of a protobufjs JSON descriptor, by their full names. */
export function loadServices(descriptor: Json): ReadonlyMap<string, ServiceDefinition> {
  const definitions = fromJSON(camelCased(descriptor) as Parameters<typeof fromJSON>[0], {
    keepCase: true,
    longs: Number,
    enums: String,
    defaults: true,
    arrays: true,
    objects: true,
  })
  const services = new Map<string, ServiceDefinition>()
  for (const [name, definition] of Object.entries(definitions)) {
    if (!('format' in definition)) services.set(name, definition)
  }
  return services
}

/** Message types that no service of a descriptor mentions, by name, to read what comes as `Any`. */
export function loadMessage(descriptor: Json, name: string): MessageTypeDefinition<object, object> {
  const definition = fromJSON(camelCased(descriptor) as Parameters<typeof fromJSON>[0], {
    keepCase: true,
    longs: Number,
    defaults: true,
  })[name]
  assert(definition !== undefined && 'format' in definition, `no message ${name}`)
  return definition as MessageTypeDefinition<object, object>
}
