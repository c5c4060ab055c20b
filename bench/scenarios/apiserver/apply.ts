import { configMap } from '../../load/objects.ts'
import { type ApiLoad, many } from './part.ts'

/** Server-side apply: objects that are made so, and then changed by their manager. */
export async function apply(load: ApiLoad): Promise<void> {
  const { namespace, options, report, session } = load
  const collection = `/api/v1/namespaces/${namespace}/configmaps`
  const send = async (index: number, more: Readonly<Record<string, string>>): Promise<void> => {
    const name = `applied-${index}`
    await session(index).expect({
      method: 'PATCH',
      path: `${collection}/${name}?fieldManager=bench`,
      body: configMap(namespace, name, more),
      contentType: 'application/apply-patch+yaml',
    })
  }
  const count = options.objects / 2
  const created = await many(load, 'apply new ConfigMaps', count, (index) => send(index, {}))
  report.extra('server-side apply of new ConfigMaps', '/s', created.throughput.perSecond, created.details)
  const changed = await many(load, 'apply changed ConfigMaps', count, (index) =>
    send(index, { more: 'value' }),
  )
  report.extra('server-side apply that changes them', '/s', changed.throughput.perSecond, changed.details)
}
