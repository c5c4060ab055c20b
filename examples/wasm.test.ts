import { readFile } from 'node:fs/promises'
import { Cluster, ConfigMap, type core, Pod, RuntimeClass } from 'timonel'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'

test('examples/wasm.yaml: a module runs on a simulated node, with its volume, log and exit code', async () => {
  const text = await readFile(new URL('wasm.yaml', import.meta.url), 'utf8')
  const [runtimeClass, modules, hello] = parseAllDocuments(text).map((document) => document.toJS())
  const cluster = await Cluster.start({ nodes: 1 })
  try {
    const pods = cluster.client.resource(Pod)
    await cluster.client.resource(RuntimeClass).create(runtimeClass)
    await cluster.client.resource(ConfigMap).create(modules)
    await pods.create(hello)
    let pod: core.v1.Pod | undefined
    for await (const events of pods.watch({
      namespace: 'default',
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
    })) {
      pod = events
        .map(({ object }) => object)
        .findLast(({ status }) => /Succeeded|Failed/.test(status?.phase ?? ''))
      if (pod !== undefined) break
    }
    expect(pod?.status?.phase).toBe('Succeeded')
    expect(pod?.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({
      exitCode: 0,
      reason: 'Completed',
    })
    const lines: string[] = []
    await cluster
      .node('node-1')
      .kubelet.api.containerLogs(
        { namespace: 'default', pod: 'hello', container: 'hello' },
        { follow: false, previous: false, timestamps: false },
        (data) => void lines.push(new TextDecoder().decode(data)),
        new AbortController().signal,
      )
    expect(lines.join('').split('\n').filter(Boolean)).toEqual(['hello', 'hello'])
  } finally {
    await cluster.stop()
  }
})
