import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Json } from './support/api.ts'
import { define, definitionOf, definitions, instance, instances, version } from './support/definitions.ts'
import { podSpec } from './support/samples.ts'
import { type Behave, behaviours, type Ground } from './support/suite.ts'
import { allow, deny, type Hook, patchOf, WebhookServer } from './support/webhook-server.ts'

const server = new WebhookServer()
beforeAll(() => server.start())
afterAll(() => server.stop())

type Kind = 'mutating' | 'validating'

const root = '/apis/admissionregistration.k8s.io/v1'
const configurations = (kind: Kind): string => `${root}/${kind}webhookconfigurations`
const maps = ({ namespace }: Ground): string => `/api/v1/namespaces/${namespace}/configmaps`
const pods = ({ namespace }: Ground): string => `/api/v1/namespaces/${namespace}/pods`

const ruleOf = (resource: string, more: object = {}): object => ({
  operations: ['CREATE', 'UPDATE'],
  apiGroups: ['*'],
  apiVersions: ['*'],
  resources: [resource],
  ...more,
})

/** A webhook that is asked about one namespace only: rows share a cluster. */
const webhook = ({ namespace }: Ground, name: string, hook: Hook, more: object = {}): object => ({
  name: `${name}.example.com`,
  clientConfig: server.serve(`/${namespace}/${name}`, hook),
  rules: [ruleOf('configmaps')],
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  ...more,
})

/** Registers webhooks for as long as `work` takes. */
async function registered(
  ground: Ground,
  kind: Kind,
  webhooks: readonly object[],
  work: (path: string) => Promise<void>,
): Promise<void> {
  const name = `${ground.namespace}-${kind}`
  await ground.api.create(configurations(kind), { metadata: { name }, webhooks })
  const path = `${configurations(kind)}/${name}`
  try {
    await work(path)
  } finally {
    await ground.api.delete(path)
  }
}

const map = (name: string, data: Readonly<Record<string, string>> = {}): object => ({
  metadata: { name },
  data,
})

const dataOf = ({ object }: { readonly object: Readonly<Record<string, unknown>> | null }) =>
  (object?.['data'] ?? {}) as Readonly<Record<string, string>>

const noUnwanted: Hook = (review) =>
  dataOf(review)['webhook-e2e-test'] === 'webhook-disallow'
    ? deny('the configmap contains unwanted key and value')
    : allow

const denied = (name: string, why: string): object => ({
  message: `admission webhook "${name}.example.com" denied the request: ${why}`,
})

const unwanted = { 'webhook-e2e-test': 'webhook-disallow' }

/** Adds a key once another is there. */
const stage =
  (present: string, added: string): Hook =>
  (review) =>
    dataOf(review)[present] === 'yes' ? patchOf({ op: 'add', path: `/data/${added}`, value: 'yes' }) : allow

const stages = (ground: Ground, more: object = {}): readonly object[] => [
  webhook(ground, 'one', stage('mutation-start', 'mutation-stage-1'), more),
  webhook(ground, 'two', stage('mutation-stage-1', 'mutation-stage-2'), more),
]

const listed =
  (kind: Kind, hook: Hook): Behave =>
  async (ground) => {
    const { api, namespace } = ground
    const labels = { 'e2e-list': namespace }
    for (const index of [0, 1, 2])
      await api.create(configurations(kind), {
        metadata: { name: `${namespace}-${index}`, labels },
        webhooks: [webhook(ground, `w${index}`, hook)],
      })
    const labelSelector = `e2e-list=${namespace}`
    expect(await api.list(configurations(kind), { labelSelector })).toHaveLength(3)
    const sent = map('listed', unwanted)
    if (kind === 'validating')
      await expect(api.create(maps(ground), sent)).rejects.toThrow('denied the request')
    else expect((await api.create(maps(ground), sent))['data']).toMatchObject({ added: 'yes' })
    await api.delete(configurations(kind), { labelSelector })
    expect((await api.create(maps(ground), map('free', unwanted)))['data']).toEqual(unwanted)
  }

const add: Hook = () => patchOf({ op: 'add', path: '/data/added', value: 'yes' })

/** Updates a configuration away from creations, and patches it back to them. */
const changed =
  (kind: Kind, hook: Hook, isActive: (ground: Ground, name: string) => Promise<boolean>): Behave =>
  (ground) =>
    registered(ground, kind, [webhook(ground, 'changing', hook)], async (path) => {
      const { api } = ground
      expect(await isActive(ground, 'before')).toBe(true)
      const rule = (operations: readonly string[]) => [ruleOf('configmaps', { operations })]
      const live = (await api.get(path)) as Json & { readonly webhooks: readonly object[] }
      await api.update(path, {
        ...live,
        webhooks: live.webhooks.map((each) => ({ ...each, rules: rule(['UPDATE']) })),
      })
      expect(await isActive(ground, 'between')).toBe(false)
      const operations = [{ op: 'replace', path: '/webhooks/0/rules', value: rule(['CREATE']) }]
      await api.patch(path, operations, 'application/json-patch+json')
      expect(await isActive(ground, 'after')).toBe(true)
    })

