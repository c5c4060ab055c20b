import { describe, expect, test } from 'vitest'
import { PrometheusMetrics } from '../base/prometheus.ts'
import { PluginTiming } from './plugin-timing.ts'

/** Time passes only where a test says so. */
function setUp() {
  let nowMs = 0
  const metrics = new PrometheusMetrics()
  const timing = new PluginTiming(metrics, { monotonicMs: () => nowMs })
  const take =
    <T>(ms: number, result: T) =>
    (): T => {
      nowMs += ms
      return result
    }
  const lines = (name: string): readonly string[] =>
    metrics
      .expose()
      .split('\n')
      .filter((line) => line.startsWith(`scheduler_${name}`) && /_(sum|count)\{/.test(line))
  return { timing, take, lines, expose: () => metrics.expose() }
}

describe('PluginTiming', () => {
  test('measures each point in every cycle, and plugins in every tenth', () => {
    const { timing, take, lines } = setUp()
    for (let cycle = 0; cycle < 20; cycle++) {
      const timer = timing.nextCycle('default-scheduler')
      const ask = timer.around('NodeName', 'Filter', take(4_000, false), (admits) =>
        admits ? 'Success' : 'Unschedulable',
      )
      expect(timer.point('Filter', ask)).toBe(false)
    }
    expect(lines('framework_extension_point')).toEqual([
      'scheduler_framework_extension_point_duration_seconds_sum{extension_point="Filter",status="Success",profile="default-scheduler"} 80',
      'scheduler_framework_extension_point_duration_seconds_count{extension_point="Filter",status="Success",profile="default-scheduler"} 20',
    ])
    expect(lines('plugin_execution')).toEqual([
      'scheduler_plugin_execution_duration_seconds_sum{plugin="NodeName",extension_point="Filter",status="Unschedulable"} 8',
      'scheduler_plugin_execution_duration_seconds_count{plugin="NodeName",extension_point="Filter",status="Unschedulable"} 2',
    ])
  })

  test('tells of what throws, and lets it through', async () => {
    const { timing, lines } = setUp()
    const timer = timing.nextCycle('default-scheduler')
    const fail = (): never => {
      throw new Error('no')
    }
    expect(() => timer.point('Reserve', fail)).toThrow('no')
    await expect(timer.pointAsync('Bind', async () => fail())).rejects.toThrow('no')
    expect(lines('framework_extension_point').filter((line) => line.includes('_count'))).toEqual([
      'scheduler_framework_extension_point_duration_seconds_count{extension_point="Reserve",status="Error",profile="default-scheduler"} 1',
      'scheduler_framework_extension_point_duration_seconds_count{extension_point="Bind",status="Error",profile="default-scheduler"} 1',
    ])
  })

  test('counts how often plugins are asked, in every cycle', () => {
    const { timing, expose } = setUp()
    for (let cycle = 0; cycle < 3; cycle++)
      timing.nextCycle('default-scheduler').evaluations('NodeName', 'Filter').count += 2
    const line =
      'scheduler_plugin_evaluation_total{plugin="NodeName",extension_point="Filter",profile="default-scheduler"}'
    expect(expose()).toContain(`${line} 6\n`)
    timing.nextCycle('default-scheduler').evaluations('NodeName', 'Filter').count++
    expect(expose()).toContain(`${line} 7\n`)
  })

  test('measures one hint of ten', () => {
    const { timing, take, lines } = setUp()
    for (let asked = 0; asked < 11; asked++) timing.hint('NodePorts', 'AssignedPodDelete', take(1, true))
    expect(lines('queueing_hint').at(-1)).toBe(
      'scheduler_queueing_hint_execution_duration_seconds_count{plugin="NodePorts",event="AssignedPodDelete",hint="Queue"} 2',
    )
  })
})
