import type { NameRule } from './define-kind.ts'
import {
  type Complaints,
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isLongName,
  isPathSegmentName,
  isPathSegmentPrefix,
} from './names.ts'

/** A generateName may end in a dash, since more follows; upstream's way of looking past it. */
function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name
}

/** Checks a kind's name, or with `prefix` its generateName. */
export function checkName(rule: NameRule, name: string, prefix: boolean): Complaints {
  switch (rule) {
    case 'subdomain':
      return isDns1123Subdomain(prefix ? maskTrailingDash(name) : name)
    case 'label':
      return isDns1123Label(prefix ? maskTrailingDash(name) : name)
    case 'label-1035':
      return isDns1035Label(prefix ? maskTrailingDash(name) : name)
    case 'long-name':
      return prefix ? [] : isLongName(name)
    case 'path-segment':
      return prefix ? isPathSegmentPrefix(name) : isPathSegmentName(name)
  }
}
