import { expect } from 'vitest'
import { isStatus } from '../../../src/cluster/index.ts'
import type { ContainerGround } from '../support/container-ground.ts'
import { scriptPod } from '../support/pods.ts'
import type { Behave, Table } from '../support/suite.ts'

const says =
  (expected: string | RegExp, script: string, container: object, pod: object = {}): Behave<ContainerGround> =>
  async (ground) => {
    const parts = {
      container: { securityContext: container },
      spec: { securityContext: pod },
    }
    const said = await ground.output(scriptPod('says', script, parts))
    if (typeof expected === 'string') expect(said).toBe(expected)
    else expect(said).toMatch(expected)
  }

const invalidSysctls: Behave<ContainerGround> = async (ground) => {
  const sysctls = [
    { name: 'foo-', value: 'bar' },
    { name: 'kernel.shmmax', value: '100000000' },
    { name: 'safe-and-unsafe', value: '100000000' },
    { name: 'bar..', value: '42' },
  ]
  const pod = scriptPod('never', 'true', { spec: { securityContext: { sysctls } } })
  const error: unknown = await ground.start(pod).catch((thrown: unknown) => thrown)
  if (!isStatus(error, 'Invalid')) throw error
  const { message } = error.status
  expect(message).toContain('Invalid value: "foo-"')
  expect(message).toContain('Invalid value: "bar.."')
  expect(message).not.toContain('safe-and-unsafe')
  expect(message).not.toContain('kernel.shmmax')
}

const context = (what: string) => `[sig-node] Security Context ${what}`

/** As whom and with what rights processes run. */
export const nodeSecurity: Table<ContainerGround> = {
  [context(
    'When creating a container with runAsUser should run the container with uid 65534 [LinuxOnly] [NodeConformance]',
  )]: says('65534\n', 'id -u', { runAsUser: 65534 }),
  [context(
    'When creating a pod with privileged should run the container as unprivileged when false [LinuxOnly] [NodeConformance]',
  )]: says(/Operation not permitted/, 'ip link add dummy0 type dummy 2>&1 || true', { privileged: false }),
  [context(
    'When creating a pod with readOnlyRootFilesystem should run the container with writable rootfs when readOnlyRootFilesystem=false [NodeConformance]',
  )]: says('yes\n', 'echo yes > /checkfile && cat /checkfile', { readOnlyRootFilesystem: false }),
  [context(
    'when creating containers with AllowPrivilegeEscalation should not allow privilege escalation when false [LinuxOnly] [NodeConformance]',
  )]: says(/^1000\nNoNewPrivs:\s1\n$/, 'id -u; grep NoNewPrivs /proc/self/status', {
    runAsUser: 1000,
    allowPrivilegeEscalation: false,
  }),
  [context(
    'should support pod.Spec.SecurityContext.RunAsUser And pod.Spec.SecurityContext.RunAsGroup [LinuxOnly]',
  )]: says('1001 2002\n', 'echo $(id -u) $(id -g)', {}, { runAsUser: 1001, runAsGroup: 2002 }),
  [context(
    'should support container.SecurityContext.RunAsUser And container.SecurityContext.RunAsGroup [LinuxOnly]',
  )]: says(
    '1001 2002\n',
    'echo $(id -u) $(id -g)',
    { runAsUser: 1001, runAsGroup: 2002 },
    { runAsUser: 1, runAsGroup: 2 },
  ),
  '[sig-node] Kubelet when scheduling a read only busybox container should not write to root filesystem [LinuxOnly] [NodeConformance]':
    says(/Read-only file system/, 'echo no > /file 2>&1 || sh -c "echo no > /file" 2>&1; test ! -e /file', {
      readOnlyRootFilesystem: true,
    }),
  '[sig-node] Sysctls [LinuxOnly] [NodeConformance] should support sysctls [Environment:NotInUserNS]': says(
    'kernel.shm_rmid_forced = 1\n',
    'sysctl kernel.shm_rmid_forced',
    {},
    { sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }] },
  ),
  '[sig-node] Sysctls [LinuxOnly] [NodeConformance] should reject invalid sysctls': invalidSysctls,
}
