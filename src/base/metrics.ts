export interface MetricOptions {
  /** Full name, with upstream's prefix and unit: `apiserver_request_duration_seconds`. */
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
}

export interface HistogramOptions extends MetricOptions {
  /** Upper bounds in ascending order, without +Inf. */
  readonly buckets?: readonly number[]
}

/** One series of a counter, so that counting looks nothing up. Good until its labels are forgotten. */
export interface CounterSeries {
  inc(by?: number): void
}

/** As CounterSeries, of a gauge. */
export interface GaugeSeries {
  set(value: number): void
  add(by: number): void
}

/** As CounterSeries, of a histogram. */
export interface HistogramSeries {
  /** `times`: how often that value; 1 when absent. */
  observe(value: number, times?: number): void
}

export interface Counter {
  inc(labels?: readonly string[], by?: number): void
  /** Its series of these labels, for who counts them often. It is shown from now on. */
  with(labels: readonly string[]): CounterSeries
  /** Forgets the count of these labels: of what is no longer there. */
  remove(labels: readonly string[]): void
  /** Forgets all counts: for what is counted elsewhere and told anew at every exposition. */
  clear(): void
}

export interface Gauge {
  set(value: number, labels?: readonly string[]): void
  add(by: number, labels?: readonly string[]): void
  with(labels: readonly string[]): GaugeSeries
  /** Forgets all values: for what is set anew at every exposition. */
  clear(): void
}

export interface Histogram {
  observe(value: number, labels?: readonly string[]): void
  with(labels: readonly string[]): HistogramSeries
  /** Forgets the observations of these labels. */
  remove(labels: readonly string[]): void
}

/**
 * Where components register what they measure. Asking twice for one name gives the same metric.
 * Label values are positional, in the order of `labels`.
 */
export interface Metrics {
  counter(options: MetricOptions): Counter
  gauge(options: MetricOptions): Gauge
  histogram(options: HistogramOptions): Histogram
  /** Called before every exposition, for values that are cheaper to read than to keep. */
  onCollect(collect: () => void): void
  /** The Prometheus text exposition, format 0.0.4. */
  expose(): string
}