const isDenied = async (ground: Ground, name: string): Promise<boolean> => {
  const answer = await ground.send(maps(ground), {
    method: 'POST',
    body: JSON.stringify(map(name, unwanted)),
  })
  return answer.status === 400
}

const isMutated = async (ground: Ground, name: string): Promise<boolean> =>
  'added' in ((await ground.api.create(maps(ground), map(name, unwanted)))['data'] as object)

const conditioned =
  (kind: Kind): Behave =>
  (ground) => {
    const matchConditions = [
      { name: 'expression-1', expression: "object.metadata.namespace == 'production'" },
      { name: 'expression-2', expression: 'has(object.data)' },
    ]
    return registered(
      ground,
      kind,
      [webhook(ground, 'conditions', add, { matchConditions })],
      async (path) => {
        const live = (await ground.api.get(path)) as Json & { readonly webhooks: readonly object[] }
        expect(live.webhooks[0]).toMatchObject({ matchConditions })
        const other = [{ name: 'expression-2', expression: "request.userInfo.username != 'x'" }]
        const webhooks = live.webhooks.map((each) => ({ ...each, matchConditions: other }))
        expect(await ground.api.update(path, { ...live, webhooks })).toMatchObject({
          webhooks: [{ matchConditions: other }],
        })
      },
    )
  }

const badlyConditioned =
  (kind: Kind): Behave =>
  async (ground) => {
    const matchConditions = [{ name: 'invalid-expression-1', expression: '... [] bad expression' }]
    const webhooks = [webhook(ground, 'bad', add, { matchConditions })]
    await expect(
      ground.api.create(configurations(kind), { metadata: { name: 'bad' }, webhooks }),
    ).rejects.toThrow('compilation failed')
  }

const slow: Hook = async () => {
  await sleep(2_000)
  return allow
}

const timeouts: Behave = async (ground) => {
  const attempt = (name: string, more: object): Promise<void> =>
    registered(ground, 'validating', [webhook(ground, 'slow', slow, more)], async () => {
      await ground.api.create(maps(ground), map(name))
    })
  await expect(attempt('early', { timeoutSeconds: 1 })).rejects.toThrow('context deadline exceeded')
  await attempt('ignored', { timeoutSeconds: 1, failurePolicy: 'Ignore' })
  await attempt('patient', { timeoutSeconds: 10 })
}

const customs = (plural: string): object => ({ rules: [ruleOf(plural, { operations: ['*'] })] })

const customJudged: Behave = async (ground) => {
  const { api } = ground
  const defined = await define(ground)
  const path = instances(defined, ground)
  const judge: Hook = ({ operation, object, oldObject }) => {
    const { data } = (operation === 'DELETE' ? oldObject : object) as {
      readonly data?: Record<string, string>
    }
    return data?.['webhook-e2e-test'] === 'webhook-disallow' ? deny('the custom resource is unwanted') : allow
  }
  await registered(
    ground,
    'validating',
    [webhook(ground, 'judge', judge, customs(defined.plural))],
    async () => {
      const bad = instance(defined, 'bad', { data: unwanted })
      await expect(api.create(path, bad)).rejects.toMatchObject(
        denied('judge', 'the custom resource is unwanted'),
      )
      await api.create(path, instance(defined, 'good', { data: { a: 'b' } }))
      await expect(api.patch(`${path}/good`, { data: unwanted })).rejects.toThrow('denied the request')
      await api.delete(`${path}/good`)
    },
  )
  await api.create(path, instance(defined, 'bad', { data: unwanted }))
  await registered(ground, 'validating', [webhook(ground, 'judge', judge, customs(defined.plural))], () =>
    expect(api.delete(`${path}/bad`)).rejects.toMatchObject(
      denied('judge', 'the custom resource is unwanted'),
    ),
  )
}

const mutatedCustoms =
  (schema: object | undefined, data: object): Behave =>
  async (ground) => {
    const defined = await define(ground, schema === undefined ? {} : { schema })
    await registered(ground, 'mutating', stages(ground, customs(defined.plural)), async () => {
      const sent = instance(defined, 'mutated', { data: { 'mutation-start': 'yes' } })
      expect((await ground.api.create(instances(defined, ground), sent))['data']).toEqual(data)
    })
  }

