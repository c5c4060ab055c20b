import {
  anyType,
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  nullType,
  stringType,
  structType,
  timestampType,
  uintType,
} from './type.ts'

export interface DeclField {
  /** As expressions write it (escaped). */
  readonly name: string
  readonly type: DeclType
  readonly required: boolean
}

/** A type as a schema declares it: with the fields of an object, and with the sizes that costs are estimated from. */
export interface DeclType {
  readonly name: string
  readonly celType: CelType
  /** Of an object; by escaped name. */
  readonly fields?: ReadonlyMap<string, DeclField>
  /** Of a map. */
  readonly keyType?: DeclType
  /** Of a list or map. */
  readonly elemType?: DeclType
  /** Most elements, entries, or bytes of a string; -1 if there is no bound, 0 if it has no size. */
  readonly maxElements: number
  /** Of the smallest JSON text, in bytes. */
  readonly minSerializedSize: number
}

export const simpleDecl = (
  name: string,
  celType: CelType,
  minSerializedSize: number,
  maxElements = 0,
): DeclType => ({ name, celType, minSerializedSize, maxElements })

export const anyDecl = simpleDecl('any', anyType, 1)
export const boolDecl = simpleDecl('bool', boolType, 4)
export const bytesDecl = simpleDecl('bytes', bytesType, 2)
export const doubleDecl = simpleDecl('double', doubleType, 1)
export const durationDecl = simpleDecl('duration', durationType, 3)
export const dynDecl = simpleDecl('dyn', dynType, 1)
export const intDecl = simpleDecl('int', intType, 1)
export const nullDecl = simpleDecl('null_type', nullType, 4)
export const stringDecl = simpleDecl('string', stringType, 2)
export const timestampDecl = simpleDecl('timestamp', timestampType, 12)
export const uintDecl = simpleDecl('uint', uintType, 1)

export const listDecl = (elemType: DeclType, maxElements = -1): DeclType => ({
  name: 'list',
  celType: listOf(elemType.celType),
  elemType,
  maxElements,
  minSerializedSize: 2,
})

export const mapDecl = (keyType: DeclType, elemType: DeclType, maxElements = -1): DeclType => ({
  name: 'map',
  celType: mapOf(keyType.celType, elemType.celType),
  keyType,
  elemType,
  maxElements,
  minSerializedSize: 2,
})

/** `fields`: name → type, or [type, required]. */
export function objectDecl(
  name: string,
  fields: Readonly<Record<string, DeclType>> | ReadonlyMap<string, DeclField>,
  minSerializedSize = 2,
): DeclType {
  const byName =
    fields instanceof Map
      ? fields
      : new Map(
          Object.entries(fields).map(([field, type]): [string, DeclField] => [
            field,
            { name: field, type, required: false },
          ]),
        )
  return { name, celType: structType(name), fields: byName, maxElements: 0, minSerializedSize }
}

/** The name that stands for "an object of a schema, not named yet". */
export const unnamedObject = 'object'

/** Gives a name to each object type that has none: `selfType.spec`, `selfType.items.@idx`. */
export function nameDeclType(type: DeclType, name: string): DeclType {
  if (type.fields !== undefined) {
    const own = type.name === unnamedObject ? name : type.name
    const fields = new Map(
      [...type.fields].map(([field, declaration]) => [
        field,
        { ...declaration, type: nameDeclType(declaration.type, `${own}.${field}`) },
      ]),
    )
    return { ...type, name: own, fields, celType: structType(own), maxElements: 0 }
  }
  if (type.elemType === undefined) return type
  if (type.keyType !== undefined) {
    return mapDecl(type.keyType, nameDeclType(type.elemType, `${name}.@elem`), type.maxElements)
  }
  return listDecl(nameDeclType(type.elemType, `${name}.@idx`), type.maxElements)
}

/** All object types in a type, itself among them, by name. */
export function objectTypesIn(
  type: DeclType,
  found: Map<string, DeclType> = new Map(),
): ReadonlyMap<string, DeclType> {
  if (type.fields !== undefined) {
    found.set(type.name, type)
    for (const field of type.fields.values()) objectTypesIn(field.type, found)
  }
  if (type.elemType !== undefined) objectTypesIn(type.elemType, found)
  return found
}
