import protobuf from 'protobufjs'

/** `EncryptedObject` of upstream's `kmsv2/v2/api.proto`: what the store holds. */
export interface EncryptedObject {
  readonly encryptedData: Uint8Array
  readonly keyID: string
  readonly encryptedDEKSource: Uint8Array
  readonly annotations: Readonly<Record<string, Uint8Array>>
  /** 0: `encryptedDEKSource` is the key itself; 1: a seed for HKDF. */
  readonly encryptedDEKSourceType: number
}

const type = new protobuf.Type('EncryptedObject')
  .add(new protobuf.Field('encryptedData', 1, 'bytes'))
  .add(new protobuf.Field('keyID', 2, 'string'))
  .add(new protobuf.Field('encryptedDEKSource', 3, 'bytes'))
  .add(new protobuf.MapField('annotations', 4, 'string', 'bytes'))
  .add(new protobuf.Field('encryptedDEKSourceType', 5, 'int32'))
new protobuf.Root().add(type)

export const encodeEncryptedObject = (object: EncryptedObject): Uint8Array =>
  type.encode(type.fromObject({ ...object })).finish()

const maxSourceBytes = 1024
const maxKeyBytes = 1024

/** What is wrong with a key's id, if anything is. */
export function keyIdProblem(keyId: string): string | undefined {
  if (keyId === '') return 'keyID is empty'
  return keyId.length > maxKeyBytes
    ? `keyID is ${keyId.length} bytes, which exceeds the max size of ${maxKeyBytes}`
    : undefined
}

/** Throws an Error in upstream's words. */
function checkEncryptedObject(object: EncryptedObject): EncryptedObject {
  const { encryptedDEKSourceType: source, encryptedData, encryptedDEKSource, keyID } = object
  if (source !== 0 && source !== 1) throw new Error(`unknown encryptedDEKSourceType: ${source}`)
  if (encryptedData.length === 0) throw new Error('encrypted data is empty')
  const wrong = 'failed to validate encrypted DEK source: encrypted DEK source is'
  if (encryptedDEKSource.length === 0) throw new Error(`${wrong} empty`)
  if (encryptedDEKSource.length > maxSourceBytes)
    throw new Error(
      `${wrong} ${encryptedDEKSource.length} bytes, which exceeds the max size of ${maxSourceBytes}`,
    )
  const problem = keyIdProblem(keyID)
  if (problem !== undefined) throw new Error(`failed to validate key id: ${problem}`)
  return object
}

export function decodeEncryptedObject(bytes: Uint8Array): EncryptedObject {
  const decoded = type.toObject(type.decode(bytes), { defaults: true, objects: true })
  return checkEncryptedObject({
    encryptedData: decoded['encryptedData'],
    keyID: decoded['keyID'],
    encryptedDEKSource: decoded['encryptedDEKSource'],
    annotations: decoded['annotations'],
    encryptedDEKSourceType: decoded['encryptedDEKSourceType'],
  })
}
