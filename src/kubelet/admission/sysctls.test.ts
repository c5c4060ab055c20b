import { expect, test } from 'vitest'
import type { core } from '../../api/generated/types/index.ts'
import { normalizeSysctl, SysctlRules } from './sysctls.ts'

const podWith = (name: string, spec: Partial<core.v1.PodSpec> = {}): core.v1.Pod => ({
  spec: { containers: [], securityContext: { sysctls: [{ name, value: '1' }] }, ...spec },
})
const rules = new SysctlRules('6.1.0', ['kernel.msg*', 'net.core.somaxconn'])
const why = (pod: core.v1.Pod): string | undefined => rules.admit(pod)?.message

test.each([
  ['kernel.shm_rmid_forced', undefined],
  ['net/ipv4/tcp_syncookies', undefined],
  ['kernel.msgmax', undefined],
  ['net.core.somaxconn', undefined],
  ['net.ipv4.tcp_wmem', undefined],
  ['vm.swappiness', 'forbidden sysctl: "vm.swappiness" not allowlisted'],
  ['kernel.sem', 'forbidden sysctl: "kernel.sem" not allowlisted'],
])('SysctlRules.admit() (%s) says %s', (name, message) => {
  expect(why(podWith(name))).toBe(message)
})

test('SysctlRules.admit() refuses what a pod shares with its node', () => {
  expect(rules.admit(podWith('net.core.somaxconn', { hostNetwork: true }))).toEqual({
    reason: 'SysctlForbidden',
    message: 'forbidden sysctl: "net.core.somaxconn" not allowed with host Net enabled',
  })
  expect(why(podWith('kernel.msgmax', { hostIPC: true }))).toContain('with host IPC enabled')
})

test('SysctlRules knows since which kernel a parameter is a pod\u2019s own', () => {
  const old = new SysctlRules('4.4.0-generic', [])
  expect(old.admit(podWith('net.ipv4.tcp_keepalive_time'))?.reason).toBe('SysctlForbidden')
  expect(old.admit(podWith('net.ipv4.ip_local_reserved_ports'))).toBeUndefined()
})

test.each([
  ['vm.swappiness', 'the sysctls "vm.swappiness" are not known to be namespaced'],
  ['net.*.x', 'sysctl "net.*.x" must have at most 253 characters and match regex'],
])('SysctlRules refuses to allow %s', (name, message) => {
  expect(() => new SysctlRules('6.1.0', [name])).toThrow(message)
})

test.each([
  ['net/ipv4/conf/eno2.100/rp_filter', 'net.ipv4.conf.eno2/100.rp_filter'],
  ['net.ipv4.conf.eno2/100.rp_filter', 'net.ipv4.conf.eno2/100.rp_filter'],
])('normalizeSysctl() takes %s', (name, normal) => {
  expect(normalizeSysctl(name)).toBe(normal)
})