const text = { type: 'string' }
const pruning = {
  type: 'object',
  properties: { data: { type: 'object', properties: { 'mutation-start': text, 'mutation-stage-1': text } } },
}

const otherStorage: Behave = async (ground) => {
  const { api } = ground
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  const versions = (stored: string) =>
    ['v1', 'v2'].map((name) => version(name, open, { storage: name === stored }))
  const defined = await define(ground, { versions: versions('v1') })
  await registered(ground, 'mutating', stages(ground, customs(defined.plural)), async () => {
    const path = `${instances(defined, ground)}/c`
    await api.create(
      instances(defined, ground),
      instance(defined, 'c', { data: { 'mutation-start': 'yes' } }),
    )
    await api.patch(`${definitions}/${defined.name}`, { spec: { versions: versions('v2') } })
    const patched = await api.patch(path, { data: { dummy: 'test' } })
    expect(patched['data']).toMatchObject({ dummy: 'test', 'mutation-stage-2': 'yes' })
  })
}

const noDefinitions: Behave = async (ground) => {
  const name = definitionOf(ground, {})
  const objectSelector = { matchLabels: { 'webhook-e2e': ground.namespace } }
  const more = { rules: [ruleOf('customresourcedefinitions')], namespaceSelector: {}, objectSelector }
  const hook: Hook = () => deny('the crd contains unwanted label')
  await registered(ground, 'validating', [webhook(ground, 'definitions', hook, more)], async () => {
    const labelled = { ...name.object, metadata: { name: name.name, labels: objectSelector.matchLabels } }
    await expect(ground.api.create(definitions, labelled)).rejects.toMatchObject(
      denied('definitions', 'the crd contains unwanted label'),
    )
  })
}

const noConfigurations: Behave = async (ground) => {
  const rules = [ruleOf('*', { operations: ['*'], apiGroups: ['admissionregistration.k8s.io'] })]
  const more = { rules, namespaceSelector: {} }
  const hooks = (hook: Hook) => [webhook(ground, 'configurations', hook, more)]
  const label: Hook = () => patchOf({ op: 'add', path: '/metadata/labels', value: { added: 'yes' } })
  await registered(
    ground,
    'validating',
    hooks(() => deny('never')),
    () =>
      registered(ground, 'mutating', hooks(label), async () => {
        for (const kind of ['validating', 'mutating'] as const) {
          const metadata = { name: `${ground.namespace}-free` }
          const made = await ground.api.create(configurations(kind), { metadata, webhooks: [] })
          expect(made.metadata?.labels).toBeUndefined()
          await ground.api.delete(`${configurations(kind)}/${metadata.name}`)
        }
      }),
  )
}

const discovered: Behave = async ({ api }) => {
  const { groups } = (await api.get('/apis')) as Json & {
    readonly groups: readonly { readonly name: string }[]
  }
  expect(groups.map(({ name }) => name)).toContain('admissionregistration.k8s.io')
  expect(await api.get('/apis/admissionregistration.k8s.io')).toMatchObject({
    versions: expect.arrayContaining([{ groupVersion: 'admissionregistration.k8s.io/v1', version: 'v1' }]),
  })
  const { resources } = (await api.get(root)) as Json & {
    readonly resources: readonly { readonly name: string }[]
  }
  expect(resources.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']),
  )
}

const noAttach: Behave = async (ground) => {
  await ground.api.create(pods(ground), { metadata: { name: 'to-be-attached-pod' }, spec: podSpec })
  const more = { rules: [ruleOf('pods/attach', { operations: ['CONNECT'] })] }
  const hook: Hook = ({ name, kind }) =>
    deny(`attaching to pod '${name}' is not allowed${kind.kind === 'PodAttachOptions' ? '' : ' by accident'}`)
  await registered(ground, 'validating', [webhook(ground, 'attach', hook, more)], async () => {
    const answer = await ground.send(`${pods(ground)}/to-be-attached-pod/attach?stdin=true`, {
      method: 'POST',
    })
    expect(JSON.parse(answer.text)).toMatchObject(
      denied('attach', "attaching to pod 'to-be-attached-pod' is not allowed"),
    )
  })
}

const nothingUnwanted: Behave = async (ground) => {
  const { api } = ground
  const badPod: Hook = ({ name }) => (name === 'disallowed-pod' ? deny('the pod is unwanted') : allow)
  const webhooks = [
    webhook(ground, 'pods', badPod, { rules: [ruleOf('pods')] }),
    webhook(ground, 'maps', noUnwanted),
  ]
  await registered(ground, 'validating', webhooks, async () => {
    await expect(
      api.create(pods(ground), { metadata: { name: 'disallowed-pod' }, spec: podSpec }),
    ).rejects.toMatchObject(denied('pods', 'the pod is unwanted'))
    const why = denied('maps', 'the configmap contains unwanted key and value')
    await expect(api.create(maps(ground), map('bad', unwanted))).rejects.toMatchObject(why)
    await api.create(maps(ground), map('good', { a: 'b' }))
    const good = `${maps(ground)}/good`
    await expect(api.update(good, map('good', unwanted))).rejects.toMatchObject(why)
    await expect(api.patch(good, { data: unwanted })).rejects.toMatchObject(why)
    await api.create('/api/v1/namespaces/default/configmaps', map('elsewhere', unwanted))
  })
}

