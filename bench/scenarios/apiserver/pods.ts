import { performance } from 'node:perf_hooks'
import { median } from '../../load/keep-in-flight.ts'
import { largePod } from '../../load/objects.ts'
import type { Details } from '../../report.ts'
import { measure } from '../../server/measure.ts'
import { type ApiLoad, many } from './part.ts'

const rounds = 5

interface Listing {
  readonly medianMs: number
  readonly details: Details
}

async function list(load: ApiLoad, name: string, query: string, accept: string): Promise<Listing> {
  const { server, namespace, options, session } = load
  const tookMs: number[] = []
  let bytes = 0
  const measured = await measure(server, name, options, async () => {
    for (let round = 0; round < rounds; round++) {
      const startMs = performance.now()
      const path = `/api/v1/namespaces/${namespace}/pods${query}`
      const { body } = await session(0).expect({ path, accept })
      tookMs.push(performance.now() - startMs)
      bytes = body.length
    }
  })
  return {
    medianMs: median(tookMs),
    details: {
      minMs: Math.min(...tookMs),
      megabytes: bytes / 1e6,
      cpuMs: (measured.processorSeconds * 1000) / rounds,
      loopP99Ms: measured.loopP99Ms,
    },
  }
}

const json = 'application/json'
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const protobuf = 'application/vnd.kubernetes.protobuf'

/** Large objects, and lists of all of them. */
export async function pods(load: ApiLoad): Promise<void> {
  const { namespace, options, report, session } = load
  const created = await many(load, 'create pods', options.objects, async (index) => {
    const body = largePod(namespace, index)
    await session(index).expect({ method: 'POST', path: `/api/v1/namespaces/${namespace}/pods`, body })
  })
  report.figure('createPods', created.throughput.perSecond, created.details)
  const all = await list(load, 'list pods', '', json)
  report.figure('listPods', all.medianMs, all.details)
  const cached = await list(load, 'list pods, resourceVersion=0', '?resourceVersion=0', json)
  report.extra('the same at resourceVersion=0', 'ms', cached.medianMs, cached.details, 687)
  const packed = await list(load, 'list pods as protobuf', '?resourceVersion=0', protobuf)
  report.extra('the same as protobuf', 'ms', packed.medianMs, packed.details, 358)
  const rows = await list(load, 'list pods as Table', '', table)
  report.figure('listTable', rows.medianMs, rows.details)
  const some = await list(load, 'list pods by label', '?labelSelector=app%3Dapp-7', json)
  report.figure('listByLabel', some.medianMs, some.details)
}
