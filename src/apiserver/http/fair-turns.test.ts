import { expect, test } from 'vitest'
import { FairTurns, Line } from './fair-turns.ts'

/** A clock that requests move, and turns that end when the test says so. */
function start() {
  let nowMs = 0
  let ends: (() => void)[] = []
  const nextTurn = (): Promise<void> =>
    new Promise((resolve) => {
      ends.push(resolve)
    })
  const turns = new FairTurns({ monotonicMs: () => nowMs, nextTurn })
  const begun: string[] = []
  const add = (line: Line, name: string): void =>
    turns.add(line, () => {
      begun.push(name)
      nowMs += 0.5
    })
  const endTurn = async (): Promise<readonly string[]> => {
    const before = begun.length
    const due = ends
    ends = []
    for (const end of due) end()
    for (let hop = 0; hop < 3; hop++) await Promise.resolve()
    return begun.slice(before)
  }
  return { add, begun, endTurn, planned: () => ends.length }
}

test('FairTurns begins requests at once while there is time, and others in turn after that', async () => {
  const { add, begun, endTurn, planned } = start()
  const [noisy, quiet] = [new Line(), new Line()]
  for (let index = 0; index < 12; index++) add(noisy, `noisy-${index}`)
  expect(begun).toEqual(['noisy-0', 'noisy-1', 'noisy-2', 'noisy-3'])
  add(quiet, 'quiet')
  expect(await endTurn()).toEqual(['noisy-4', 'noisy-5', 'noisy-6', 'noisy-7'])
  add(noisy, 'noisy-12')
  expect(await endTurn()).toEqual(['quiet', 'noisy-8', 'noisy-9', 'noisy-10', 'noisy-11'])
  expect(await endTurn()).toEqual(['noisy-12'])
  expect(await endTurn()).toEqual([])
  expect(planned()).toBe(0)
  add(quiet, 'again')
  expect(begun.at(-1)).toBe('again')
})