const defaultedPod: Behave = (ground) => {
  const added = { name: 'webhook-added-init-container', image: 'webhook-added-image' }
  const hook: Hook = () => patchOf({ op: 'add', path: '/spec/initContainers', value: [added] })
  const webhooks = [webhook(ground, 'pods', hook, { rules: [ruleOf('pods', { operations: ['CREATE'] })] })]
  return registered(ground, 'mutating', webhooks, async () => {
    const { spec } = await ground.api.create(pods(ground), { metadata: { name: 'mutated' }, spec: podSpec })
    expect(spec?.['initContainers']).toMatchObject([{ ...added, terminationMessagePolicy: 'File' }])
  })
}

const failsClosed: Behave = (ground) => {
  // Nobody trusts a server whose authority is not named.
  const { url } = server.serve(`/${ground.namespace}/closed`, () => allow)
  const webhooks = [webhook(ground, 'closed', () => allow, { clientConfig: { url } })]
  return registered(ground, 'validating', webhooks, () =>
    expect(ground.api.create(maps(ground), map('foo'))).rejects.toMatchObject({ reason: 'InternalError' }),
  )
}

const allButOne: Behave = (ground) => {
  const matchConditions = [{ name: 'skip-me', expression: "object.metadata.name != 'skip-me'" }]
  return registered(ground, 'mutating', [webhook(ground, 'most', add, { matchConditions })], async () => {
    expect(await isMutated(ground, 'changed')).toBe(true)
    expect(await isMutated(ground, 'skip-me')).toBe(false)
  })
}

const inStages: Behave = (ground) =>
  registered(ground, 'mutating', stages(ground), async () => {
    const { data } = (await ground.api.create(
      maps(ground),
      map('m', { 'mutation-start': 'yes' }),
    )) as Json & {
      readonly data: object
    }
    expect(data).toEqual({ 'mutation-start': 'yes', 'mutation-stage-1': 'yes', 'mutation-stage-2': 'yes' })
  })

const of = '[sig-api-machinery] AdmissionWebhook [Privileged:ClusterAdmin]'

behaviours('admission webhooks', {
  [`${of} listing mutating webhooks should work`]: listed('mutating', add),
  [`${of} listing validating webhooks should work`]: listed('validating', noUnwanted),
  [`${of} patching/updating a mutating webhook should work`]: changed('mutating', add, isMutated),
  [`${of} patching/updating a validating webhook should work`]: changed('validating', noUnwanted, isDenied),
  [`${of} should be able to create and update mutating webhook configurations with match conditions`]:
    conditioned('mutating'),
  [`${of} should be able to create and update validating webhook configurations with match conditions`]:
    conditioned('validating'),
  [`${of} should be able to deny attaching pod`]: noAttach,
  [`${of} should be able to deny custom resource creation, update and deletion`]: customJudged,
  [`${of} should be able to deny pod and configmap creation`]: nothingUnwanted,
  [`${of} should deny crd creation`]: noDefinitions,
  [`${of} should honor timeout`]: timeouts,
  [`${of} should include webhook resources in discovery documents`]: discovered,
  [`${of} should mutate configmap`]: inStages,
  [`${of} should mutate custom resource`]: mutatedCustoms(undefined, {
    'mutation-start': 'yes',
    'mutation-stage-1': 'yes',
    'mutation-stage-2': 'yes',
  }),
  [`${of} should mutate custom resource with different stored version`]: otherStorage,
  [`${of} should mutate custom resource with pruning`]: mutatedCustoms(pruning, {
    'mutation-start': 'yes',
    'mutation-stage-1': 'yes',
  }),
  [`${of} should mutate everything except 'skip-me' configmaps`]: allButOne,
  [`${of} should mutate pod and apply defaults after mutation`]: defaultedPod,
  [`${of} should not be able to mutate or prevent deletion of webhook configuration objects`]:
    noConfigurations,
  [`${of} should reject mutating webhook configurations with invalid match conditions`]:
    badlyConditioned('mutating'),
  [`${of} should reject validating webhook configurations with invalid match conditions`]:
    badlyConditioned('validating'),
  [`${of} should unconditionally reject operations on fail closed webhook`]: failsClosed,
})
