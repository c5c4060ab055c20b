import { expect, test } from 'vitest'
import type { FieldError } from '../../apimachinery/field-error.ts'
import { fieldPath } from '../../apimachinery/field-path.ts'
import { validateUid } from './names.ts'

const uid = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0'
const normal = 'uid must be in RFC 4122 normalized form'

test.each([
  [uid, undefined],
  [uid.toUpperCase(), normal],
  [uid.replaceAll('-', ''), normal],
  [`{${uid}}`, normal],
  [`urn:uuid:${uid}`, normal],
  ['share', 'error validating uid: invalid UUID length: 5'],
  [`g${uid.slice(1)}`, 'error validating uid: invalid UUID format'],
  [`(${uid})`, 'error validating uid: invalid bracketed UUID format'],
  [`urn-uuid:${uid}`, 'error validating uid: invalid urn prefix: "urn-uuid:"'],
])('validateUid() says of %s: %s', (text, why) => {
  const errors: FieldError[] = []
  validateUid(text, fieldPath('shareID'), errors)
  const [error] = errors
  if (why === undefined) expect(error).toBeUndefined()
  else expect(error?.message).toContain(`Invalid value: "${text}": ${why}`)
})
