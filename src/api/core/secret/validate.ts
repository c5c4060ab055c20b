import type { FieldError } from '../../../apimachinery/field-error.ts'
import { fieldForbidden, invalidValue, required, tooLong } from '../../../apimachinery/field-errors.ts'
import { fieldPath } from '../../../apimachinery/field-path.ts'
import { isConfigMapKey } from '../../../apimachinery/label-syntax.ts'
import { validateImmutable } from '../../../apimachinery/object-meta-validation.ts'
import { semanticallyEqual } from '../../../apimachinery/semantically-equal.ts'
import type { core } from '../../generated/types/index.ts'
import { decodedLength, maxDataBytes } from '../data-size.ts'

type Secret = core.v1.Secret

const dataPath = fieldPath('data')
const accountAnnotation = 'kubernetes.io/service-account.name'

/** What the kubelet reads as JSON has to be some. */
function validateJson(secret: Secret, key: string, errors: FieldError[]): void {
  const encoded = secret.data?.[key]
  const where = dataPath.key(key)
  if (encoded === undefined) {
    errors.push(required(where))
    return
  }
  try {
    const value: unknown = JSON.parse(atob(encoded))
    if (typeof value === 'object' && !Array.isArray(value)) return
    errors.push(invalidValue(where, '<secret contents redacted>', 'must be a JSON object'))
  } catch {
    errors.push(invalidValue(where, '<secret contents redacted>', 'must be well-formed JSON'))
  }
}

function validateKeys(secret: Secret, errors: FieldError[]): void {
  const data = secret.data ?? {}
  const missing = (...keys: readonly string[]): void => {
    for (const key of keys) errors.push(required(dataPath.key(key)))
  }
  switch (secret.type) {
    case 'kubernetes.io/service-account-token':
      if ((secret.metadata?.annotations?.[accountAnnotation] ?? '') === '')
        errors.push(required(fieldPath('metadata').child('annotations').key(accountAnnotation)))
      return
    case 'kubernetes.io/dockercfg':
      validateJson(secret, '.dockercfg', errors)
      return
    case 'kubernetes.io/dockerconfigjson':
      validateJson(secret, '.dockerconfigjson', errors)
      return
    case 'kubernetes.io/basic-auth':
      if (!('username' in data) && !('password' in data)) missing('username', 'password')
      return
    case 'kubernetes.io/ssh-auth':
      if ((data['ssh-privatekey'] ?? '') === '') missing('ssh-privatekey')
      return
    case 'kubernetes.io/tls':
      missing(...['tls.crt', 'tls.key'].filter((key) => !(key in data)))
  }
}

export function validateSecretChange(secret: Secret, old: Secret): readonly FieldError[] {
  const errors: FieldError[] = []
  validateImmutable(secret.type ?? '', old.type ?? '', fieldPath('type'), errors)
  if (old.immutable !== true) return errors
  const detail = 'field is immutable when `immutable` is set'
  if (secret.immutable !== true) errors.push(fieldForbidden('immutable', detail))
  if (!semanticallyEqual(secret.data, old.data)) errors.push(fieldForbidden('data', detail))
  return errors
}

export function validateSecret(secret: Secret): readonly FieldError[] {
  const errors: FieldError[] = []
  let bytes = 0
  for (const key in secret.data) {
    for (const complaint of isConfigMapKey(key)) errors.push(invalidValue(dataPath.key(key), key, complaint))
    bytes += decodedLength(secret.data[key] ?? '')
  }
  if (bytes > maxDataBytes) errors.push(tooLong(dataPath, maxDataBytes))
  validateKeys(secret, errors)
  return errors
}
