import { maxNodeScore, type Plugin, type PluginContext } from '../../framework.ts'

/** How even cpu and memory are used: 100 when both fractions are the same. */
function balance(cpu: number, cpuAllocatable: number, memory: number, memoryAllocatable: number): number {
  if (cpuAllocatable === 0 || memoryAllocatable === 0) return maxNodeScore
  const deviation = Math.abs(Math.min(1, cpu / cpuAllocatable) - Math.min(1, memory / memoryAllocatable)) / 2
  return Math.trunc((1 - deviation) * maxNodeScore)
}

/** Prefers nodes whose use of cpu and memory the pod makes more even; pods that ask for neither do not matter. */
export const nodeResourcesBalancedAllocation = ({ nodes }: PluginContext): Plugin => ({
  name: 'NodeResourcesBalancedAllocation',
  preScore: ({ requests }) => {
    const podCpu = requests.get('cpu') ?? 0
    const podMemory = requests.get('memory') ?? 0
    if (podCpu === 0 && podMemory === 0) return { type: 'skip' }
    return {
      type: 'score',
      score: ({ index }) => {
        const columns = nodes.columns
        const [cpu, cpuAll] = [columns.requestedCpuMilli[index] ?? 0, columns.allocatableCpuMilli[index] ?? 0]
        const [memory, memoryAll] = [
          columns.requestedMemoryBytes[index] ?? 0,
          columns.allocatableMemoryBytes[index] ?? 0,
        ]
        const after = balance(cpu + podCpu, cpuAll, memory + podMemory, memoryAll)
        const before = balance(cpu, cpuAll, memory, memoryAll)
        return maxNodeScore / 2 + Math.trunc((maxNodeScore / 2 + after - before) / 2)
      },
    }
  },
})
