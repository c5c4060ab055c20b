import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Ground } from './ground.ts'
import type { Attempt } from './send.ts'

/** What an adversary tries, with upstream's code of the refusal, and a part of its words. */
export interface Row {
  readonly what: string
  readonly attempt: Attempt | ((ground: Ground) => Attempt | Promise<Attempt>)
  readonly code: number
  readonly says?: string | RegExp
}

/** What an attempt must not change: names of what is there. */
const watched = [
  ...['/api/v1/secrets', '/api/v1/configmaps', '/api/v1/serviceaccounts', '/api/v1/pods', '/api/v1/nodes'],
  ...['/api/v1/namespaces', '/apis/rbac.authorization.k8s.io/v1/clusterroles'],
  ...['roles', 'rolebindings', 'clusterrolebindings'].map(
    (kind) => `/apis/rbac.authorization.k8s.io/v1/${kind}`,
  ),
  '/apis/certificates.k8s.io/v1/certificatesigningrequests',
]

async function visible(ground: Ground): Promise<readonly string[]> {
  const lists = await Promise.all(watched.map((path) => ground.api.get(path)))
  return lists.flatMap(({ items }, index) => {
    const objects: readonly { metadata?: { namespace?: string; name?: string; uid?: string } }[] = items ?? []
    return objects.map(
      ({ metadata }) => `${watched[index]} ${metadata?.namespace ?? ''}/${metadata?.name} ${metadata?.uid}`,
    )
  })
}

/** Tries every row on one cluster, prepared first; afterwards nothing may have come or gone. */
export function attempts(
  title: string,
  prepare: (ground: Ground) => Promise<void>,
  rows: readonly Row[],
): void {
  describe(title, () => {
    let ground: Ground
    let before: readonly string[]

    beforeAll(async () => {
      ground = await Ground.start()
      await prepare(ground)
      before = await visible(ground)
    })
    afterAll(() => ground?.stop())

    test.each(rows.map((row) => [row.what, row] as const))('%s', async (_what, { attempt, code, says }) => {
      const answer = await ground.send(typeof attempt === 'function' ? await attempt(ground) : attempt)
      expect(answer.status, answer.text).toBe(code)
      if (typeof says === 'string') expect(answer.text).toContain(says)
      else if (says !== undefined) expect(answer.text).toMatch(says)
    })

    test('nothing has come or gone', async () => {
      expect(await visible(ground)).toEqual(before)
    })
  })
}
