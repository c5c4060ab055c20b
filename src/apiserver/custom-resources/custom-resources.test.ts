import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import {
  type CustomServer,
  definitionsPath,
  noxu,
  noxuDefinition,
  noxusPath,
  parsed,
  startCustomServer,
} from './testing/custom-server.ts'

const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

let server: CustomServer

beforeEach(async () => {
  server = await startCustomServer()
})

afterEach(() => server.stop())

describe('CustomResources', () => {
  it('serves what a definition defines', async () => {
    await server.define(noxuDefinition(open))
    const created = await server.call('POST', noxusPath, noxu('a', { spec: { num: 1 } }))
    expect(created.status).toBe(201)
    expect(parsed(created)).toMatchObject({
      kind: 'WishIHadChosenNoxu',
      metadata: { generation: 1 },
      spec: { num: 1 },
    })
    expect(await server.get(`${noxusPath}/a`)).toEqual(parsed(created))
    expect(await server.get(noxusPath)).toMatchObject({
      kind: 'NoxuItemList',
      apiVersion: 'mygroup.example.com/v1',
      items: [{ kind: 'WishIHadChosenNoxu', apiVersion: 'mygroup.example.com/v1', metadata: { name: 'a' } }],
    })
  })

  it('writes where upstream writes', async () => {
    await server.define(noxuDefinition(open))
    await server.call('POST', noxusPath, noxu('a'))
    const { entries } = await server.storage.range('/registry/mygroup.example.com/', {})
    expect(entries.map(({ key }) => key)).toEqual(['/registry/mygroup.example.com/noxus/default/a'])
  })

  it('watches, updates and deletes', async () => {
    await server.define(noxuDefinition(open))
    const watch = await server.watch(`${noxusPath}?watch=true`)
    await server.call('POST', noxusPath, noxu('a'))
    const { metadata } = await server.get(`${noxusPath}/a`)
    await server.call('PUT', `${noxusPath}/a`, { ...noxu('a', { spec: { num: 2 } }), metadata })
    await server.call('DELETE', `${noxusPath}/a`)
    const events = await watch.until(3)
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
    expect(events[1]?.object).toMatchObject({ metadata: { generation: 2 }, spec: { num: 2 } })
    watch.stop()
  })

  it('serves nothing before and after', async () => {
    expect((await server.call('GET', noxusPath)).status).toBe(404)
    await server.define(noxuDefinition(open))
    expect((await server.call('GET', '/apis/mygroup.example.com/v2/noxus')).status).toBe(404)
    expect((await server.call('GET', '/apis/mygroup.example.com/v1/noxus')).status).toBe(200)
    const { entries } = await server.storage.range('/registry/apiextensions.k8s.io/', {})
    expect(entries).toHaveLength(1)
  })

  it('removes all instances with their definition', async () => {
    await server.define(noxuDefinition(open))
    await server.call('POST', noxusPath, noxu('a'))
    const watch = await server.watch(`${definitionsPath}?watch=true`)
    expect((await server.call('DELETE', `${definitionsPath}/noxus.mygroup.example.com`)).status).toBe(200)
    const events = await watch.until(4)
    watch.stop()
    expect(events.at(-1)?.type).toBe('DELETED')
    const { entries } = await server.storage.range('/registry/mygroup.example.com/', {})
    expect(entries).toEqual([])
    expect((await server.call('GET', noxusPath)).status).toBe(404)
  })

  it('finds what was stored before it was started', async () => {
    await server.define(noxuDefinition(open))
    await server.call('POST', noxusPath, noxu('a', { spec: { num: 1 } }))
    const again = await startCustomServer({ storage: server.storage })
    expect(await again.get(`${noxusPath}/a`)).toMatchObject({ spec: { num: 1 } })
  })

  it('grants names that several want to one of them, and to another when they are given up', async () => {
    const rival = (plural: string): object => {
      const names = { plural, kind: 'Rival', shortNames: ['rv'] }
      const base = noxuDefinition(open, {}, { names }) as { metadata: object }
      return { ...base, metadata: { name: `${plural}.mygroup.example.com` } }
    }
    const plurals = Array.from({ length: 10 }, (_, index) => `rivals${index}`)
    await Promise.all(plurals.map((plural) => server.call('POST', definitionsPath, rival(plural))))
    const accepted = async (): Promise<readonly (string | undefined)[]> => {
      const { items } = (await server.get(definitionsPath)) as {
        items: readonly {
          spec: { names: { plural: string } }
          status?: { conditions?: readonly { type: string; status: string }[] }
        }[]
      }
      const judged = items.filter(({ status }) => status?.conditions !== undefined)
      return judged.map(({ spec, status }) =>
        status?.conditions?.some((each) => each.type === 'NamesAccepted' && each.status === 'True')
          ? spec.names.plural
          : undefined,
      )
    }
    const winnersOf = async (count: number): Promise<readonly string[]> => {
      for (;;) {
        const all = await accepted()
        const winners = all.flatMap((plural) => plural ?? [])
        if (all.length === count && winners.length > 0) return winners
        await realHost.nextTurn()
      }
    }
    const [first = '', ...others] = await winnersOf(10)
    expect(others).toEqual([])
    await server.call('DELETE', `${definitionsPath}/${first}.mygroup.example.com`)
    expect(await winnersOf(9)).toHaveLength(1)
  })
})
