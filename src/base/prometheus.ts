import { assert } from './assert.ts'
import { escapeHelp, formatNumber, renderLabels } from './exposition.ts'
import { LabelTree } from './label-tree.ts'
import type {
  Counter,
  CounterSeries,
  Gauge,
  GaugeSeries,
  Histogram,
  HistogramOptions,
  HistogramSeries,
  MetricOptions,
  Metrics,
} from './metrics.ts'

type MetricType = 'counter' | 'gauge' | 'histogram'

/** One family of series under one name. */
interface Family {
  readonly type: MetricType
  readonly labels: readonly string[]
  expose(lines: string[]): void
}

/** Of the Prometheus client libraries. */
const defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const noLabels: readonly string[] = []

const sampleName = (name: string, labels: string): string => (labels === '' ? name : `${name}{${labels}}`)

class ValueSeries implements CounterSeries, GaugeSeries {
  /** `verb="get",code="200"`, empty without labels. */
  readonly labels: string
  value = 0
  readonly #name: string

  constructor(name: string, labels: string) {
    this.#name = name
    this.labels = labels
  }

  inc(by = 1): void {
    assert(by >= 0, `counter ${this.#name} would go down by ${-by}`)
    this.value += by
  }

  set(value: number): void {
    this.value = value
  }

  add(by: number): void {
    this.value += by
  }
}

class ValueFamily implements Family, Counter, Gauge {
  readonly type: MetricType
  readonly labels: readonly string[]
  readonly #name: string
  readonly #tree: LabelTree<ValueSeries>

  constructor(type: MetricType, options: MetricOptions) {
    this.type = type
    this.labels = options.labels ?? noLabels
    this.#name = options.name
    this.#tree = new LabelTree(
      this.labels.length,
      (values) => new ValueSeries(this.#name, renderLabels(this.labels, values)),
    )
    // A metric without labels is there from the start, so that its absence says that the component is absent.
    if (this.labels.length === 0) this.#tree.get(noLabels)
  }

  with(labels: readonly string[]): ValueSeries {
    return this.#tree.get(labels)
  }

  inc(labels: readonly string[] = noLabels, by = 1): void {
    this.#tree.get(labels).inc(by)
  }

  set(value: number, labels: readonly string[] = noLabels): void {
    this.#tree.get(labels).value = value
  }

  add(by: number, labels: readonly string[] = noLabels): void {
    this.#tree.get(labels).value += by
  }

  remove(labels: readonly string[]): void {
    this.#tree.remove(labels)
  }

  clear(): void {
    this.#tree.clear()
  }

  expose(lines: string[]): void {
    for (const series of this.#tree.leaves) {
      lines.push(`${sampleName(this.#name, series.labels)} ${formatNumber(series.value)}`)
    }
  }
}

class Observations implements HistogramSeries {
  readonly labels: string
  /** Observations for each bucket alone (not cumulative); the last one is +Inf's. */
  readonly counts: Float64Array
  sum = 0
  readonly #bounds: Float64Array

  constructor(labels: string, bounds: Float64Array) {
    this.labels = labels
    this.#bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number, times = 1): void {
    const bounds = this.#bounds
    let low = 0
    let high = bounds.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (value <= (bounds[middle] ?? 0)) high = middle
      else low = middle + 1
    }
    this.counts[low] = (this.counts[low] ?? 0) + times
    this.sum += value * times
  }
}

class HistogramFamily implements Family, Histogram {
  readonly type = 'histogram'
  readonly labels: readonly string[]
  readonly #name: string
  readonly #bounds: Float64Array
  readonly #tree: LabelTree<Observations>

  constructor(options: HistogramOptions) {
    this.labels = options.labels ?? noLabels
    this.#name = options.name
    this.#bounds = Float64Array.from(options.buckets ?? defaultBuckets)
    for (let index = 1; index < this.#bounds.length; index++) {
      const ascending = (this.#bounds[index - 1] ?? 0) < (this.#bounds[index] ?? 0)
      assert(ascending, `the buckets of ${options.name} do not ascend`)
    }
    this.#tree = new LabelTree(
      this.labels.length,
      (values) => new Observations(renderLabels(this.labels, values), this.#bounds),
    )
    if (this.labels.length === 0) this.#tree.get(noLabels)
  }

  with(labels: readonly string[]): Observations {
    return this.#tree.get(labels)
  }

  observe(value: number, labels: readonly string[] = noLabels): void {
    this.#tree.get(labels).observe(value)
  }

  remove(labels: readonly string[]): void {
    this.#tree.remove(labels)
  }

  expose(lines: string[]): void {
    for (const series of this.#tree.leaves) {
      const prefix = series.labels === '' ? '' : `${series.labels},`
      let total = 0
      series.counts.forEach((count, index) => {
        total += count
        const bound = formatNumber(this.#bounds[index] ?? Number.POSITIVE_INFINITY)
        lines.push(`${this.#name}_bucket{${prefix}le="${bound}"} ${total}`)
      })
      lines.push(`${sampleName(`${this.#name}_sum`, series.labels)} ${formatNumber(series.sum)}`)
      lines.push(`${sampleName(`${this.#name}_count`, series.labels)} ${total}`)
    }
  }
}

/**
 * Metrics kept in memory and exposed in the Prometheus text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). An observation costs one map look-up for
 * each label and allocates nothing.
 */
export class PrometheusMetrics implements Metrics {
  readonly #families = new Map<string, { readonly help: string; readonly family: Family }>()
  readonly #collectors: (() => void)[] = []

  counter(options: MetricOptions): Counter {
    return this.#register(options, 'counter', ValueFamily, () => new ValueFamily('counter', options))
  }

  gauge(options: MetricOptions): Gauge {
    return this.#register(options, 'gauge', ValueFamily, () => new ValueFamily('gauge', options))
  }

  histogram(options: HistogramOptions): Histogram {
    return this.#register(options, 'histogram', HistogramFamily, () => new HistogramFamily(options))
  }

  onCollect(collect: () => void): void {
    this.#collectors.push(collect)
  }

  expose(): string {
    for (const collect of this.#collectors) collect()
    const lines: string[] = []
    for (const name of [...this.#families.keys()].sort()) {
      const registered = this.#families.get(name)
      if (registered === undefined) continue
      const head = lines.push(`# HELP ${name} ${escapeHelp(registered.help)}`)
      const type = lines.push(`# TYPE ${name} ${registered.family.type}`)
      registered.family.expose(lines)
      // Nothing has been measured yet.
      if (lines.length === type) lines.length = head - 1
    }
    lines.push('')
    return lines.join('\n')
  }

  #register<F extends Family>(
    options: MetricOptions,
    type: MetricType,
    kind: abstract new (...parameters: never[]) => F,
    make: () => F,
  ): F {
    const { name, help, labels = noLabels } = options
    assert(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name), `${name} is no name of a metric`)
    const registered = this.#families.get(name)?.family
    if (registered === undefined) {
      const family = make()
      this.#families.set(name, { help, family })
      return family
    }
    const same = registered.type === type && registered.labels.join() === labels.join()
    assert(same && registered instanceof kind, `${name} is registered with another type or other labels`)
    return registered
  }
}
