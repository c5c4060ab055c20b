import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { type Goal, type GoalName, goals, isBetterHigher, type Unit } from './goals.ts'

/** Further numbers of a figure, under names that say their unit: `p99Ms`. */
export type Details = Readonly<Record<string, number | string>>

interface Figure {
  readonly name: string
  readonly title: string
  readonly unit: Unit
  readonly ours: number
  readonly upstream?: number
  readonly goal?: number
  readonly reached?: boolean
  readonly details: Details
}

const digits = (value: number): number => (Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)

const text = (value: number | undefined, unit: Unit): string =>
  value === undefined
    ? ''
    : `${value.toLocaleString('en', { maximumFractionDigits: digits(value) })}${unit.startsWith('/') ? '' : ' '}${unit}`

const columns = [56, 15, 15, 15] as const

function line(cells: readonly string[], rest: string): string {
  const padded = cells.map((cell, index) =>
    index === 0 ? cell.padEnd(56) : cell.padStart(columns[index] ?? 0),
  )
  return `${padded.join('')}  ${rest}`.trimEnd()
}

/** Of the minute before; figures of a busy machine say little. */
const busyAtStart = loadavg()[0] ?? 0
const quiet = 0.5

/** Prints figures as they come, and keeps them for a file. */
export class Report {
  readonly #scenario: string
  readonly #figures: Figure[] = []
  readonly #notes: string[] = []

  constructor(scenario: string) {
    this.#scenario = scenario
    console.log(line([scenario, 'upstream', 'goal', 'ours'], ''))
    if (busyAtStart > quiet)
      this.note(`others are busy here: load average ${busyAtStart}, so times are too long`)
  }

  /** A figure that has been promised. */
  figure(name: GoalName, ours: number, details: Details = {}): void {
    const goal: Goal = goals[name]
    const reached = isBetterHigher(goal.unit) ? ours >= goal.goal : ours <= goal.goal
    this.#add({ name, ...goal, ours, reached, details })
  }

  /** A figure beside those; `upstream` where somebody has measured it. */
  extra(title: string, unit: Unit, ours: number, details: Details = {}, upstream?: number): void {
    this.#add({ name: title, title, unit, ours, details, ...(upstream === undefined ? {} : { upstream }) })
  }

  /** What is missing from the table, and why. */
  note(sentence: string): void {
    this.#notes.push(sentence)
    console.log(`  ${sentence}`)
  }

  /** Writes bench/results/SCENARIO.json, and says where. */
  write(): string {
    const folder = join(import.meta.dirname, 'results')
    mkdirSync(folder, { recursive: true })
    const file = join(folder, `${this.#scenario}.json`)
    const result = {
      scenario: this.#scenario,
      node: process.version,
      processors: availableParallelism(),
      loadAverageAtStart: busyAtStart,
      notes: this.#notes,
      figures: this.#figures,
    }
    writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
    return file
  }

  #add(figure: Figure): void {
    this.#figures.push(figure)
    const { title, unit, upstream, goal, ours, reached, details } = figure
    const mark = reached === undefined ? ' ' : reached ? '✓' : '✗'
    const rest = Object.entries(details).map(
      ([key, value]) => `${key} ${typeof value === 'number' ? Number(value.toPrecision(4)) : value}`,
    )
    const cells = [title, text(upstream, unit), text(goal, unit), text(ours, unit)]
    console.log(line(cells, `${mark} ${rest.join(', ')}`))
  }
}
