import { expect, test } from 'vitest'
import { parseQuery } from './query.ts'

const pod = {
  metadata: { labels: { 'a.b/c': 'x' }, ownerReferences: [{ kind: 'Job' }, { kind: 'Other' }] },
  status: {
    phase: 'Running',
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Initialized', status: 'False' },
    ],
  },
}

test.each([
  ['.', [pod]],
  ['.status.phase', ['Running']],
  ['.status["phase"]', ['Running']],
  ['."status".phase', ['Running']],
  ['.metadata.labels["a.b/c"]', ['x']],
  ['.metadata.ownerReferences.[].kind', ['Job', 'Other']],
  ['.metadata.ownerReferences[].kind', ['Job', 'Other']],
  ['.metadata.ownerReferences[-1].kind', ['Other']],
  ['.status.conditions.[] | select( .type == "Ready" ) | .status', ['True']],
  ['.status.conditions[] | select(.type != "Ready") | .status', ['False']],
  ['.status.startTime', []],
  ['.spec.containers[0].name', []],
])('parseQuery() finds %s', (text, found) => {
  expect(parseQuery(text)(pod)).toEqual(found)
})

test.each(['', 'status', '.status |', '.a | length', '.a, .b', 'select(.a)', '.["a"'])(
  'parseQuery() refuses %j',
  (text) => {
    expect(() => parseQuery(text)).toThrow(SyntaxError)
  },
)
