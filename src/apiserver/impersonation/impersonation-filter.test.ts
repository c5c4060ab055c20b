import { describe, expect, it } from 'vitest'
import { realHost } from '../../base/host/real-host.ts'
import { PrometheusMetrics } from '../../base/prometheus.ts'
import type { Authorizer, AuthorizerAttributes } from '../authorizer.ts'
import { impersonationMetrics } from '../metrics/impersonation-metrics.ts'
import type { UserInfo } from '../request.ts'
import { textResponse } from '../response.ts'
import { fakeRequest } from '../testing/fake-request.ts'
import { impersonationFilter } from './impersonation-filter.ts'

/** `verb resource[.group][/subresource] name`, as rules of the tests name them. */
const nameOf = ({ verb, resource, group, subresource, namespace, name }: AuthorizerAttributes): string => {
  const full = `${resource}${group === '' ? '' : `.${group}`}${subresource === '' ? '' : `/${subresource}`}`
  return [verb, full, namespace === '' ? name : `${namespace}/${name}`].join(' ').trim()
}

const allowing = (...allowed: readonly string[]): Authorizer => ({
  authorize: (attributes) => ({
    decision: allowed.includes(nameOf(attributes)) ? 'allow' : 'no-opinion',
    reason: '',
  }),
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false, evaluationError: '' }),
})

const jane: UserInfo = { name: 'jane', groups: [] }

const impersonate = async (
  headers: Record<string, string | readonly string[]>,
  authorizer: Authorizer,
  user = jane,
): Promise<UserInfo | undefined> => {
  const request = fakeRequest({ headers, user })
  request.info = { ...request.info, isResourceRequest: true, verb: 'list', resource: 'pods', namespace: 'ns' }
  await impersonationFilter({
    host: realHost,
    authorizer,
    metrics: impersonationMetrics(new PrometheusMetrics()),
  })(request, async () => textResponse(''))
  return request.user
}

describe('impersonationFilter()', () => {
  it('leaves requests alone that impersonate nobody', async () => {
    expect(await impersonate({}, allowing())).toBe(jane)
  })

  it('makes another user, with everything that is asked for and allowed', async () => {
    const headers = {
      'impersonate-user': 'joe',
      'impersonate-uid': '7',
      'impersonate-group': ['dev', 'ops'],
      'impersonate-extra-acme.com%2Fscope': ['a', 'b'],
    }
    const all = [
      'impersonate users joe',
      'impersonate uids.authentication.k8s.io 7',
      'impersonate groups dev',
      'impersonate groups ops',
      'impersonate userextras.authentication.k8s.io/acme.com/scope a',
      'impersonate userextras.authentication.k8s.io/acme.com/scope b',
    ]
    expect(await impersonate(headers, allowing(...all))).toEqual({
      name: 'joe',
      uid: '7',
      groups: ['dev', 'ops', 'system:authenticated'],
      extra: { 'acme.com/scope': ['a', 'b'] },
    })
    for (const missing of all) {
      await expect(
        impersonate(headers, allowing(...all.filter((rule) => rule !== missing))),
      ).rejects.toMatchObject({ code: 403 })
    }
  })

  it('gives service accounts their groups, and nobody the wrong state', async () => {
    const account = 'system:serviceaccount:ns:web'
    expect(
      await impersonate({ 'impersonate-user': account }, allowing('impersonate serviceaccounts ns/web')),
    ).toEqual({
      name: account,
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
    })
    expect(
      await impersonate(
        { 'impersonate-user': 'system:anonymous' },
        allowing('impersonate users system:anonymous'),
      ),
    ).toEqual({
      name: 'system:anonymous',
      groups: ['system:unauthenticated'],
    })
  })

  it('allows by the constrained modes what the legacy one does not', async () => {
    const on = (mode: string): string => `impersonate-on:${mode}:list pods ns/`
    const rules = [on('user-info'), 'impersonate:user-info users.authentication.k8s.io joe']
    expect((await impersonate({ 'impersonate-user': 'joe' }, allowing(...rules)))?.name).toBe('joe')
    const node = [on('arbitrary-node'), 'impersonate:arbitrary-node nodes.authentication.k8s.io n1']
    expect(await impersonate({ 'impersonate-user': 'system:node:n1' }, allowing(...node))).toEqual({
      name: 'system:node:n1',
      groups: ['system:nodes', 'system:authenticated'],
    })
  })

  it('lets an agent be the node that it runs on, whichever that is', async () => {
    const agent: UserInfo = {
      name: 'system:serviceaccount:kube-system:agent',
      groups: [],
      extra: { 'authentication.kubernetes.io/node-name': ['n1'] },
    }
    const rules = allowing(
      'impersonate-on:associated-node:list pods ns/',
      'impersonate:associated-node nodes.authentication.k8s.io *',
    )
    expect((await impersonate({ 'impersonate-user': 'system:node:n1' }, rules, agent))?.name).toBe(
      'system:node:n1',
    )
    await expect(impersonate({ 'impersonate-user': 'system:node:n2' }, rules, agent)).rejects.toMatchObject({
      code: 403,
    })
  })

  it('never makes a master by the constrained modes', async () => {
    const headers = { 'impersonate-user': 'joe', 'impersonate-group': 'system:masters' }
    const rules = [
      'impersonate-on:user-info:list pods ns/',
      'impersonate:user-info users.authentication.k8s.io joe',
      'impersonate:user-info groups.authentication.k8s.io system:masters',
    ]
    await expect(impersonate(headers, allowing(...rules))).rejects.toThrow(
      'impersonating the system:masters group is not allowed',
    )
  })

  it('takes no key of an extra but a domain-prefixed path by the constrained modes', async () => {
    const headers = { 'impersonate-user': 'joe', 'impersonate-extra-scope': 'x' }
    const rules = [
      'impersonate-on:user-info:list pods ns/',
      'impersonate:user-info users.authentication.k8s.io joe',
    ]
    await expect(impersonate(headers, allowing(...rules))).rejects.toThrow(
      /^userextras\.authentication\.k8s\.io is forbidden: User "jane" cannot impersonate:user-info resource "userextras" .*: impersonating an invalid key in extra is not allowed: extra\.key: Invalid value: "scope": must be a domain-prefixed path \(such as "acme\.io\/foo"\)$/,
    )
  })

  it('refuses headers that name no user', async () => {
    await expect(impersonate({ 'impersonate-group': 'dev' }, allowing())).rejects.toThrow(
      'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"dev"}, Extra:map[string][]string(nil)} without impersonating a user name',
    )
  })

  it('says what was refused first', async () => {
    await expect(impersonate({ 'impersonate-user': 'joe' }, allowing())).rejects.toThrow(
      'pods is forbidden: User "jane" cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "ns"',
    )
  })
})
