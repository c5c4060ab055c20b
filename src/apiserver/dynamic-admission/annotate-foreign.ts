import { isQualifiedName } from '../../apimachinery/label-syntax.ts'
import type { AdmissionAttributes } from '../admission.ts'

/** An audit annotation by a key that somebody else chose: only qualified names with a prefix are keys. */
export function annotateForeign(attributes: AdmissionAttributes, key: string, value: string): void {
  if (key.split('/').length === 2 && isQualifiedName(key).length === 0) attributes.annotate(key, value)
}
