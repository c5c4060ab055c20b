import type { core } from '../../../api/generated/types/index.ts'
import { required } from '../../../apimachinery/field-errors.ts'
import type { FieldsReader } from '../../../apimachinery/fields-reader.ts'
import type { NodeAffinityArgs } from './node-affinity.ts'

function readRequirements(reader: FieldsReader, name: string): readonly core.v1.NodeSelectorRequirement[] {
  return (reader.objects(name) ?? []).map((each) => {
    const values = each.texts('values')
    const requirement = {
      key: each.text('key') ?? '',
      operator: each.text('operator') ?? '',
      ...(values === undefined ? {} : { values }),
    }
    each.end()
    return requirement
  })
}

function readTerm(reader: FieldsReader): core.v1.NodeSelectorTerm {
  const term = {
    matchExpressions: readRequirements(reader, 'matchExpressions'),
    matchFields: readRequirements(reader, 'matchFields'),
  }
  reader.end()
  return term
}

function readRequired(reader: FieldsReader): core.v1.NodeSelector {
  const nodeSelectorTerms = (reader.objects('nodeSelectorTerms') ?? []).map(readTerm)
  if (nodeSelectorTerms.length === 0)
    reader.fail(required(reader.at('nodeSelectorTerms'), 'must have at least one node selector term'))
  reader.end()
  return { nodeSelectorTerms }
}

export function readNodeAffinityArgs(reader: FieldsReader): NodeAffinityArgs {
  const added = reader.object('addedAffinity')
  if (added === undefined) return {}
  const needed = added.object('requiredDuringSchedulingIgnoredDuringExecution')
  const preferred = added.objects('preferredDuringSchedulingIgnoredDuringExecution') ?? []
  const terms = preferred.map((each) => {
    const preference = each.object('preference')
    const term = {
      weight: each.integer('weight') ?? 0,
      preference: preference === undefined ? {} : readTerm(preference),
    }
    each.end()
    return term
  })
  added.end()
  return {
    addedAffinity: {
      ...(needed === undefined
        ? {}
        : { requiredDuringSchedulingIgnoredDuringExecution: readRequired(needed) }),
      preferredDuringSchedulingIgnoredDuringExecution: terms,
    },
  }
}
