import { describe, expect, test } from 'vitest'
import type { Explanation } from '../cluster/index.ts'
import { explanationText } from './explanation-text.ts'

const attempt: Explanation = {
  namespace: 'default',
  pod: 'web',
  uid: 'u',
  schedulerName: 'default-scheduler',
  time: '2026-01-01T00:00:00Z',
  result: 'bound',
  feasibleNodes: 0,
  scores: [],
  refusedNodes: 0,
  refused: [],
}

describe('explanationText()', () => {
  test('has a row for each node with the points of each plugin', () => {
    const points = (fit: number, images: number) => ({ NodeResourcesFit: fit, ImageLocality: images })
    const scores = [
      { node: 'node-1', total: 150, points: points(100, 50) },
      { node: 'n2', total: 90, points: points(90, 0) },
    ]
    expect(explanationText({ ...attempt, node: 'node-1', feasibleNodes: 3, scores }).split('\n')).toEqual([
      'default/web is on node-1',
      '(default-scheduler, 2026-01-01T00:00:00Z)',
      '',
      '3 nodes would do, the best 2 of them:',
      'NODE    POINTS  NodeResourcesFit  ImageLocality',
      'node-1  150     100               50',
      'n2      90      90                0',
      '',
    ])
  })

  test('has for each refused node what it would need', () => {
    const refused = [
      {
        node: 'n1',
        plugin: 'TaintToleration',
        reasons: ['node(s) had untolerated taint(s)'],
        changes: [{ plugin: 'TaintToleration', what: 'a toleration of a:NoSchedule' }],
      },
    ]
    const message = '0/1 nodes are available: 1 node(s) had untolerated taint(s).'
    expect(
      explanationText({ ...attempt, result: 'unschedulable', message, refusedNodes: 1, refused }).split('\n'),
    ).toEqual([
      `default/web fits nowhere: ${message}`,
      '(default-scheduler, 2026-01-01T00:00:00Z)',
      '',
      'Refused by 1 node:',
      'n1: TaintToleration: node(s) had untolerated taint(s)',
      '    needs a toleration of a:NoSchedule',
      '',
    ])
  })
})
