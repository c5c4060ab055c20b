import { configMap } from '../../load/objects.ts'
import { type ApiLoad, many } from './part.ts'

/** Small objects, one request each. */
export async function configMaps(load: ApiLoad): Promise<void> {
  const { namespace, options, report, session } = load
  const collection = `/api/v1/namespaces/${namespace}/configmaps`
  const created = await many(load, 'create ConfigMaps', options.objects, async (index) => {
    const body = configMap(namespace, `map-${index}`)
    await session(index).expect({ method: 'POST', path: collection, body })
  })
  report.figure('createConfigMaps', created.throughput.perSecond, created.details)
  const got = await many(load, 'get ConfigMaps', options.objects, async (index) => {
    await session(index).expect({ path: `${collection}/map-${index}` })
  })
  report.figure('getConfigMaps', got.throughput.perSecond, got.details)
  const updated = await many(load, 'update ConfigMaps', options.objects / 2, async (index) => {
    const name = `map-${index}`
    const body = configMap(namespace, name, { more: 'value' })
    await session(index).expect({ method: 'PUT', path: `${collection}/${name}`, body })
  })
  report.figure('updateConfigMaps', updated.throughput.perSecond, updated.details)
}
