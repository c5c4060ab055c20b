import type { SampleFamily } from '../../base/exposition.ts'
import type { NodeSnapshot } from './snapshot.ts'

const identityLabels = ['boot_id', 'machine_id', 'system_uuid']

/** What a machine has, under cAdvisor's names. */
export function machineMetrics({ info, timeMs }: NodeSnapshot): readonly SampleFamily[] {
  const identity = [info.bootId, info.machineId, info.systemUuid]
  const gauge = (name: string, help: string, value: number): SampleFamily => ({
    ...{ name, help, type: 'gauge', labels: identityLabels },
    samples: [{ labels: identity, value, timeMs }],
  })
  return [
    gauge('machine_cpu_cores', 'Number of logical CPU cores.', info.cpuCount),
    gauge('machine_memory_bytes', 'Amount of memory installed on the machine.', info.memoryBytes),
    gauge('machine_swap_bytes', 'Amount of swap memory available on the machine.', info.swapBytes),
    {
      name: 'cadvisor_version_info',
      help: "A metric with a constant '1' value labeled by kernel version, OS version, docker version, cadvisor version & cadvisor revision.",
      type: 'gauge',
      labels: ['cadvisorRevision', 'cadvisorVersion', 'dockerVersion', 'kernelVersion', 'osVersion'],
      samples: [{ labels: ['', '', '', info.kernelVersion, info.osImage], value: 1 }],
    },
  ]
}
