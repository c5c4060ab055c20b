import type { StringMap } from '../../../apimachinery/meta.ts'
import { badRequest } from '../../../apimachinery/status-error.ts'

/** The labels of `a=b,c=d` (Go's ConvertSelectorToLabelsMap). Throws BadRequest for anything else. */
export function labelsOfSelector(selector: string): StringMap {
  if (selector === '') return {}
  return Object.fromEntries(
    selector.split(',').map((pair) => {
      const [key, value, ...more] = pair.split('=')
      if (key === undefined || value === undefined || more.length > 0)
        throw badRequest(`invalid selector: ${pair}`)
      return [key.trim(), value.trim()]
    }),
  )
}
