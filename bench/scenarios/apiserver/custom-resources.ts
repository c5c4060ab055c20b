import { customObject, type DefinitionName, definition } from '../../load/definitions.ts'
import { type Conditioned, hasCondition, waitFor } from '../../load/wait-for.ts'
import { type ApiLoad, many } from './part.ts'

const name: DefinitionName = { group: 'bench.example.com', plural: 'sites', kind: 'Site' }
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** Objects of a definition with 20 CEL rules. */
export async function customResources(load: ApiLoad): Promise<void> {
  const { namespace, options, report, session } = load
  await session(0).expect({ method: 'POST', path: definitions, body: definition(name, true) })
  const one = `${definitions}?fieldSelector=metadata.name%3D${name.plural}.${name.group}`
  await waitFor<Conditioned>(session(0), one, (object) => hasCondition(object, 'Established'))
  const path = `/apis/${name.group}/v1/namespaces/${namespace}/${name.plural}`
  const created = await many(load, 'create custom resources', options.objects / 2, async (index) => {
    const body = customObject(name, namespace, `site-${index}`)
    await session(index).expect({ method: 'POST', path, body })
  })
  report.extra(
    'create custom resources with 20 CEL rules',
    '/s',
    created.throughput.perSecond,
    created.details,
  )
}
