import { defineKind } from '../../../apimachinery/define-kind.ts'
import { mapSame, set } from '../../defaulting.ts'
import type { core } from '../../generated/types/index.ts'
import { validateLimitRange } from './validate.ts'

type Item = core.v1.LimitRangeItem

const isEmpty = (list: object): boolean => Object.keys(list).length === 0

/** For containers the limit follows from the maximum, the request from the limit, then from the minimum. */
function defaultItem(item: Item): Item {
  if (item.type !== 'Container') return item
  const limits = { ...item.max, ...item.default }
  const requests = { ...item.min, ...limits, ...item.defaultRequest }
  return {
    ...item,
    ...(isEmpty(limits) ? {} : { default: limits }),
    ...(isEmpty(requests) ? {} : { defaultRequest: requests }),
  }
}

function defaultLimitRange(range: core.v1.LimitRange): core.v1.LimitRange {
  if (!range.spec?.limits) return range
  return set(range, 'spec', set(range.spec, 'limits', mapSame(range.spec.limits, defaultItem)))
}

/** One without a name gets one that nobody else has. */
function withName(range: core.v1.LimitRange): core.v1.LimitRange {
  const { name = '', uid = '' } = range.metadata ?? {}
  return name === '' ? { ...range, metadata: { ...range.metadata, name: uid } } : range
}

export const LimitRange = defineKind<core.v1.LimitRange>({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  resource: 'limitranges',
  namespaced: true,
  schema: 'io.k8s.api.core.v1.LimitRange',
  changedMetadata: ['whole'],
  prepareForCreate: withName,
  shortNames: ['limits'],
  allowCreateOnUpdate: true,
  defaults: defaultLimitRange,
  validate: validateLimitRange,
})
