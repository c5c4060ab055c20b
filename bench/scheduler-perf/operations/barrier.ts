import { setTimeout } from 'node:timers/promises'
import type { OperationReader } from '../operation.ts'

/** Waits for pods of operations that did not wait themselves. */
export const barrier: OperationReader = (fields) => {
  const namespaces = fields.texts('namespaces')
  const labels = fields.map('labelSelector')
  const stage = fields.text('stageRequirement') ?? 'Scheduled'
  if (stage !== 'Scheduled' && stage !== 'Attempted') throw fields.error(`there is no stage ${stage}`)
  return async ({ pods, awaited }) => {
    for (const name of namespaces) if (!awaited.has(name)) throw fields.error(`there is no namespace ${name}`)
    const counted = [...awaited].filter(([name]) => namespaces.length === 0 || namespaces.includes(name))
    const isAll = Object.keys(labels).length === 0
    const count = isAll ? counted.reduce((sum, [, pods]) => sum + pods, 0) : 0
    const names = counted.filter(([, pods]) => pods > 0).map(([name]) => name)
    if (names.length === 0) return
    await pods.untilAll({ namespaces: names, labels }, stage, count)
    if (stage === 'Scheduled') for (const name of names) awaited.set(name, 0)
  }
}

export const sleep: OperationReader = (fields) => {
  const durationMs = fields.durationMs('duration')
  return () => setTimeout(durationMs)
}
