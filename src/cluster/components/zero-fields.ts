import type { Fields } from './config-fields.ts'

/** What says nothing: `0s`, `0`, `''`, false, and what holds only such. */
function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0) return true
  if (typeof value === 'string') return /^(0[a-z]*)?$/.test(value)
  if (Array.isArray(value)) return value.length === 0
  return typeof value === 'object' && Object.values(value).every(isZero)
}

/** The fields without those of `unserved` that say nothing: kubeadm and others write them, though they change nothing here. */
export function withoutZeroFields(fields: Fields, unserved: ReadonlySet<string>): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => !(unserved.has(name) && isZero(value))),
  )
}
