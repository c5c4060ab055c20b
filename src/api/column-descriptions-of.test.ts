import { expect, test } from 'vitest'
import { Scale } from './autoscaling/scale/kind.ts'
import { columnDescriptionsOf } from './column-descriptions-of.ts'
import { ageColumn, nameColumn } from './columns.ts'
import { columnDescriptions } from './generated/column-descriptions.ts'
import { kinds } from './kinds.ts'

test('columnDescriptionsOf() speaks of columns that their kinds have, and of each kind once', () => {
  for (const [key, text] of Object.entries(columnDescriptions)) {
    const kind = [...kinds, Scale].find(({ group, kind }) => `${group}/${kind}` === key)
    const names = kind?.columns.map(({ name }) => name) ?? []
    const described: Readonly<Record<string, string>> = JSON.parse(text)
    expect(names, key).toEqual(expect.arrayContaining(Object.keys(described)))
    for (const description of Object.values(described))
      expect([nameColumn.description, ageColumn.description]).not.toContain(description)
  }
})

test('columnDescriptionsOf() knows nothing of other kinds', () => {
  expect(columnDescriptionsOf({ group: '', kind: 'Pod' }).Status).toBe(
    'The aggregate status of the containers in this pod.',
  )
  expect(columnDescriptionsOf({ group: 'example.com', kind: 'Pod' })).toEqual({})
})
