import { expect, test } from 'vitest'
import { PrometheusMetrics } from './prometheus.ts'

test('expose() writes counters, gauges and histograms in the text format', () => {
  const metrics = new PrometheusMetrics()
  const requests = metrics.counter({
    name: 'requests_total',
    help: 'All\nrequests.',
    labels: ['verb', 'code'],
  })
  requests.inc(['get', '200'])
  requests.inc(['get', '200'], 2)
  requests.inc(['list "all"\\\n', '500'])
  metrics.gauge({ name: 'depth', help: 'Queue depth.' }).set(-1.5)
  const durations = metrics.histogram({
    name: 'a_seconds',
    help: 'Time.',
    buckets: [0.1, 1],
    labels: ['verb'],
  })
  for (const value of [0.05, 0.1, 0.5, 7]) durations.observe(value, ['get'])
  expect(metrics.expose()).toBe(`# HELP a_seconds Time.
# TYPE a_seconds histogram
a_seconds_bucket{verb="get",le="0.1"} 2
a_seconds_bucket{verb="get",le="1"} 3
a_seconds_bucket{verb="get",le="+Inf"} 4
a_seconds_sum{verb="get"} 7.65
a_seconds_count{verb="get"} 4
# HELP depth Queue depth.
# TYPE depth gauge
depth -1.5
# HELP requests_total All\\nrequests.
# TYPE requests_total counter
requests_total{verb="get",code="200"} 3
requests_total{verb="list \\"all\\"\\\\\\n",code="500"} 1
`)
})

test('expose() shows a metric without labels before its first value, and calls collectors each time', () => {
  const metrics = new PrometheusMetrics()
  const size = metrics.gauge({ name: 'size_bytes', help: 'Size.' })
  metrics.counter({ name: 'errors_total', help: 'Errors.' })
  let reads = 0
  metrics.onCollect(() => size.set(++reads))
  metrics.expose()
  expect(metrics.expose()).toContain('\nsize_bytes 2\n')
  expect(metrics.expose()).toContain('\nerrors_total 0\n')
})

test('counter() gives the same metric for the same name, and refuses another type or other labels', () => {
  const metrics = new PrometheusMetrics()
  const options = { name: 'x_total', help: 'X.', labels: ['a'] }
  metrics.counter(options).inc(['1'])
  metrics.counter(options).inc(['1'])
  expect(metrics.expose()).toContain('x_total{a="1"} 2')
  expect(() => metrics.gauge(options)).toThrow('another type')
  expect(() => metrics.counter({ name: 'x_total', help: 'X.' })).toThrow('other labels')
  expect(() => metrics.counter(options).inc([])).toThrow('1 label values, not 0')
  expect(() => metrics.counter(options).inc(['1'], -1)).toThrow('go down')
  expect(() => metrics.counter({ name: 'no-name', help: '' })).toThrow('no name')
})

test('expose() leaves out what has not been measured, and writes numbers as Go does', () => {
  const metrics = new PrometheusMetrics()
  metrics.counter({ name: 'none_total', help: 'None.', labels: ['verb'] })
  const sizes = metrics.gauge({ name: 'size_bytes', help: 'Size.', labels: ['of'] })
  for (const value of [0, 0.0001, 0.00001, 999_999, 1_050_000, 1e21, -2e-7]) sizes.set(value, [String(value)])
  expect(metrics.expose().split('\n').slice(2)).toEqual([
    'size_bytes{of="0"} 0',
    'size_bytes{of="0.0001"} 0.0001',
    'size_bytes{of="0.00001"} 1e-05',
    'size_bytes{of="999999"} 999999',
    'size_bytes{of="1050000"} 1.05e+06',
    'size_bytes{of="1e+21"} 1e+21',
    'size_bytes{of="-2e-7"} -2e-07',
    '',
  ])
})

test('with() gives a series that counts without looking anything up', () => {
  const metrics = new PrometheusMetrics()
  const sizes = metrics.histogram({ name: 'a_bytes', help: 'A.', labels: ['of'], buckets: [1, 10] })
  sizes.with(['x']).observe(5, 3)
  sizes.observe(20, ['x'])
  expect(metrics.expose()).toContain('a_bytes_sum{of="x"} 35\na_bytes_count{of="x"} 4\n')
})
