import { expect, test } from 'vitest'
import { outcomeLine, planText } from './rebalance-text.ts'

const move = { pod: { metadata: { name: 'web-1', namespace: 'shop' } }, from: 'n1', to: 'n2', gain: 0.25 }

test('planText() tells the gain before anything is done', () => {
  const plan = { movable: 3, energyBefore: 1.5, energyFound: 1, energyAfter: 1.25, moves: [move] }
  expect(planText(plan, false)).toBe(
    [
      'energy 1.500; 3 pods that may be moved; annealing finds a placement with 1.000',
      '1 eviction brings it to 1.250 (gain 0.250):',
      '  shop/web-1  n1 -> n2  gains 0.250',
      'Nothing is evicted without --evict.',
      '',
    ].join('\n'),
  )
  expect(planText({ ...plan, moves: [] }, true)).toContain('No eviction would')
})

test('outcomeLine() tells what became of a move', () => {
  expect(outcomeLine({ type: 'refused', move, message: 'a budget' })).toBe('shop/web-1 stays: a budget')
  expect(outcomeLine({ type: 'moved', move, node: 'n3' })).toContain('its replacement is on n3')
})
