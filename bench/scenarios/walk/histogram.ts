/**
 * The upper bound of the bucket in which a quantile lies, over all series of a histogram in Prometheus' text
 * format (https://prometheus.io/docs/instrumenting/exposition_formats/); NaN for one without observations.
 */
export function histogramQuantile(metrics: string, name: string, quantile: number): number {
  const counts = new Map<number, number>()
  for (const [, labels = '', count = '0'] of metrics.matchAll(
    new RegExp(`^${name}_bucket\\{([^}]*)\\} (\\S+)$`, 'gm'),
  )) {
    const bound = Number((/(?:^|,)le="([^"]+)"/.exec(labels)?.[1] ?? '').replace('+Inf', 'Infinity'))
    counts.set(bound, (counts.get(bound) ?? 0) + Number(count))
  }
  const wanted = (counts.get(Number.POSITIVE_INFINITY) ?? 0) * quantile
  const bounds = [...counts.keys()].sort((a, b) => a - b)
  return wanted === 0
    ? Number.NaN
    : (bounds.find((bound) => (counts.get(bound) ?? 0) >= wanted) ?? Number.NaN)
}
