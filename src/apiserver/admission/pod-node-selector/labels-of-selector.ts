import { invalidValue } from '../../../apimachinery/field-errors.ts'
import { isLabelValue, isQualifiedName } from '../../../apimachinery/label-syntax.ts'
import type { StringMap } from '../../../apimachinery/meta.ts'
import { statusError } from '../../../apimachinery/status-error.ts'

/** Of a plain error of upstream's: it says nothing but its text. */
const failed = (text: string): Error => statusError('', text)

function check(where: string, value: string, complaints: readonly string[]): void {
  if (complaints.length > 0)
    throw failed(`${where}: ${invalidValue('', value, complaints.join('; ')).message}`)
}

/** The labels of `a=b,c=d` (Go's ConvertSelectorToLabelsMap). Throws a StatusError in its words for anything else. */
export function labelsOfSelector(selector: string): StringMap {
  if (selector === '') return {}
  return Object.fromEntries(
    selector.split(',').map((pair) => {
      const parts = pair.split('=')
      const [key = '', value = ''] = parts.map((part) => part.trim())
      if (parts.length !== 2) throw failed(`invalid selector: [${parts.join(' ')}]`)
      check('<nil>', key, isQualifiedName(key))
      check(`[${key}]`, value, isLabelValue(value))
      return [key, value]
    }),
  )
}
